// SPDX-License-Identifier: BSD-3-Clause
//
// The endpoint from inside: what the files of this folder share. Nobody outside includes it.
#pragma once

#include "control/sip/digest.h"
#include "control/sip/guard.h"
#include "control/sip/hash.h"
#include "control/sip/osip.h"
#include "control/sip/registrar.h"
#include "control/sip/sip.h"
#include "control/sip/stats.h"
#include "control/sip/table.h"

enum {
	SIP_T1 = 500, // ms, RFC 3261 section 17.1.1.2, table 4 of appendix A
	SIP_T2 = 4000,
	SIP_T4 = 5000,
	SIP_64T1 = 64 * SIP_T1,
};

#define SIP_ALLOW     "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REGISTER"
#define SIP_IN_DIALOG "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO"

// So many in one second, no more: what strangers can cause.
struct budget {
	uint64_t second;
	uint32_t used;
};

struct sip {
	struct sip_plan plan;
	struct sip_ops ops;
	struct clock *clock;
	uint64_t now_ms; // of the last datagram; the clock may be ahead of it
	struct chance chance;
	struct sip_stats stats;
	char local[ADDRESS_TEXT_MAX]; // plan.local as text
	osip_t *osip;
	struct table transactions; // struct transaction, live
	struct table lingers;      // struct linger
	struct table dialogs;      // struct sip_dialog, by Call-ID and our tag
	struct table callers;      // the same, by what makes two INVITEs one (merged requests)
	struct registrar *registrar;
	struct digest *digest;
	struct budget refusals;   // answers written from raw text, and to OPTIONS
	struct budget challenges; // of those, 401s that are longer than what they answer
};

uint64_t sip_now(const struct sip *s);
void sip_put(struct sip *s, const struct address *to, const char *bytes, size_t len);
bool budget_take(struct budget *b, uint32_t most, uint64_t now_ms);
struct key sip_key(const struct sip *s, struct span a, struct span b, struct span c);

struct transaction;

// A message on its way through the endpoint.
struct arrival {
	struct sip *sip;
	const struct guarded *g;
	const struct address *from;
	size_t len;           // bytes of the datagram
	osip_message_t *osip; // of the transaction machine, once there is one
	struct transaction *t;
	char tag[TOKEN_TEXT]; // ours, for the answer to a request without one
};
