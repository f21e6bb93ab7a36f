// SPDX-License-Identifier: BSD-3-Clause
//
// Counters of one worker: written by that worker only (stalled: by the main thread), read by
// anyone at any time. Every way in
// which a packet can leave is one of them, with a sentence.
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

// clang-format off
#define WORKER_STAT_LIST(X)                                                                \
	X(turns,            "times round the loop")                                        \
	X(turns_idle,       "times round the loop with nothing to do")                     \
	X(rx_packets,       "packets taken from the port")                                 \
	X(tx_packets,       "packets given to the port")                                   \
	X(tx_refused,       "packets the port had no room for")                            \
	X(tx_no_buffer,     "packets not made because the pool was empty")                 \
	X(tx_no_neighbour,  "packets not sent because the next hop did not answer")        \
	X(tx_no_address,    "packets not sent: our IPv6 address is tentative or a duplicate") \
	X(tx_too_long,      "packets not sent because they are longer than the port's MTU") \
	X(rx_not_ip,        "frames that are neither IP nor ARP")                          \
	X(rx_other_vlan,    "frames with the tag of a VLAN that we are not in")            \
	X(rx_bad_ip,        "IPv4 or IPv6 headers that are broken")                        \
	X(rx_fragments,     "fragments for an address of ours")                            \
	X(rx_extension,     "IPv6 packets for us with extension headers")                  \
	X(rx_not_ours,      "IP packets for an address that is not ours")                  \
	X(rx_not_udp,       "IP packets for us, neither UDP nor an echo request")          \
	X(rx_bad_udp,       "UDP headers that are broken")                                 \
	X(rx_bad_checksum,  "packets whose IPv4, UDP or ICMP checksum is wrong")           \
	X(rx_arp,           "ARP packets")                                                 \
	X(rx_arp_conflict,  "ARP packets from somebody who has an address of ours")        \
	X(rx_nd,            "neighbour discovery for IPv6")                                \
	X(rx_bad_nd,        "neighbour discovery that breaks a rule of RFC 4861")          \
	X(rx_nd_conflict,   "somebody advertises an IPv6 address of ours")                 \
	X(rx_nd_no_router,  "a gateway of ours says that it is no router")                 \
	X(rx_echo,          "echo requests answered")                                      \
	X(announcements,    "addresses of ours announced")                                 \
	X(rx_no_flow,       "packets for a port where no flow is open")                    \
	X(rx_short,         "RTP: shorter than a header")                                  \
	X(rx_bad_version,   "RTP: version is not 2")                                       \
	X(rx_bad_csrc,      "RTP: source list longer than the packet")                     \
	X(rx_bad_extension, "RTP: extension longer than the packet")                       \
	X(rx_bad_padding,   "RTP: padding longer than the payload")                        \
	X(rx_bad_pt,        "RTP: a payload type that was not agreed")                     \
	X(rx_bad_source,    "RTP or RTCP from a source that the source rule refuses")      \
	X(rx_duplicate,     "RTP: a sequence number seen already")                         \
	X(rx_too_old,       "RTP: too late to be put in its place")                        \
	X(rx_comfort_noise, "RTP: comfort noise, not sent on")                             \
	X(rx_no_remote,     "RTP before signalling said where the media goes")             \
	X(rx_rtcp,          "RTCP packets taken")                                          \
	X(rx_bad_rtcp,      "RTCP packets that are broken")                                \
	X(rx_rtcp_foreign,  "RTCP of somebody else than the source that we hear")          \
	X(rx_bad_event,     "RFC 4733 payloads that are broken or no digit")               \
	X(rx_bad_srtp,      "SRTP or SRTCP that the flow's key does not open")             \
	X(rx_srtp_again,    "SRTP or SRTCP seen already, or too late to tell")             \
	X(tx_unsealed,      "packets not sent because they could not be sealed")           \
	X(rx_swallowed,     "RTP from a party whose audio nobody is to hear")              \
	X(relayed,          "packets sent on to the peer")                                 \
	X(relayed_opaque,   "of them, datagrams that are not RTP")                         \
	X(relay_muted,      "RTP packets not sent on: the peer is on hold or not locked")  \
	X(relay_held,       "RTP packets not sent on: digits are being given back")        \
	X(relay_clash,      "RTP packets not sent on: the codecs do not fit any more")     \
	X(relayed_over,     "RTP packets passed to another worker, whose flow relays them")  \
	X(relay_over_kept,  "packets passed by another worker only to be reckoned with")   \
	X(relay_stale,      "RTP packets of another worker that nobody relays any more")   \
	X(kernel_in,        "frames that are not ours, given to the kernel's interface")   \
	X(kernel_out,       "frames that the kernel's interface sends out of the port")    \
	X(kernel_full,      "frames not given to the kernel: more than its share, or it had no room") \
	X(handed_over,      "packets for another worker's address, handed over to it")     \
	X(handed_in,        "packets that other workers have handed over")                 \
	X(handoff_full,     "packets not handed over: the other worker did not take them") \
	X(events_kept,      "RFC 4733 packets not sent on: withheld, or not understood")   \
	X(music_packets,    "RTP packets made from music")                                 \
	X(prompt_packets,   "RTP packets made from prompts")                               \
	X(digit_packets,    "RTP packets made from digits given back")                     \
	X(rtcp_packets,     "RTCP reports made")                                           \
	X(digits_seen,      "digits pressed")                                              \
	X(events_no_room,   "RFC 4733 packets not read: capacity.events is used up")       \
	X(digits_inband,    "... of them as tones")                                           \
	X(inband_silenced,  "RTP packets silenced: a tone in them is withheld")            \
	X(detectors_no_room, "times that tones were not listened for: no detector or no voice is left") \
	X(digits_withheld,  "digits not sent on at once")                                  \
	X(heard,            "RTP packets decoded for somebody who hears them")             \
	X(concealed,        "losses made up for a leg with another codec")                \
	X(rendered,         "RTP packets made by mixing, overlays, gain or another codec") \
	X(recorded,         "RTP packets of recorded flows copied for the recorder")      \
	X(record_full,      "RTP packets not recorded: the recorder did not take them")   \
	X(rx_bad_payload,   "RTP: a payload that its codec does not understand")           \
	X(late_packets,     "packets sent more than 5 ms after their time")                \
	X(skipped_packets,  "packets never sent because the worker stood still too long")  \
	X(streams_refused,  "flows and streams refused because packets were late already") \
	X(commands,         "commands taken")                                              \
	X(refusals,         "commands refused")                                            \
	X(events_lost,      "events dropped because the core was too slow")                \
	X(flows_open,       "flows open now")                                              \
	X(stalled,          "times that it stood still for longer than the watchdog allows")

struct worker_stats {
#define X(name, help) _Atomic uint64_t name;
	WORKER_STAT_LIST(X)
#undef X
} __attribute__((aligned(64)));
// clang-format on

// One writer: a plain add, made visible whole. Never a locked instruction.
static inline void stat_add(_Atomic uint64_t *stat, uint64_t n)
{
	uint64_t now = atomic_load_explicit(stat, memory_order_relaxed);

	atomic_store_explicit(stat, now + n, memory_order_relaxed);
}

static inline uint64_t stat_read(const _Atomic uint64_t *stat)
{
	return atomic_load_explicit(stat, memory_order_relaxed);
}
