// SPDX-License-Identifier: BSD-3-Clause
//
// Dialogs (RFC 3261 section 12): tags, CSeq, route set, target, and the state of the call that
// lives in one. A dialog is freed when it is gone and no transaction and no caller on the stack
// uses it any more.
#pragma once

#include "control/sip/message.h"
#include "control/sip/transaction.h"

enum {
	DIALOG_ROUTES_MAX = 10,
	DIALOG_UNANSWERED_MS = 600000, // a call to us that the call layer forgot
	DIALOG_RING_MS = 60000,        // provisional answers are repeated, against timer C
	DIALOG_PING_MS = 300000,       // OPTIONS in a silent call: is the peer still there?
	DIALOG_OFFER_MS = 30000,       // for the call layer to answer an offer
	DIALOG_GLARES_MAX = 5,         // 491 in a row to one offer of ours
};

// clang-format off
#define DIALOG_STATE_LIST(X)                                                          \
	X(INCOMING,  "their INVITE waits for our final answer")                       \
	X(TAKEN,     "our 2xx waits for their ACK")                                   \
	X(CALLING,   "our INVITE waits for a final answer")                           \
	X(UP, "the call is up")                                                \
	X(CLOSING,   "our BYE is on its way, or our INVITE is cancelled")             \
	X(GONE,      "out of the table; lives only for who still holds it")

enum dialog_state {
#define X(name, help) DIALOG_##name,
	DIALOG_STATE_LIST(X)
#undef X
};
// clang-format on

// A 2xx of ours to an INVITE, sent again until it is acknowledged (RFC 3261 section 13.3.1.4).
struct unacked {
	char *bytes; // NULL: none
	size_t len;
	struct address to;
	uint32_t cseq;
	uint64_t until_ms;
	uint32_t wait_ms;
	bool first;     // to the INVITE that made the dialog
	bool our_offer; // in it: the ACK will have the answer
	struct timer timer;
};

struct sip_dialog {
	struct entry entry; // first: by Call-ID and our tag
	struct entry merge; // by Call-ID, their tag and CSeq of the INVITE that made it
	struct sip *sip;
	void *owner;
	enum dialog_state state;
	bool caller;   // we are
	bool silent;   // hung up from above: no more events
	bool bye_owed; // hung up between our 2xx and their ACK
	uint32_t uses; // transactions attached, and calls on the stack

	char *call_id, *local_tag, *remote_tag;
	char *local, *remote; // From and To of our requests, tags included
	char *target;         // their Contact
	char *domain;         // of the account they belong to; NULL: the trunk
	char *route[DIALOG_ROUTES_MAX];
	uint32_t routes;
	char *reason; // Reason header of the BYE or CANCEL to come
	uint32_t local_cseq, remote_cseq;
	struct address source; // where their signalling comes from
	struct address next;   // where our requests go

	struct transaction *invite;    // the first one
	struct transaction *offer_in;  // re-INVITE or UPDATE of theirs that waits for us
	struct transaction *offer_out; // re-INVITE of ours
	bool cancelled;                // CANCEL is sent
	uint16_t ring_code;            // last provisional of ours, to repeat
	char *offer;                   // ours, until it is agreed or denied
	size_t offer_len;
	uint32_t glares; // 491s it has met
	struct unacked unacked;
	struct timer timer; // INCOMING: ring again; UP: ping or glare; CLOSING: the end
	bool glare;         // the timer is for another try of our offer
};

// NULL: no memory. Not in a table yet.
[[nodiscard]] struct sip_dialog *dialog_new(struct sip *s, struct span call_id, const char *tag);
void dialog_enter(struct sip_dialog *d); // into the table
// What makes two INVITEs one that came by two ways (RFC 3261 section 8.2.2.2).
struct key dialog_merge_key(const struct arrival *a);
struct sip_dialog *dialog_find(const struct sip *s, struct span call_id, struct span local_tag);
void dialog_free(struct sip_dialog *d); // at once, with whatever is attached, as sip_free() does

void dialog_hold(struct sip_dialog *d);
void dialog_drop(struct sip_dialog *d);
void dialog_attach(struct sip_dialog *d, struct transaction **as, struct transaction *t);
void dialog_detach(struct sip_dialog *d, struct transaction *t);
// Nobody answered a server transaction of it in time.
void dialog_unanswered(struct sip_dialog *d, struct transaction *t);

void dialog_happen(struct sip_dialog *d, struct sip_event event);
// Out of the tables, timers off.
void dialog_leave(struct sip_dialog *d);
// The end: the above, and pending requests of theirs answered 487.
void dialog_gone(struct sip_dialog *d);
// The call is up: from here on it is watched.
void dialog_confirm(struct sip_dialog *d);

// Contact and Record-Route of a message that makes the dialog; reverse for a response. False:
// too many, or not to be used as they are.
[[nodiscard]] bool dialog_learn(struct sip_dialog *d, const osip_message_t *m, bool reverse);
// Contact of a message that refreshes it.
void dialog_retarget(struct sip_dialog *d, const osip_message_t *m);
// Where the last message of theirs came from; their requests must come from the same address.
void dialog_heard_from(struct sip_dialog *d, const struct address *from);
bool text_set(char **at, struct span value); // a copy, unfolded
