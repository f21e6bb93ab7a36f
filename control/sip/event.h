// SPDX-License-Identifier: BSD-3-Clause
//
// What the rest of control hears from the SIP layer: no oSIP type, no header field that nobody
// asked for. An event and everything it points to lives only during the call that delivers it.
#pragma once

#include "control/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sip_dialog;

// clang-format off
//           kind       what happened; [who may get it]
#define SIP_EVENT_LIST(X)                                                                  \
	X(INVITE,    "a new call for us, from an authenticated user or a trusted trunk")   \
	X(CANCELLED, "the caller gave up before our answer; 487 is sent, dialog is gone")  \
	X(ACKED,     "our 2xx to a call was acknowledged; body: the answer to a late offer") \
	X(UNACKED,   "our 2xx was never acknowledged; BYE is sent, dialog is gone")        \
	X(RINGING,   "our call: a provisional answer above 100")                           \
	X(ANSWERED,  "our call: a 2xx; ACK is sent; body: their answer")                   \
	X(REFUSED,   "our call: a final refusal, or 408 when nobody answered; dialog is gone") \
	X(OFFER,     "a re-INVITE or UPDATE within the call; body: their offer, or empty") \
	X(AGREED,    "our re-INVITE: a 2xx; ACK is sent; body: their answer")              \
	X(DENIED,    "our re-INVITE was refused; the call goes on as it was")              \
	X(BYE,       "the other side hung up; 200 is sent, dialog is gone")                \
	X(LOST,      "the dialog is gone: 481 or 408 to a request of ours")

enum sip_event_kind {
#define X(name, help) SIP_EV_##name,
	SIP_EVENT_LIST(X)
#undef X
	SIP_EVENT_COUNT,
};
// clang-format on

const char *sip_event_name(enum sip_event_kind kind);

// ACKED comes once for a call; and once more for each re-INVITE of theirs that had no offer, since
// the answer to ours is then in the ACK. After CANCELLED of a call that nobody above answered for
// ten minutes the caller has heard 480 instead.
struct sip_event {
	enum sip_event_kind kind;
	struct sip_dialog *dialog; // in a "dialog is gone" event: do not use it afterwards
	void *owner;               // of the dialog; NULL in INVITE
	uint16_t code;             // status, in RINGING, REFUSED, DENIED, LOST
	const char *body;          // application/sdp, not terminated by NUL; NULL when none
	size_t body_len;
	const struct sip_call_in *call; // in INVITE only
};

// A new call, as far as anyone above needs to know it. All strings are bounded and unescaped.
struct sip_call_in {
	bool trunk;          // came from the trunk's address; then user and domain are empty
	const char *user;    // who is calling: from the credentials, never from From
	const char *domain;  // of his account
	const char *number;  // user part of the request URI: what was dialled
	const char *host;    // host part of the request URI
	const char *from;    // user part of From or, from the trunk, of P-Asserted-Identity
	const char *display; // display name belonging to it, may be empty
	const char *call_id; // for logs and lists
	struct address source;
	uint8_t max_forwards; // what a call going out for this one must send, at most
};
