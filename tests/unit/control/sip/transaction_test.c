// SPDX-License-Identifier: BSD-3-Clause
//
// What strangers can cause, and what it costs: repeats, limits, answers that are never longer
// than what they answer, and nothing that stays.
#include "control/sip/linger.h"
#include "control/sip/stats.h"
#include "control/sip/transaction.h"
#include "tests/support/stage_expect.h"

#include <stdio.h>

TestSuite(transaction, .init = stage_start, .fini = stage_end);

#define STRANGER "192.0.2.100:5060"

static void asks(
	const char *from, const char *method, unsigned n, const char *extra, const char *body)
{
	stage_sayf(from, body,
		"%s sip:1@acme.example SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.100:5060;branch=z9hG4bK%s%u\n"
		"From: <sip:9@acme.example>;tag=f\nTo: <sip:1@acme.example>\nCall-ID: c%u\n"
		"CSeq: %u %s\nContact: <sip:9@192.0.2.100>\n%s",
		method, method, n, n, n, method, extra);
}

Test(transaction, each_method_of_a_stranger_has_its_answer)
{
	static const struct {
		const char *what, *method, *extra, *body, *answer;
	} rows[] = {
		{ "OPTIONS", "OPTIONS", "Max-Forwards: 70\n", NULL, "SIP/2.0 200 " },
		{ "an unknown method", "DANCE",
			"Max-Forwards: 70\nSubject: a longer one, please\n"
			"User-Agent: a longer one than this\n",
			NULL, "SIP/2.0 405 " },
		{ "a method in small letters", "invite",
			"Max-Forwards: 70\n"
			"Subject: a longer one, please\nUser-Agent: somebody\n",
			NULL, "SIP/2.0 405 " },
		{ "MESSAGE", "MESSAGE", "Max-Forwards: 70\nContent-Type: text/plain\n",
			"hello, this is some text for you", "SIP/2.0 405 " },
		{ "BYE without a tag", "BYE", "Max-Forwards: 70\n", NULL, "SIP/2.0 481 " },
		{ "UPDATE without a tag", "UPDATE", "Max-Forwards: 70\n", NULL, "SIP/2.0 481 " },
		{ "CANCEL of nothing", "CANCEL", "Max-Forwards: 70\n", NULL, "SIP/2.0 481 " },
		{ "no forwards left", "INVITE", "Max-Forwards: 0\n", NULL, "SIP/2.0 483 " },
		{ "an extension", "INVITE", "Max-Forwards: 70\nRequire: 100rel, x\n", NULL,
			"SIP/2.0 420 " },
		{ "a foreign body", "INVITE",
			"Max-Forwards: 70\nContent-Type: text/plain\nSubject: read\n", "hello",
			"SIP/2.0 415 " },
		{ "an encoded body", "INVITE",
			"Max-Forwards: 70\nContent-Type: application/sdp\nContent-Encoding: gzip\n"
			"Subject: read\n",
			"hello", "SIP/2.0 415 " },
		{ "an answer he cannot read", "INVITE", "Max-Forwards: 70\nAccept: text/plain\n",
			NULL, "SIP/2.0 406 " },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_deaf();
		asks(STRANGER, rows[i].method, i, rows[i].extra, rows[i].body);
		const struct said *said = stage_next();
		cr_expect(strncmp(said->text, rows[i].answer, strlen(rows[i].answer)) == 0,
			"%s: %.120s", rows[i].what, said->text);
		expect_silence();
	}
	expect_untold();
	expect_number(stage.clock.armed, 0);
}

Test(transaction, what_the_network_does_not_take_is_counted_and_said_again)
{
	stage.cut = true;
	asks(STRANGER, "OPTIONS", 1, "Max-Forwards: 70\n", NULL);
	expect_silence();
	expect_number(sip_stats(stage.sip)->unsent, 1);
	expect_number(sip_stats(stage.sip)->sent, 0);
	stage.cut = false;
	asks(STRANGER, "OPTIONS", 1, "Max-Forwards: 70\n", NULL);
	expect_said("SIP/2.0 200 ");
	expect_number(sip_stats(stage.sip)->sent, 1);
}

Test(transaction, an_unsupported_extension_is_named)
{
	asks(STRANGER, "INVITE", 1, "Require: 100rel, x\nMax-Forwards: 70\n", NULL);
	expect_text(stage_value(expect_said("SIP/2.0 420 "), "Unsupported"), "100rel, x");
}

Test(transaction, an_ack_is_never_answered)
{
	static const char *const acks[] = {
		"ACK sip:1@acme.example SIP/2.0\r\n\r\n",
		"ACK sip:1@acme.example SIP/7.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n",
		"ACK tel:1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n",
	};

	for (size_t i = 0; i < 3; i++)
		stage_bytes(STRANGER, acks[i], strlen(acks[i]));
	asks(STRANGER, "ACK", 1, "", NULL);
	expect_silence();
	expect_number(sip_stats(stage.sip)->drop_ack, 1);
}

Test(transaction, answers_go_where_rfc_3581_says)
{
	static const struct {
		const char *via, *written;
		unsigned port;
	} rows[] = {
		{ "192.0.2.100:7777;branch=z9hG4bKa", "192.0.2.100:7777;branch=z9hG4bKa", 7777 },
		{ "192.0.2.100:7777;branch=z9hG4bKb;rport",
			"192.0.2.100:7777;branch=z9hG4bKb;rport=40000;received=192.0.2.100",
			40000 },
		{ "192.0.2.100:7777;rport;branch=z9hG4bKc",
			"192.0.2.100:7777;rport=40000;branch=z9hG4bKc;received=192.0.2.100",
			40000 },
		{ "192.0.2.100:7777;RPORT= ;branch=z9hG4bKd",
			"192.0.2.100:7777;RPORT=40000 ;branch=z9hG4bKd;received=192.0.2.100",
			40000 },
		{ "10.1.1.1;branch=z9hG4bKe", "10.1.1.1;branch=z9hG4bKe;received=192.0.2.100",
			5060 },
		{ "airport.example;branch=z9hG4bKf;rport",
			"airport.example;branch=z9hG4bKf;rport=40000;received=192.0.2.100", 40000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[200];
		stage_sayf("192.0.2.100:40000", NULL,
			"OPTIONS sip:acme.example SIP/2.0\nVia: SIP/2.0/UDP %s\nVia: SIP/2.0/TCP other\n"
			"From: <sip:9@x>;tag=f\nTo: <sip:1@y>\nCall-ID: c\nCSeq: 1 OPTIONS\n"
			"Max-Forwards: 70\nUser-Agent: somebody who asks at length\n",
			rows[i].via);
		const struct said *said = expect_said("SIP/2.0 200 ");
		snprintf(want, sizeof(want), "SIP/2.0/UDP %s", rows[i].written);
		expect_text(stage_value(said, "Via"), want);
		cr_expect(strstr(said->text, "\r\nVia: SIP/2.0/TCP other\r\n") != NULL);
		expect_number(said->to.port, rows[i].port);
	}
}

Test(transaction, the_ack_to_a_challenge_is_known_without_a_memory)
{
	asks(STRANGER, "INVITE", 1, "Max-Forwards: 70\n", NULL);
	const struct said *no = expect_said("SIP/2.0 401 ");
	for (int right = 0; right <= 1; right++)
		stage_sayf(STRANGER, NULL,
			"ACK sip:1@acme.example SIP/2.0\n"
			"Via: SIP/2.0/UDP 192.0.2.100:5060;branch=z9hG4bKINVITE1\n"
			"From: <sip:9@acme.example>;tag=f\nTo: <sip:1@acme.example>;tag=%s\n"
			"Call-ID: c1\nCSeq: 1 ACK\n",
			right ? stage_tag(no, "To") : "wrong");
	expect_silence();
	expect_number(sip_stats(stage.sip)->drop_ack, 1);
}

// --- what strangers may cost

Test(transaction, row_56_no_answer_to_a_stranger_is_longer_than_his_request)
{
	static const char *const methods[] = { "INVITE", "OPTIONS", "BYE", "DANCE", "CANCEL" };
	uint64_t in = 0;

	for (unsigned i = 0; i < 200; i++) {
		char text[1000];
		int n = snprintf(text, sizeof(text),
			"%s sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK%u;rport\r\nf: <sip:c@d>;tag=1\r\n"
			"t: <sip:a@b>\r\ni: %u\r\nCSeq: 1 %s\r\n%.*s\r\n\r\n",
			methods[i % 5], i, i, methods[i % 5], (int)(i / 5) * 3 % 60,
			"Subject: 1234567890123456789012345678901234567890123456789");
		uint32_t before = stage.said_n;
		stage_bytes(STRANGER, text, (size_t)n);
		cr_expect(stage.said_n - before <= 1);
		if (stage.said_n > before &&
			strncmp(stage.said[before].text, "SIP/2.0 401", 11) != 0)
			cr_expect(stage.said[before].len <= (size_t)n, "%d: %s", n,
				stage.said[before].text);
		in += (size_t)n;
	}
	cr_expect(stage.bytes_out <= in, "%lu out, %lu in", (unsigned long)stage.bytes_out,
		(unsigned long)in);
	cr_expect(sip_stats(stage.sip)->quiet > 0, "the shortest cannot be answered");
}

Test(transaction, row_56_challenges_longer_than_the_request_are_few_a_second)
{
	for (unsigned i = 0; i < 300; i++)
		stage_sayf(STRANGER, NULL,
			"REGISTER sip:b SIP/2.0\nv: SIP/2.0/UDP h;branch=z9hG4bK%u\nf: <sip:c@b>;tag=1\n"
			"t: <sip:c@b>\ni: %u\nCSeq: 1 REGISTER\n",
			i, i);
	expect_number(stage.said_n, 20);
	stage_pass(1000);
	stage_sayf(STRANGER, NULL,
		"REGISTER sip:b SIP/2.0\nv: SIP/2.0/UDP h;branch=z9hG4bKx\nf: <sip:c@b>;tag=1\n"
		"t: <sip:c@b>\ni: x\nCSeq: 1 REGISTER\n%s",
		"");
	expect_number(stage.said_n, 21);
}

Test(transaction, refusals_from_raw_text_are_rate_limited)
{
	for (unsigned i = 0; i < 1200; i++)
		stage_sayf(STRANGER, NULL,
			"OPTIONS sip:b SIP/7.0\nv: SIP/2.0/UDP h;branch=z9hG4bK%u\nf: <sip:c@b>;tag=1\n"
			"t: <sip:c@b>\ni: %u\nCSeq: 1 OPTIONS\nSubject: a long way to go for nothing\n",
			i, i);
	expect_number(sip_stats(stage.sip)->sent, 500);
	expect_number(sip_stats(stage.sip)->quiet, 700);
	expect_number(sip_stats(stage.sip)->bad_version, 1200);
}

Test(transaction, row_55_a_flood_of_invites_leaves_nothing)
{
	for (unsigned i = 0; i < 5000; i++) {
		asks(STRANGER, "INVITE", i, "Max-Forwards: 70\nContent-Type: application/sdp\n",
			STAGE_SDP);
		if (stage.said_n == STAGE_SAID)
			stage_deaf();
	}
	expect_number(sip_transactions(stage.sip), 0);
	expect_number(sip_dialogs(stage.sip), 0);
	expect_number(stage.clock.armed, 0);
	expect_number(sip_stats(stage.sip)->challenges, 5000);
}

// --- limits of our own

static void crowded(void)
{
	stage.dialogs_max = 3;
	stage.transactions_max = 5;
	stage_start();
}

static void call_of_the_trunk(unsigned n)
{
	stage_sayf(STAGE_TRUNK, NULL,
		"INVITE sip:1@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKcall%u\n"
		"From: <sip:2@x>;tag=f%u\nTo: <sip:1@x>\nCall-ID: call%u\nCSeq: 1 INVITE\n"
		"Contact: <sip:2@10.0.0.9>\nMax-Forwards: 70\n",
		n, n, n);
}

TestSuite(crowd, .init = crowded, .fini = stage_end);

Test(crowd, a_call_above_the_limit_is_503_with_retry_after)
{
	for (unsigned i = 0; i < 3; i++) {
		call_of_the_trunk(i);
		expect_said("SIP/2.0 100 ");
	}
	call_of_the_trunk(3);
	cr_expect(stage_value(expect_said("SIP/2.0 503 "), "Retry-After")[0] != '\0');
	expect_number(sip_stats(stage.sip)->overload, 1);
	expect_number(sip_dialogs(stage.sip), 3);
	struct sip_call_out out = { .uri = "sip:1@10.0.0.9", .from_domain = "x", .sdp = "" };
	cr_expect(sip_invite(stage.sip, &out, NULL) == NULL);
	for (int i = 0; i < 3; i++)
		sip_refuse(expect_told(INVITE)->dialog, 486, NULL);
	call_of_the_trunk(4);
	expect_told(INVITE);
	sip_refuse(stage.told[stage.known_n - 1].dialog, 486, NULL);
}

Test(crowd, transactions_above_the_limit_are_refused_from_raw_text)
{
	struct sip_dialog *d[5];
	stage.sip = sip_free(stage.sip);
	stage.dialogs_max = 100;
	stage_start();
	for (unsigned i = 0; i < 5; i++) {
		call_of_the_trunk(i);
		d[i] = expect_told(INVITE)->dialog;
	}
	stage_deaf();
	asks(STRANGER, "OPTIONS", 1, "Max-Forwards: 70\nSubject: a question, please\n", NULL);
	cr_expect(stage_value(expect_said("SIP/2.0 503 "), "Retry-After")[0] != '\0');
	expect_number(sip_stats(stage.sip)->drop_busy, 1);
	expect_number(sip_transactions(stage.sip), 5);
	for (int i = 0; i < 5; i++)
		sip_refuse(d[i], 486, NULL);
}

Test(crowd, what_lingers_is_bounded_too)
{
	for (unsigned i = 0; i < 100; i++) {
		call_of_the_trunk(i);
		sip_refuse(stage.told[stage.told_n - 1].dialog, 486, NULL);
		stage_deaf();
	}
	cr_expect(stage.clock.armed <= 20, "%lu", (unsigned long)stage.clock.armed);
	cr_expect(sip_stats(stage.sip)->forgotten > 0);
}

Test(transaction, an_answer_that_is_too_long_to_keep_only_swallows_repeats)
{
	char text[2000];
	size_t n = (size_t)sprintf(text,
		"INVITE sip:1@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKlong\n"
		"From: <sip:2@x>;tag=f\nTo: <sip:1@x>\nCall-ID: long\nCSeq: 1 INVITE\n"
		"Contact: <sip:2@10.0.0.9>\n");
	for (int i = 0; i < 30; i++)
		n += (size_t)sprintf(
			text + n, "Via: SIP/2.0/UDP proxy%d.on.a.long.way.example\n", i);
	stage_say(STAGE_TRUNK, text, NULL);
	sip_refuse(expect_told(INVITE)->dialog, 486, NULL);
	expect_said("SIP/2.0 100 ");
	cr_expect(expect_said("SIP/2.0 486 ")->len > LINGER_BYTES_MAX);
	stage_say(STAGE_TRUNK, text, NULL);
	stage_pass(40000);
	expect_silence();
	expect_untold();
}
