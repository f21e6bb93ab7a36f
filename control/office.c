// SPDX-License-Identifier: BSD-3-Clause
#include "control/office.h"

#include "control/call/call.h"
#include "control/log.h"
#include "control/park/lot.h"
#include "control/sip/registrar.h"

#include <string.h>

enum {
	TENANT_BUCKETS =
		sizeof(((struct exchange *)NULL)->tenants) / sizeof(struct exchange_tenants)
};

static const struct account *account(const struct exchange *x, const char *name)
{
	return accounts_by_name(x->plan.accounts, name);
}

static void info(void *ctx, struct admin_info *out)
{
	const struct office *o = ctx;
	const struct exchange *x = o->x;
	const struct slot *s;
	struct media_counts counts;

	media_counts(x->plan.media, &counts);
	*out = (struct admin_info){ .media_attached = media_attached(x->plan.media),
		.accounts = x->plan.accounts->count,
		.calls = x->calls_alive,
		.contacts = registrar_count(sip_registrar(x->plan.sip)),
		.flows_open = counts.flows_open,
		.flows_free = counts.flows_free };
	TAILQ_FOREACH(s, &x->stays, stay)
		out->parked++;
}

static bool known(void *ctx, const char *name, const char *lot)
{
	const struct office *o = ctx;
	const struct account *a = account(o->x, name);

	for (uint32_t i = 0; lot != NULL && a != NULL && i < a->lots; i++)
		if (strcmp(a->lot[i].name, lot) == 0)
			return true;
	return lot == NULL && a != NULL;
}

static void slot_row(const struct slot *s, uint64_t now, struct slot_row *out)
{
	const struct call *c = s->call;

	*out = (struct slot_row){ .id = s->id,
		.account = s->lot->tenant->name,
		.lot = s->lot->name,
		.slot = s->number,
		.state = park_state_name(s->state),
		.caller = c->number,
		.caller_name = c->name,
		.parker = s->parker_name,
		.since_s = (now - s->since_ms) / 1000,
		.remaining_s = ADMIN_NO_TIMEOUT,
		.ref = s->ref };
	if (s->state == PARK_RETRIEVING && s->deadline_ms != 0)
		out->remaining_s = s->rest_ms / 1000;
	else if (s->deadline_ms != 0)
		out->remaining_s = s->deadline_ms > now ? (s->deadline_ms - now) / 1000 : 0;
}

static bool is_wanted(const struct slot_query *q, const struct slot_row *row)
{
	return (q->account == NULL || strcmp(q->account, row->account) == 0) &&
	       (q->lot == NULL || strcmp(q->lot, row->lot) == 0) &&
	       (q->state == NULL || strcmp(q->state, row->state) == 0);
}

static void slots(void *ctx, const struct slot_query *q, slot_row_fn emit, void *arg)
{
	const struct office *o = ctx;
	const struct slot *s;

	TAILQ_FOREACH(s, &o->x->stays, stay) {
		struct slot_row row;

		if (s->id <= q->after)
			continue;
		slot_row(s, exchange_now(o->x), &row);
		if (is_wanted(q, &row) && !emit(arg, &row))
			return;
	}
}

static void call_row(const struct call *c, uint64_t now, struct call_row *out)
{
	static const char *const kinds[STEP_COUNT] = { "dial", "queue", "forward", "hangup" };
	const struct slot *s = c->keeper;

	*out = (struct call_row){ .id = c->id,
		.ref = c->ref,
		.account = c->tenant->name,
		.state = flow_state_name(c->state),
		.from = c->number,
		.to = c->other != NULL ? c->other->number : NULL,
		.kind = c->step != NULL ? kinds[c->step->kind] : NULL,
		.slot = s != NULL ? s->number : 0,
		.since_s = (now - c->since_ms) / 1000 };
	if (c->plan != NULL) {
		out->flow = c->plan->name;
		out->step = c->at + 1;
	}
}

static void calls(void *ctx, const struct call_query *q, call_row_fn emit, void *arg)
{
	const struct office *o = ctx;
	const struct call *c;

	TAILQ_FOREACH(c, &o->x->calls, link) {
		struct call_row row;

		if (c->id <= q->after)
			continue;
		call_row(c, exchange_now(o->x), &row);
		if (q->account != NULL && strcmp(q->account, row.account) != 0)
			continue;
		if (!emit(arg, &row))
			return;
	}
}

static void leg_quality(const struct exchange *x, const char *which, const struct leg *leg,
	quality_row_fn emit, void *arg)
{
	if (leg == NULL)
		return;

	const struct dp_quality *q = &leg->quality;
	emit(arg, &(struct quality_row){ .leg = which,
			  .number = leg->number,
			  .known = leg->judged,
			  .received = { q->rx_packets, q->rx_bytes, q->rx_lost, q->jitter_us,
				  q->mos },
			  .sent = { q->tx_packets, q->tx_bytes, q->remote_lost, q->remote_jitter_us,
				  q->remote_mos },
			  .round_trip_us = q->rtt_us });
	media_query(x->plan.media, leg->flow);
}

static bool quality(void *ctx, const char *ref, quality_row_fn emit, void *arg)
{
	const struct office *o = ctx;
	const struct call *c;

	TAILQ_FOREACH(c, &o->x->calls, link) {
		if (strcmp(c->ref, ref) != 0)
			continue;
		leg_quality(o->x, "guest", c->guest, emit, arg);
		leg_quality(o->x, "other", c->other, emit, arg);
		return true;
	}
	return false;
}

static bool account_lots(struct exchange *x, const struct account *a, lot_row_fn emit, void *arg)
{
	struct tenant *t = exchange_tenant(x, a);
	const struct lot *lot;

	if (t == NULL)
		return true;
	TAILQ_FOREACH(lot, &t->lots, link) {
		struct lot_row row = { .account = a->name,
			.lot = lot->name,
			.first = lot->first,
			.last = lot->last,
			.used = lot->taken,
			.timeout_s = lot->timeout_s };

		if (!emit(arg, &row))
			return false;
	}
	return true;
}

static void lots(void *ctx, const char *name, lot_row_fn emit, void *arg)
{
	const struct office *o = ctx;
	const struct accounts *all = o->x->plan.accounts;

	for (uint32_t i = 0; i < all->count; i++)
		if ((name == NULL || strcmp(all->account[i].name, name) == 0) &&
			!account_lots(o->x, &all->account[i], emit, arg))
			return;
}

static void users(void *ctx, const char *name, user_row_fn emit, void *arg)
{
	const struct office *o = ctx;
	const struct account *a = account(o->x, name);
	struct tenant *t = exchange_tenant(o->x, a);

	for (uint32_t i = 0; a != NULL && t != NULL && i < a->users; i++) {
		struct contact contacts[REGISTRAR_CONTACTS_MAX];
		struct user_row row = { .user = a->user[i].name, .display = a->user[i].display };

		row.contacts = registrar_find(
			sip_registrar(o->x->plan.sip), row.user, a->domain, contacts);
		row.contact = row.contacts > 0 ? contacts[0].uri : NULL;
		row.busy = tenant_user_busy(t, row.user);
		if (!emit(arg, &row))
			return;
	}
}

static const struct sip_stats *stats(void *ctx)
{
	const struct office *o = ctx;

	return sip_stats(o->x->plan.sip);
}

static uint32_t workers(void *ctx)
{
	const struct office *o = ctx;

	return media_workers(o->x->plan.media);
}

static const struct worker_stats *worker(void *ctx, uint32_t n)
{
	const struct office *o = ctx;

	return media_stats(o->x->plan.media, (uint16_t)n);
}

static const char *plan(void *ctx)
{
	const struct office *o = ctx;

	return media_plan_text(o->x->plan.media);
}

static bool move(void *ctx, uint32_t port, uint32_t queue, uint32_t new_worker)
{
	const struct office *o = ctx;

	return media_move(o->x->plan.media, port, queue, new_worker);
}

static const char *moved(void *ctx)
{
	const struct office *o = ctx;

	return media_moved(o->x->plan.media);
}

static struct call *call_of(const struct exchange *x, const char *ref)
{
	struct call *c;

	TAILQ_FOREACH(c, &x->calls, link)
		if (strcmp(c->ref, ref) == 0)
			return c;
	return NULL;
}

static enum admin_record record(
	void *ctx, const char *ref, const char *state, struct recording_row *out)
{
	static const char *const words[] = { [CALL_RECORD_START] = "on",
		[CALL_RECORD_PAUSE] = "pause",
		[CALL_RECORD_RESUME] = "resume",
		[CALL_RECORD_STOP] = "off" };
	const struct office *o = ctx;
	struct call *c = call_of(o->x, ref);
	unsigned wish = 0;

	while (wish <= CALL_RECORD_STOP && strcmp(words[wish], state) != 0)
		wish++;
	if (wish > CALL_RECORD_STOP)
		return ADMIN_RECORD_NO_STATE;
	if (c == NULL)
		return ADMIN_RECORD_NO_CALL;
	if (!call_record_ask(c, (enum call_record_wish)wish))
		return wish == CALL_RECORD_START ? ADMIN_RECORD_NO_MEDIA : ADMIN_RECORD_NOT_THERE;
	*out = (struct recording_row){ .id = c->record.id, .state = call_record_state(c) };
	return ADMIN_RECORD_DONE;
}

static bool check(void *ctx, const char *path, char *error, uint32_t error_size)
{
	const struct office *o = ctx;
	struct accounts *a = accounts_load(path != NULL ? path : o->accounts, error, error_size);

	if (a == NULL)
		return false;
	accounts_unref(a);
	return true;
}

bool office_reload(struct office *o, char *error, uint32_t error_size)
{
	struct accounts *a = accounts_load(o->accounts, error, error_size);

	if (a == NULL)
		return false;
	exchange_reload(o->x, a);
	log_notice("%s: %u accounts taken", o->accounts, a->count);
	return true;
}

static bool reload(void *ctx, char *error, uint32_t error_size)
{
	return office_reload(ctx, error, error_size);
}

void office_ops(struct office *o, struct admin_ops *out)
{
	static const char *const slot_states[] = { "RESERVED", "OCCUPIED", "RETRIEVING", NULL };
	static const char *const call_states[] = { "NEXT", "RINGING", "QUEUED", "TALKING", "TOLD",
		"PARKED", NULL };

	*out = (struct admin_ops){ .ctx = o,
		.info = info,
		.known = known,
		.slots = slots,
		.calls = calls,
		.quality = quality,
		.lots = lots,
		.users = users,
		.slot_states = slot_states,
		.call_states = call_states,
		.sip_stats = stats,
		.workers = workers,
		.worker = worker,
		.plan = plan,
		.move = move,
		.moved = moved,
		.record = record,
		.check = check,
		.reload = reload };
}

static const char *text(const char *s)
{
	return s != NULL ? s : "-";
}

void office_news(struct office *o, const struct news *n)
{
	struct event_row row = { .name = n->name,
		.account = n->account,
		.lot = n->lot,
		.slot = n->slot,
		.ref = n->ref,
		.caller = n->caller,
		.parker = n->parker,
		.retriever = n->retriever,
		.winner = n->winner,
		.reason = n->reason,
		.wait_ms = n->wait_ms,
		.waited = n->slot != 0,
		.recording = n->recording,
		.length_ms = n->length_ms };

	if (n->slot != 0)
		log_info("%s account=%s lot=%s slot=%u caller=%s parker=%s retriever=%s winner=%s "
			 "wait=%llums",
			n->name, n->account, text(n->lot), n->slot, text(n->caller),
			text(n->parker), text(n->retriever), text(n->winner),
			(unsigned long long)n->wait_ms);
	else
		log_info("%s account=%s call=%s caller=%s %s", n->name, n->account, text(n->ref),
			text(n->caller), n->reason != NULL ? n->reason : "");
	admin_event(o->admin, &row);
}
