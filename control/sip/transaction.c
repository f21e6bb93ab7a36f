// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/transaction.h"

#include "control/sip/dialog.h"
#include "control/sip/linger.h"
#include "control/sip/reply.h"
#include "control/sip/text.h"

#include <assert.h>
#include <stdlib.h>

enum { INVITE_BACKSTOP_MS = 300000 }; // after a provisional answer, without news

struct key transaction_server_key(const struct arrival *a, struct span method)
{
	const struct guarded *g = a->g;
	char rest[32];
	struct text t;

	// RFC 3261 section 17.2.3 compares branch, sent-by and method; Call-ID, CSeq and the From
	// tag are the same too in every repeat, CANCEL and ACK, and tell those without the magic
	// cookie apart.
	text_init(&t, rest, sizeof(rest));
	text_add(&t, "%u %u", g->via.port, g->cseq);
	struct span parts[] = { g->via.branch, g->via.host, g->call_id, g->from_tag, method,
		{ rest, t.len } };
	return key_of(a->sip->plan.seed, parts, sizeof(parts) / sizeof(parts[0]));
}

struct key transaction_client_key(const struct sip *s, struct span branch, struct span method)
{
	return sip_key(s, branch, method, span_of("response"));
}

// --- the machine

static void execute(struct transaction *t, type_t type, osip_message_t *message)
{
	osip_event_t *event = osip_malloc(sizeof(*event));

	if (event == NULL) {
		osip_message_free(message);
		return;
	}
	*event = (osip_event_t){ .type = type, .sip = message };
	osip_transaction_execute(t->machine, event);
	// NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the machine has freed the event
}

static osip_transaction_t *machine_new(
	struct sip *s, osip_fsm_type_t type, osip_message_t *request, struct transaction *t)
{
	osip_transaction_t *machine;

	if (osip_transaction_init(&machine, type, s->osip, request) != OSIP_SUCCESS)
		return NULL;
	// Its list is not searched by anybody: it stays empty.
	osip_remove_transaction(s->osip, machine);
	osip_transaction_set_your_instance(machine, t);
	return machine;
}

void transaction_free(struct transaction *t)
{
	struct sip *s = t->sip;

	if (t->dialog != NULL)
		dialog_detach(t->dialog, t);
	clock_disarm(s->clock, &t->again);
	clock_disarm(s->clock, &t->limit);
	table_drop(&s->transactions, &t->entry);
	if (t->machine != NULL)
		osip_transaction_free2(t->machine);
	free(t->bytes);
	free(t->head);
	free(t->routes);
	free(t);
}

static struct transaction *of_limit(struct timer *timer)
{
	return (struct transaction *)(void *)((char *)timer - offsetof(struct transaction, limit));
}

static struct transaction *of_again(struct timer *timer)
{
	return (struct transaction *)(void *)((char *)timer - offsetof(struct transaction, again));
}

static struct transaction *transaction_new(struct sip *s, enum transaction_kind kind)
{
	struct transaction *t = calloc(1, sizeof(*t));

	if (t != NULL) {
		t->sip = s;
		t->kind = kind;
	}
	return t;
}

static bool keep_bytes(struct transaction *t, const char *bytes, size_t len)
{
	char *copy = malloc(len);

	if (copy == NULL)
		return false;
	memcpy(copy, bytes, len);
	free(t->bytes);
	t->bytes = copy;
	t->len = len;
	return true;
}

// --- server

// Nobody has answered for very long: the last net under the call layer.
static void server_limit(struct timer *timer, uint64_t)
{
	struct transaction *t = of_limit(timer);

	if (t->dialog != NULL)
		dialog_unanswered(t->dialog, t);
	else
		transaction_free(t);
}

static bool serve(struct transaction *t, struct arrival *a)
{
	bool invite = t->kind == SERVER_INVITE;

	t->machine = machine_new(t->sip, invite ? IST : NIST, a->osip, t);
	t->head = reply_head(a);
	t->routes = reply_routes(a);
	if (t->machine == NULL || t->head == NULL || t->routes == NULL)
		return false;
	execute(t, invite ? RCV_REQINVITE : RCV_REQUEST, a->osip);
	return true;
}

bool transaction_serve(struct arrival *a, struct key key)
{
	bool invite = span_is(a->g->raw.method, "INVITE");
	struct transaction *t = transaction_new(a->sip, invite ? SERVER_INVITE : SERVER_OTHER);

	if (t == NULL) {
		osip_message_free(a->osip);
		return false;
	}
	if (a->tag[0] == '\0')
		token_text(a->tag, key.b);
	memcpy(t->tag, a->tag, sizeof(t->tag));
	t->peer = reply_address(a);
	t->cseq = a->g->cseq;
	t->offered = a->g->body.len > 0;
	if (!serve(t, a)) {
		osip_message_free(a->osip);
		transaction_free(t);
		return false;
	}
	timer_init(&t->limit, server_limit);
	clock_arm(t->sip->clock, &t->limit,
		sip_now(t->sip) + (invite ? DIALOG_UNANSWERED_MS : SIP_64T1));
	table_put(&t->sip->transactions, &t->entry, key);
	a->t = t;
	return true;
}

void transaction_repeat(struct transaction *t, osip_message_t *request)
{
	t->sip->stats.repeats++;
	execute(t, t->kind == SERVER_INVITE ? RCV_REQINVITE : RCV_REQUEST, request);
}

// The machine wants a message of which it reads the status and the topmost Via; the bytes that
// go out are ours (see send_message), so nothing is printed and parsed again.
static osip_message_t *status_only(const struct transaction *t, uint16_t code)
{
	osip_message_t *m;
	osip_via_t *via;

	if (osip_message_init(&m) != OSIP_SUCCESS)
		return NULL;
	m->status_code = code;
	if (osip_via_clone(t->machine->topvia, &via) != OSIP_SUCCESS) {
		osip_message_free(m);
		return NULL;
	}
	osip_list_add(&m->vias, via, -1);
	return m;
}

static void leave(const struct transaction *t, uint16_t code)
{
	enum linger_kind kind = LINGER_ANSWER;

	if (t->kind == SERVER_INVITE)
		kind = code < 300 ? LINGER_TAKEN : LINGER_REFUSAL;
	(void)linger_leave(t->sip, t->entry.key, kind, &t->peer, (struct span){ t->bytes, t->len });
}

void transaction_answer(struct transaction *t, uint16_t code, const char *bytes, size_t len,
	enum transaction_memory memory)
{
	osip_message_t *m = status_only(t, code);

	assert(t->kind == SERVER_INVITE || t->kind == SERVER_OTHER);
	if (m == NULL || !keep_bytes(t, bytes, len)) {
		osip_message_free(m);
		if (code >= 200)
			transaction_free(t);
		return;
	}
	execute(t, code < 200 ? SND_STATUS_1XX : (code < 300 ? SND_STATUS_2XX : SND_STATUS_3456XX),
		m);
	if (code < 200)
		return;
	if (memory == REMEMBER)
		leave(t, code);
	transaction_free(t);
}

// --- client

static void client_limit(struct timer *timer, uint64_t)
{
	struct transaction *t = of_limit(timer);

	t->sip->stats.timeouts++;
	// Not a transition once a provisional has come: then only our backstop ends it.
	execute(t, t->kind == CLIENT_INVITE ? TIMEOUT_B : TIMEOUT_F, NULL);
	t->heard(t, NULL);
	transaction_free(t);
}

// Timers A and E: A doubles without end (B ends it), E up to T2, and at T2 once somebody is
// working on it.
static void client_again(struct timer *timer, uint64_t now_ms)
{
	struct transaction *t = of_again(timer);
	bool invite = t->kind == CLIENT_INVITE;

	execute(t, invite ? TIMEOUT_A : TIMEOUT_E, NULL);
	t->wait_ms *= 2;
	if (!invite && (t->provisional || t->wait_ms > SIP_T2))
		t->wait_ms = SIP_T2;
	clock_arm(t->sip->clock, timer, now_ms + t->wait_ms);
}

static bool request_begin(struct transaction *t, osip_message_t *m)
{
	bool invite = t->kind == CLIENT_INVITE;

	t->machine = machine_new(t->sip, invite ? ICT : NICT, m, t);
	if (t->machine == NULL) {
		osip_message_free(m);
		return false;
	}
	execute(t, invite ? SND_REQINVITE : SND_REQUEST, m);
	return true;
}

static osip_message_t *read_own(const char *bytes, size_t len)
{
	osip_message_t *m;

	if (osip_message_init(&m) != OSIP_SUCCESS)
		return NULL;
	if (osip_message_parse(m, bytes, len) == OSIP_SUCCESS && m->sip_method != NULL)
		return m;
	osip_message_free(m);
	return NULL;
}

struct transaction *transaction_request(struct sip *s, const char *bytes, size_t len,
	const struct address *to, const char *branch, transaction_fn heard)
{
	osip_message_t *m = read_own(bytes, len);
	bool invite = m != NULL && MSG_IS_INVITE(m);
	struct transaction *t =
		m ? transaction_new(s, invite ? CLIENT_INVITE : CLIENT_OTHER) : NULL;

	if (t == NULL || !keep_bytes(t, bytes, len)) {
		osip_message_free(m);
		free(t);
		return NULL;
	}
	t->peer = *to;
	t->heard = heard;
	memcpy(t->branch, branch, sizeof(t->branch));
	struct key key = transaction_client_key(s, span_of(branch), span_of(m->sip_method));
	if (!request_begin(t, m)) {
		transaction_free(t);
		return NULL;
	}
	timer_init(&t->again, client_again);
	timer_init(&t->limit, client_limit);
	t->wait_ms = SIP_T1;
	clock_arm(s->clock, &t->again, sip_now(s) + SIP_T1);
	clock_arm(s->clock, &t->limit, sip_now(s) + SIP_64T1);
	table_put(&s->transactions, &t->entry, key);
	return t;
}

static void provisional(struct transaction *t, struct arrival *a)
{
	t->provisional = true;
	if (t->kind == CLIENT_INVITE) {
		clock_disarm(t->sip->clock, &t->again);
		clock_arm(t->sip->clock, &t->limit, sip_now(t->sip) + INVITE_BACKSTOP_MS);
	}
	t->heard(t, a);
}

bool transaction_respond(struct transaction *t, struct arrival *a)
{
	uint16_t code = a->g->code;
	type_t type =
		code < 200 ? RCV_STATUS_1XX : (code < 300 ? RCV_STATUS_2XX : RCV_STATUS_3456XX);

	if (t->kind != CLIENT_INVITE && t->kind != CLIENT_OTHER)
		return false;
	t->sip->stats.responses++;
	execute(t, type, a->osip);
	if (code < 200) {
		provisional(t, a);
		return true;
	}
	// The ACK to a refusal was sent by the machine, and left its linger in send_message.
	if (t->kind == CLIENT_OTHER)
		(void)linger_leave(
			t->sip, t->entry.key, LINGER_QUIET, NULL, (struct span){ NULL, 0 });
	t->heard(t, a);
	transaction_free(t);
	return true;
}

// --- oSIP's way out

static void send_ack(struct transaction *t, osip_message_t *ack)
{
	char *bytes = NULL;
	size_t len;

	osip_message_set_max_forwards(ack, "70");
	osip_message_set_content_length(ack, "0");
	if (osip_message_to_str(ack, &bytes, &len) != OSIP_SUCCESS)
		return;
	sip_put(t->sip, &t->peer, bytes, len);
	(void)linger_leave(t->sip, t->entry.key, LINGER_ACK, &t->peer, (struct span){ bytes, len });
	osip_free(bytes);
}

int transaction_send_message(osip_transaction_t *machine, osip_message_t *message, char *, int, int)
{
	struct transaction *t = osip_transaction_get_your_instance(machine);

	if (MSG_IS_ACK(message))
		send_ack(t, message);
	else
		sip_put(t->sip, &t->peer, t->bytes, t->len);
	return 0;
}
