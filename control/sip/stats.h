// SPDX-License-Identifier: BSD-3-Clause
//
// Counters of the SIP endpoint. What happens to a datagram has a name here.
#pragma once

#include <stdint.h>

// clang-format off
#define SIP_STAT_LIST(X)                                                                   \
	X(datagrams,        "datagrams received")                                          \
	X(keepalives,       "datagrams of line ends only")                                 \
	X(requests,         "requests that reached a transaction")                         \
	X(responses,        "responses that reached a transaction")                        \
	X(repeats,          "requests answered again from memory")                         \
	X(sent,             "datagrams sent")                                              \
	X(unsent,           "datagrams that the network did not take")                     \
	X(drop_tiny,        "shorter than any message")                                    \
	X(drop_garbage,     "not SIP, or not answerable")                                  \
	X(drop_response,    "responses to nothing of ours")                                \
	X(drop_ack,         "ACKs that belong to nothing")                                 \
	X(drop_busy,        "refused without a transaction: too many alive")               \
	X(quiet,            "answers not sent: over the rate, or longer than the request") \
	X(forgotten,        "answers not kept for repeats: too many kept already")         \
	X(bad_syntax,       "400: syntax")                                                 \
	X(bad_header,       "400: a mandatory header is missing, doubled or wrong")        \
	X(bad_limits,       "400 or 513: beyond the limits of the guard")                  \
	X(bad_version,      "505")                                                         \
	X(bad_scheme,       "416")                                                         \
	X(bad_method,       "405")                                                         \
	X(bad_extension,    "420")                                                         \
	X(bad_body,         "415, or 400 for its description")                             \
	X(bad_dialog,       "481")                                                         \
	X(bad_forwards,     "483")                                                         \
	X(merged,           "482")                                                         \
	X(glare,            "491 and 500 for crossing offers")                             \
	X(challenges,       "401 without or with stale credentials")                       \
	X(bad_credentials,  "401: credentials that are wrong")                             \
	X(overload,         "503: no room for another call")                               \
	X(calls_in,         "calls to us that reached the call layer")                     \
	X(calls_out,        "calls from us")                                               \
	X(registers,        "REGISTERs accepted")                                          \
	X(acks_lost,        "2xx of ours never acknowledged")                              \
	X(timeouts,         "requests of ours never answered")

struct sip_stats {
#define X(name, help) uint64_t name;
	SIP_STAT_LIST(X)
#undef X
};
// clang-format on
