// SPDX-License-Identifier: BSD-3-Clause
//
// Requests of ours, as text: the INVITE that begins a call, and those within a dialog.
#pragma once

#include "control/sip/dialog.h"

// Begins a call: the INVITE and its dialog. NULL: no room, or a URI that is none.
[[nodiscard]] struct sip_dialog *request_call(
	struct sip *s, const struct sip_call_out *call, void *owner, transaction_fn heard);

// Hangs up with BYE and waits for nothing but its answer. The dialog goes by itself.
void request_bye(struct sip_dialog *d);
// CANCEL for our first INVITE, which has had a provisional answer.
void request_cancel(struct sip_dialog *d);
// re-INVITE with d->offer. False: not sent.
bool request_offer(struct sip_dialog *d);
// OPTIONS in a call that is up.
void request_ping(struct sip_dialog *d);
// ACK for a 2xx, and its linger, so that a repeated 2xx is acknowledged again.
void request_ack(struct sip_dialog *d, const struct transaction *invite, uint32_t cseq);
// Where the linger of that ACK is found.
struct key request_ack_key(const struct sip *s, struct span branch, struct span remote_tag);
