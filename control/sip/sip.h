// SPDX-License-Identifier: BSD-3-Clause
//
// The SIP endpoint: bytes and time in, bytes and events out. No socket, no clock: a test is a
// transcript. What reaches it from outside passes guard, parser, transaction and dialog before
// anybody above hears of it; each refusal on the way has a name and a counter (sip/stats.h).
//
// Answers itself, without asking above: OPTIONS (200), REGISTER (registrar.h), requests in a
// dialog that is unknown (481), methods we do not have (405 with Allow), unknown Require (420),
// a body that is no SDP (415), missing or wrong credentials (401), Max-Forwards 0 (483),
// merged requests (482), INFO (200, DTMF bodies ignored here), PRACK unknown (481).
#pragma once

#include "control/address.h"
#include "control/clock.h"
#include "control/sip/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sip;
struct registrar;
struct sip_stats;

enum { SIP_HA1_LEN = 32, SIP_URI_MAX = 256, SIP_NAME_MAX = 128 };

// What the endpoint asks of whoever runs it.
struct sip_ops {
	void *ctx;
	// False: the network did not take it; it is counted, and repeated like one that got lost.
	bool (*send)(void *ctx, const struct address *to, const char *data, size_t len);
	void (*happen)(void *ctx, const struct sip_event *event);
	// MD5(user:realm:password) in lower-case hex for a user of the account with this domain.
	// False: no such user.
	bool (*ha1)(void *ctx, const char *user, const char *domain, char out[SIP_HA1_LEN + 1]);
	// Whether there is an account with this domain.
	bool (*domain)(void *ctx, const char *domain);
	// Whether this source is the trunk.
	bool (*trunk)(void *ctx, const struct address *source);
	// The contacts of user@domain have changed.
	void (*registered)(void *ctx, const char *user, const char *domain, bool reachable);
};

struct sip_plan {
	struct address local; // what we write into Via and Contact, and where peers reach us
	uint64_t seed[2];     // randomness for tags, branches, Call-IDs and nonces
	uint32_t dialogs_max; // a new INVITE above it is answered 503 with Retry-After
	uint32_t transactions_max;
	uint32_t contacts_max;                   // registrar, all users together
	uint32_t register_min_s, register_max_s; // 60, 3600
};

[[nodiscard]] struct sip *sip_new(
	const struct sip_plan *plan, const struct sip_ops *ops, struct clock *clock);
// Frees every transaction and dialog without a word to anybody.
struct sip *sip_free(struct sip *s);

// A datagram. Anything may be in it.
void sip_receive(
	struct sip *s, const char *data, size_t len, const struct address *from, uint64_t now_ms);

struct registrar *sip_registrar(struct sip *s);
const struct sip_stats *sip_stats(const struct sip *s);
uint32_t sip_dialogs(const struct sip *s);      // alive now
uint32_t sip_transactions(const struct sip *s); // alive now, lingering ones not counted

// --- calls to us

// A provisional answer (101-199), without a body. Repeated by us every 60 s so that proxies do
// not give up.
void sip_ring(struct sip_dialog *d, uint16_t code);
// 200 with our description; repeated until ACKED or UNACKED. `shown` is who the caller is shown
// to be talking to (P-Asserted-Identity user part); NULL for nobody.
void sip_accept(struct sip_dialog *d, const char *sdp, size_t len, const char *shown);
// A final refusal, 300-699; the dialog is gone. warning: text for a Warning 399, or NULL.
void sip_refuse(struct sip_dialog *d, uint16_t code, const char *warning);

// --- calls from us

struct sip_call_out {
	const char *uri;       // request URI
	struct address to;     // where to send it
	const char *to_uri;    // To; NULL: the same as uri
	const char *from_user; // From and P-Asserted-Identity: who is calling
	const char *from_domain;
	const char *from_display; // may be NULL
	uint8_t max_forwards;
	const char *sdp; // the offer
	size_t sdp_len;
};

// INVITE. NULL when there is no room, or a URI is no sip: URI; else exactly one of ANSWERED and REFUSED follows, unless
// it is hung up before.
[[nodiscard]] struct sip_dialog *sip_invite(
	struct sip *s, const struct sip_call_out *call, void *owner);

// --- both

void sip_set_owner(struct sip_dialog *d, void *owner);
const char *sip_call_id(const struct sip_dialog *d);
// Where the other side's signalling comes from (to compare with what its SDP says: NAT).
const struct address *sip_source(const struct sip_dialog *d);
// True when requests of ours are being answered from elsewhere than the peer's Contact says.
bool sip_behind_nat(const struct sip_dialog *d);

// Ends it, whatever state it is in: refuses (480 unless code says otherwise), cancels, or hangs
// up with BYE. No further event comes for it; the endpoint finishes the rest alone (a 2xx
// crossing our CANCEL is acknowledged and hung up). reason: text of a Reason header, or NULL.
void sip_hangup(struct sip_dialog *d, uint16_t code, const char *reason);

// re-INVITE with our offer. AGREED or DENIED follows; glare (491) is retried here. False: one is
// on its way already, or the dialog is not confirmed.
[[nodiscard]] bool sip_reoffer(struct sip_dialog *d, const char *sdp, size_t len);
// The answer to OFFER, exactly one of them, at once or later.
void sip_answer_offer(struct sip_dialog *d, const char *sdp, size_t len);
void sip_refuse_offer(struct sip_dialog *d, uint16_t code);
