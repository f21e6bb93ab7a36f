// SPDX-License-Identifier: BSD-3-Clause
//
// Datagrams to a whole endpoint that has a trunk, a user and somebody above who answers. The
// input is a list of datagrams, each ended by a line "%%" and begun by two letters: who sends
// (t: the trunk, p: the phone, s: a stranger), and how long it takes until then (a..z, from
// nothing to two minutes, each step twice the last but the first).
//
// What must hold: no more transactions and dialogs than allowed; a stranger gets at most one
// answer to a datagram, hardly longer than it; when all timers have run out nothing is left.
#include "control/sip/digest.h"
#include "control/sip/sip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { DIALOGS_MAX = 4, TRANSACTIONS_MAX = 8, MORE_MAX = 300, FOREVER_S = 2000 };

static const char answer[] = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\n"
			     "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

static struct sip *sip;
static struct clock clock_;
static unsigned steps; // what the layer above does next
static size_t said_n, said_bytes;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool send(void *, const struct address *, const char *, size_t len)
{
	must(len > 0 && len < 8192);
	said_n++;
	said_bytes += len;
	return true;
}

// Somebody above who does one thing after the other, whatever it is.
static void decide(struct sip_dialog *d)
{
	switch (steps++ % 5) {
	case 0:
		sip_ring(d, 180);
		sip_accept(d, answer, sizeof(answer) - 1, "100");
		break;
	case 1:
		sip_refuse(d, 486, "full");
		break;
	case 2:
		break; // later, or never
	case 3:
		sip_accept(d, answer, sizeof(answer) - 1, NULL);
		sip_hangup(d, 0, NULL);
		break;
	default:
		sip_hangup(d, 404, "SIP;cause=404");
		break;
	}
}

static void happen(void *, const struct sip_event *event)
{
	must(event->dialog != NULL && event->kind < SIP_EVENT_COUNT);
	must((event->kind == SIP_EV_INVITE) == (event->call != NULL));
	if (event->kind == SIP_EV_INVITE)
		decide(event->dialog);
	else if (event->kind == SIP_EV_OFFER && steps++ % 3 > 0)
		sip_answer_offer(event->dialog, answer, sizeof(answer) - 1);
	else if (event->kind == SIP_EV_ACKED && steps++ % 2 > 0)
		(void)sip_reoffer(event->dialog, answer, sizeof(answer) - 1);
	else if (event->kind == SIP_EV_RINGING && steps++ % 2 > 0)
		sip_hangup(event->dialog, 0, NULL);
}

static bool ha1(void *, const char *user, const char *domain, char out[SIP_HA1_LEN + 1])
{
	digest_ha1(user, domain, "secret", out);
	return strcmp(user, "201") == 0;
}

static bool is_domain(void *, const char *name)
{
	return strcmp(name, "acme.example") == 0;
}

static bool is_trunk(void *, const struct address *source)
{
	return source->ip[15] == 9;
}

static struct address at(uint8_t last)
{
	return (struct address){ .ip = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = last },
		.port = 5060 };
}

static void begin(void)
{
	struct sip_ops ops = {
		.send = send, .happen = happen, .ha1 = ha1, .domain = is_domain, .trunk = is_trunk
	};
	struct sip_plan plan = { .local = at(1),
		.seed = { 1, 2 },
		.dialogs_max = DIALOGS_MAX,
		.transactions_max = TRANSACTIONS_MAX,
		.contacts_max = 8,
		.register_min_s = 60,
		.register_max_s = 3600 };
	struct sip_call_out call = { .uri = "sip:201@10.0.0.2",
		.to = at(2),
		.from_user = "1",
		.from_domain = "acme.example",
		.max_forwards = 70,
		.sdp = answer,
		.sdp_len = sizeof(answer) - 1 };

	clock_init(&clock_, 1000);
	sip = sip_new(&plan, &ops, &clock_);
	must(sip != NULL);
	steps = 0;
	// One call of ours, so that responses have something to be for.
	must(sip_invite(sip, &call, NULL) != NULL);
}

static void deliver(char who, const char *bytes, size_t len)
{
	struct address from = at(who == 't' ? 9 : (who == 'p' ? 2 : 66));
	bool stranger = who != 't' && who != 'p';

	said_n = said_bytes = 0;
	sip_receive(sip, bytes, len, &from, clock_.now_ms);
	must(sip_dialogs(sip) <= DIALOGS_MAX);
	// A call that is up may say BYE, ACK and OPTIONS beyond what strangers can begin.
	must(sip_transactions(sip) <= TRANSACTIONS_MAX + 4 * DIALOGS_MAX);
	must(!stranger || (said_n <= 1 && said_bytes <= len + MORE_MAX));
}

static void pass(char letter)
{
	uint64_t ms = letter >= 'b' && letter <= 'r' ? 1ULL << (letter - 'b') : 0;

	clock_advance(&clock_, clock_.now_ms + ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *rest = (const char *)data;
	size_t left = len;

	begin();
	while (left >= 2) {
		const char *end = memmem(rest, left, "\n%%\n", 4);
		size_t n = end ? (size_t)(end - rest) + 1 : left;

		if (n >= 2) {
			pass(rest[1]);
			deliver(rest[0], rest + 2, n - 2);
		}
		rest += n;
		left -= n;
		size_t mark = left < 3 ? left : 3;
		rest += end ? mark : 0;
		left -= end ? mark : 0;
	}
	// A call that is up is lost when nobody answers the ping in it.
	for (int s = 0; s < FOREVER_S && sip_dialogs(sip) + sip_transactions(sip) > 0; s++)
		clock_advance(&clock_, clock_.now_ms + 1000);
	must(sip_dialogs(sip) == 0 && sip_transactions(sip) == 0);
	sip = sip_free(sip);
	return 0;
}
