// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/stage.h"

#include "control/sip/digest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FOREVER_MS = 2000000 }; // longer than any timer of the endpoint but the ping

struct stage stage;

static bool send(void *, const struct address *to, const char *data, size_t len)
{
	if (stage.cut)
		return false;
	stage.bytes_out += len;
	if (stage.said_n == STAGE_SAID || len >= STAGE_TEXT)
		return true;
	struct said *s = &stage.said[stage.said_n++];
	s->to = *to;
	s->len = len;
	s->at_ms = stage.clock.now_ms;
	memcpy(s->text, data, len);
	s->text[len] = '\0';
	return true;
}

static void keep(char out[SIP_NAME_MAX], const char *text)
{
	snprintf(out, SIP_NAME_MAX, "%s", text);
}

static void happen(void *, const struct sip_event *event)
{
	if (stage.told_n < STAGE_TOLD) {
		struct told *t = &stage.told[stage.told_n++];

		*t = (struct told){ .kind = event->kind,
			.dialog = event->dialog,
			.owner = event->owner,
			.code = event->code,
			.sdp = event->body != NULL };
		if (event->call != NULL) {
			t->trunk = event->call->trunk;
			t->max_forwards = event->call->max_forwards;
			keep(t->user, event->call->user);
			keep(t->domain, event->call->domain);
			keep(t->number, event->call->number);
			keep(t->from, event->call->from);
			keep(t->display, event->call->display);
		}
	}
	if (stage.react != NULL)
		stage.react(event);
}

static bool ha1(void *, const char *user, const char *domain, char out[SIP_HA1_LEN + 1])
{
	if (strcmp(user, "201") != 0 || strcmp(domain, "acme.example") != 0)
		return false;
	digest_ha1(user, domain, "secret", out);
	return true;
}

static bool domain(void *, const char *name)
{
	return strcmp(name, "acme.example") == 0;
}

static bool trunk(void *, const struct address *source)
{
	struct address a;

	return address_read(&a, STAGE_TRUNK) && address_same(source, &a);
}

void stage_start(void)
{
	struct sip_ops ops = {
		.send = send, .happen = happen, .ha1 = ha1, .domain = domain, .trunk = trunk
	};
	struct sip_plan plan = { .seed = { 1, 2 },
		.dialogs_max = stage.dialogs_max ? stage.dialogs_max : 1000,
		.transactions_max = stage.transactions_max ? stage.transactions_max : 1000,
		.contacts_max = 100,
		.register_min_s = 60,
		.register_max_s = 3600 };

	assert(address_read(&plan.local, STAGE_OURS));
	clock_init(&stage.clock, 1000000);
	stage.sip = sip_new(&plan, &ops, &stage.clock);
	assert(stage.sip != NULL);
}

void stage_end(void)
{
	stage_pass(FOREVER_MS);
	assert(sip_dialogs(stage.sip) == 0);
	assert(sip_transactions(stage.sip) == 0);
	stage.sip = sip_free(stage.sip);
}

void stage_bytes(const char *from, const char *bytes, size_t len)
{
	struct address a = { 0 };

	assert(address_read(&a, from));
	sip_receive(stage.sip, bytes, len, &a, stage.clock.now_ms);
}

void stage_say(const char *from, const char *head, const char *body)
{
	char wire[STAGE_TEXT];
	size_t n = 0;

	for (const char *c = head; *c != '\0' && n + 256 < sizeof(wire); c++) {
		if (*c == '\n' && (c == head || c[-1] != '\r'))
			wire[n++] = '\r';
		wire[n++] = *c;
	}
	n += (size_t)snprintf(wire + n, sizeof(wire) - n, "Content-Length: %zu\r\n\r\n%s",
		body ? strlen(body) : 0, body ? body : "");
	assert(n < sizeof(wire));
	stage_bytes(from, wire, n);
}

void stage_sayf(const char *from, const char *body, const char *head, ...)
{
	char text[STAGE_TEXT];
	va_list args;

	va_start(args, head);
	int n = vsnprintf(text, sizeof(text), head, args);
	va_end(args);
	assert(n > 0 && (size_t)n < sizeof(text));
	stage_say(from, text, body);
}

void stage_pass(uint64_t ms)
{
	uint64_t until = stage.clock.now_ms + ms;

	// In steps, so that what is said carries the time at which it was.
	while (stage.clock.now_ms < until) {
		uint64_t next = stage.clock.now_ms + 10;

		clock_advance(&stage.clock, next < until ? next : until);
	}
}

const struct said *stage_next(void)
{
	static const struct said nothing;

	return stage.heard_n < stage.said_n ? &stage.said[stage.heard_n++] : &nothing;
}

const struct told *stage_told(void)
{
	static const struct told nothing = { .kind = SIP_EVENT_COUNT };

	return stage.known_n < stage.told_n ? &stage.told[stage.known_n++] : &nothing;
}

static char *scratch(void)
{
	static char buf[8][1024];
	static unsigned at;

	return buf[at++ % 8];
}

const char *stage_value(const struct said *said, const char *name)
{
	char mark[64];
	char *out = scratch();

	snprintf(mark, sizeof(mark), "\r\n%s: ", name);
	const char *at = strstr(said->text, mark);
	out[0] = '\0';
	if (at != NULL) {
		at += strlen(mark);
		snprintf(out, 1024, "%.*s", (int)strcspn(at, "\r\n"), at);
	}
	return out;
}

static const char *after(const char *value, const char *mark)
{
	const char *at = strstr(value, mark);
	char *out = scratch();

	out[0] = '\0';
	if (at != NULL) {
		at += strlen(mark);
		snprintf(out, 1024, "%.*s", (int)strcspn(at, ";,\r\n"), at);
	}
	return out;
}

const char *stage_tag(const struct said *said, const char *name)
{
	return after(stage_value(said, name), ";tag=");
}

const char *stage_branch(const struct said *said)
{
	return after(stage_value(said, "Via"), "branch=");
}

uint32_t stage_unheard(void)
{
	return stage.said_n - stage.heard_n;
}

void stage_deaf(void)
{
	stage.said_n = stage.heard_n = 0;
	stage.told_n = stage.known_n = 0;
}
