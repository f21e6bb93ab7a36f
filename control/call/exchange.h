// SPDX-License-Identifier: BSD-3-Clause
//
// The exchange: what the rules of calls and slots stand on, and where things that happen are
// put in line. Whatever an effect causes is posted here and happens after the step that caused
// it, so that no machine is ever entered twice at once.
#pragma once

#include "control/account/account.h"
#include "control/address.h"
#include "control/call/media.h"
#include "control/call/news.h"
#include "control/clock.h"
#include "control/sip/sip.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct call;
struct leg;
struct lot;
struct slot;
struct tenant;

enum { NAME_MAX_LEN = 64, REF_LEN = 16 };

// What the house plays when nobody says otherwise; 0 where the file was not to be had.
struct house_tracks {
	uint64_t music;
	uint64_t digit[10];
	uint64_t full;  // "parking failed"
	uint64_t empty; // "no call parked on that extension"
};

struct exchange_plan {
	struct clock *clock;
	struct sip *sip;
	struct media *media;
	struct accounts *accounts; // a reference that the exchange takes over
	struct house_tracks tracks;
	bool has_trunk;
	struct address trunk;
	struct address local; // our own SIP address: host of what we are called from
	uint32_t calls_max;
	void *ctx;
	void (*news)(void *ctx, const struct news *news);
};

// The parking room's part in calls; set once by park/ (which knows calls, while calls do not
// know it).
struct park_ops {
	// This leg of a talking call dialled the park code.
	void (*code)(struct call *call, struct leg *parker);
	// The guest of a parked call is gone, or hears his music now (or never will).
	void (*guest_gone)(struct call *call);
	void (*guest_served)(struct call *call, bool music);
	// A tenant has a new plan, or goes.
	void (*lots_update)(struct tenant *t);
	void (*lots_free)(struct tenant *t);
};

// An account at run time. Made at its first call and kept.
struct tenant {
	TAILQ_ENTRY(tenant) link;
	struct exchange *x;
	char *name;
	struct accounts *accounts;  // keeps plan alive
	const struct account *plan; // what the latest provisioning says
	uint32_t home;              // its worker: this, modulo how many there are
	uint64_t music;             // track; 0: the house's
	uint32_t calls;
	TAILQ_HEAD(tenant_legs, leg) legs;
	TAILQ_HEAD(tenant_lots, lot) lots;
	TAILQ_HEAD(tenant_queues, queue) queues;
};

struct happening {
	void (*happen)(void *what, int event);
	void *what;
	int event;
};

struct exchange {
	struct exchange_plan plan;
	const struct park_ops *park;
	TAILQ_HEAD(exchange_tenants, tenant) tenants[1024]; // by hash of the name
	TAILQ_HEAD(exchange_calls, call) calls;             // in the order of their birth
	TAILQ_HEAD(exchange_stays, slot) stays; // slots that are taken, in the order of their ids
	uint32_t calls_alive;
	uint64_t calls_ever;
	uint64_t parks_ever;

	// happenings in line
	struct happening *line;
	uint32_t line_size, line_first, line_n;
	bool happening;
	uint32_t holds;                           // of those who still look at their legs
	TAILQ_HEAD(exchange_legs, leg) dead_legs; // freed when the line is empty
	TAILQ_HEAD(exchange_dead, call) dead_calls;
};

void exchange_init(struct exchange *x, const struct exchange_plan *plan);
void exchange_clear(struct exchange *x);
uint64_t exchange_now(const struct exchange *x);

// Puts a happening in line; it happens at once if nothing is happening.
void exchange_post(struct exchange *x, void (*happen)(void *, int), void *what, int event);
// Something from outside begins: whoever hears of it goes on with his leg or call afterwards, so
// until the matching exchange_release() nothing is freed.
void exchange_hold(struct exchange *x);
void exchange_release(struct exchange *x);
// The end of something from outside: frees what is over, and lets queues ring who is free now.
void exchange_settle(struct exchange *x);
void exchange_tell(struct exchange *x, const struct news *news);

// The tenant of an account of the current provisioning; made when it is not there. NULL: no such
// account.
struct tenant *exchange_tenant(struct exchange *x, const struct account *a);
// New provisioning: takes over the reference. Calls under way keep what they began with.
void exchange_reload(struct exchange *x, struct accounts *accounts);
// Ends every call: layby-media is gone, or we are going.
void exchange_end_all(struct exchange *x);
// A leg of this user is alive.
bool tenant_user_busy(const struct tenant *t, const char *user);

// 16 hex digits nobody can guess, and the NUL.
void ref_make(char out[REF_LEN + 1]);
