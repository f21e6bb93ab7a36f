// SPDX-License-Identifier: BSD-3-Clause
//
// Calls from us, as transcripts: answered, refused, cancelled, forked, unanswered.
#include "tests/support/stage_expect.h"

#include <stdio.h>
#include <stdlib.h>

#define R5 "<sip:a;lr>,<sip:b;lr>,<sip:c;lr>,<sip:d;lr>,<sip:e;lr>,"

static struct sip_dialog *d;
static struct said invite;
static int owner;

static void call(void)
{
	struct sip_call_out out = { .uri = "sip:201@10.0.0.2:5060;line=7",
		.from_user = "5551234",
		.from_domain = "acme.example",
		.from_display = "Jane \"JR\" Roe",
		.max_forwards = 67,
		.sdp = STAGE_SDP,
		.sdp_len = strlen(STAGE_SDP) };

	cr_assert(address_read(&out.to, STAGE_PHONE));
	d = sip_invite(stage.sip, &out, &owner);
	cr_assert(d != NULL);
	invite = *expect_said("INVITE sip:201@10.0.0.2:5060;line=7 SIP/2.0\r\n");
}

static void start(void)
{
	stage_start();
	call();
}

TestSuite(call_out, .init = start, .fini = stage_end);

// The phone answers a request of ours.
static void answers(
	const struct said *request, const char *status, const char *tag, const char *sdp)
{
	stage_sayf(STAGE_PHONE, sdp,
		"SIP/2.0 %s\nVia: %s\nFrom: %s\nTo: %s%s%s\nCall-ID: %s\nCSeq: %s\n"
		"Contact: <sip:201@10.0.0.2:5070>\n%s",
		status, stage_value(request, "Via"), stage_value(request, "From"),
		stage_value(request, "To"), tag[0] ? ";tag=" : "", tag,
		stage_value(request, "Call-ID"), stage_value(request, "CSeq"),
		sdp ? "Content-Type: application/sdp\n" : "");
}

static struct said bye_answered(void)
{
	struct said bye = *expect_said("BYE ");

	answers(&bye, "200 OK", "", NULL);
	return bye;
}

Test(call_out, the_invite_says_who_calls_and_where_answers_go)
{
	expect_text(stage_value(&invite, "From"), ({
		static char from[200];
		snprintf(from, sizeof(from),
			"\"Jane \\\"JR\\\" Roe\" <sip:5551234@acme.example>;tag=%s",
			stage_tag(&invite, "From"));
		from;
	}));
	expect_text(stage_value(&invite, "P-Asserted-Identity"),
		"\"Jane \\\"JR\\\" Roe\" <sip:5551234@acme.example>");
	expect_text(stage_value(&invite, "To"), "<sip:201@10.0.0.2:5060;line=7>");
	expect_text(stage_value(&invite, "Contact"), "<sip:10.0.0.1:5060>");
	expect_text(stage_value(&invite, "Max-Forwards"), "67");
	expect_text(stage_value(&invite, "User-Agent"), "layby");
	cr_expect(strstr(invite.text, "\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK") !=
		  NULL);
	cr_expect(strstr(invite.text, "\r\n\r\n" STAGE_SDP) != NULL);
	cr_expect(strstr(invite.text, "100rel") == NULL);
	sip_hangup(d, 0, NULL);
}

Test(call_out, answered_acknowledged_and_hung_up_by_the_phone)
{
	answers(&invite, "100 Trying", "", NULL);
	expect_untold();
	answers(&invite, "180 Ringing", "phone", NULL);
	expect_number(expect_told(RINGING)->code, 180);
	answers(&invite, "200 OK", "phone", STAGE_SDP);
	const struct told *answered = expect_told(ANSWERED);
	cr_expect(answered->sdp);
	cr_expect(answered->owner == &owner);
	const struct said *ack = expect_said("ACK sip:201@10.0.0.2:5070 SIP/2.0\r\n");
	expect_text(stage_value(ack, "CSeq"), "1 ACK");
	expect_text(stage_tag(ack, "To"), "phone");
	expect_number(ack->to.port, 5070);
	cr_expect(strcmp(stage_branch(ack), stage_branch(&invite)) != 0);
	stage_sayf(STAGE_PHONE, NULL,
		"BYE sip:10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKbye\n"
		"From: <sip:201@10.0.0.2>;tag=phone\nTo: <sip:5551234@acme.example>;tag=%s\n"
		"Call-ID: %s\nCSeq: 1 BYE\nMax-Forwards: 70\n",
		stage_tag(&invite, "From"), stage_value(&invite, "Call-ID"));
	expect_said("SIP/2.0 200 ");
	expect_told(BYE);
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(call_out, a_repeated_2xx_is_acknowledged_again)
{
	answers(&invite, "200 OK", "phone", STAGE_SDP);
	expect_told(ANSWERED);
	struct said ack = *expect_said("ACK ");
	for (int i = 0; i < 3; i++) {
		answers(&invite, "200 OK", "phone", STAGE_SDP);
		expect_text(expect_said("ACK ")->text, ack.text);
		expect_untold();
	}
	sip_hangup(d, 0, NULL);
	bye_answered();
	// Also when the call is over: a phone that did not hear it goes on asking.
	answers(&invite, "200 OK", "phone", STAGE_SDP);
	expect_text(expect_said("ACK ")->text, ack.text);
}

Test(call_out, another_phone_that_answers_too_is_acknowledged_and_hung_up)
{
	answers(&invite, "180 Ringing", "one", NULL);
	answers(&invite, "180 Ringing", "two", NULL);
	answers(&invite, "200 OK", "one", STAGE_SDP);
	expect_text(stage_tag(expect_said("ACK "), "To"), "one");
	answers(&invite, "200 OK", "two", STAGE_SDP);
	expect_text(stage_tag(expect_said("ACK "), "To"), "two");
	expect_text(stage_tag(expect_said("BYE "), "To"), "two");
	answers(&invite, "200 OK", "two", STAGE_SDP);
	expect_text(stage_tag(expect_said("ACK "), "To"), "two");
	expect_silence();
	expect_told(RINGING);
	expect_told(RINGING);
	expect_told(ANSWERED);
	expect_untold();
	sip_hangup(d, 0, NULL);
	expect_text(stage_tag(expect_said("BYE "), "To"), "one");
}

Test(call_out, a_refusal_is_acknowledged_again_and_again_and_told_once)
{
	answers(&invite, "486 Busy Here", "phone", NULL);
	expect_number(expect_told(REFUSED)->code, 486);
	struct said ack = *expect_said("ACK sip:201@10.0.0.2:5060;line=7 SIP/2.0\r\n");
	expect_text(stage_branch(&ack), stage_branch(&invite));
	expect_text(stage_tag(&ack, "To"), "phone");
	cr_expect(strcasestr(ack.text, "\r\nMax-Forwards: ") != NULL);
	expect_number(sip_dialogs(stage.sip), 0);
	answers(&invite, "486 Busy Here", "phone", NULL);
	expect_text(expect_said("ACK ")->text, ack.text);
	expect_untold();
}

Test(call_out, each_refusal_ends_it)
{
	static const char *const codes[] = { "302 Moved", "401 Unauthorized", "404 Not Found",
		"500 Oops", "503 Later", "603 Decline" };

	sip_hangup(d, 0, NULL);
	stage_pass(40000);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		stage_deaf();
		call();
		answers(&invite, codes[i], "phone", NULL);
		expect_number(expect_told(REFUSED)->code, strtol(codes[i], NULL, 10));
		expect_said("ACK ");
		expect_number(sip_dialogs(stage.sip), 0);
	}
}

Test(call_out, nobody_there_is_408_after_timer_b)
{
	static const uint64_t times[] = { 500, 1500, 3500, 7500, 15500, 31500 };

	stage_pass(31990);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		expect_number(expect_said("INVITE ")->at_ms - invite.at_ms, times[i]);
	expect_silence();
	expect_untold();
	stage_pass(20);
	expect_number(expect_told(REFUSED)->code, 408);
	expect_number(sip_stats(stage.sip)->timeouts, 1);
	expect_silence();
}

Test(call_out, ringing_without_end_is_cancelled_by_the_backstop)
{
	answers(&invite, "180 Ringing", "phone", NULL);
	expect_told(RINGING);
	stage_pass(299000);
	expect_silence();
	stage_pass(1100);
	expect_said("CANCEL ");
	expect_number(expect_told(REFUSED)->code, 408);
}

Test(call_out, cancel_waits_for_the_first_provisional)
{
	sip_hangup(d, 0, NULL);
	expect_silence();
	answers(&invite, "100 Trying", "", NULL);
	struct said cancel = *expect_said("CANCEL sip:201@10.0.0.2:5060;line=7 SIP/2.0\r\n");
	expect_text(stage_branch(&cancel), stage_branch(&invite));
	expect_text(stage_value(&cancel, "To"), stage_value(&invite, "To"));
	expect_text(stage_value(&cancel, "CSeq"), "1 CANCEL");
	answers(&cancel, "200 OK", "phone", NULL);
	answers(&invite, "180 Ringing", "phone", NULL);
	answers(&invite, "487 Request Terminated", "phone", NULL);
	expect_said("ACK ");
	expect_silence();
	expect_untold();
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(call_out, row_33_a_2xx_that_crosses_our_cancel_is_acknowledged_and_hung_up)
{
	answers(&invite, "180 Ringing", "phone", NULL);
	expect_told(RINGING);
	sip_hangup(d, 0, "SIP;cause=200;text=\"Call completed elsewhere\"");
	struct said cancel = *expect_said("CANCEL ");
	expect_text(
		stage_value(&cancel, "Reason"), "SIP;cause=200;text=\"Call completed elsewhere\"");
	answers(&invite, "200 OK", "phone", STAGE_SDP);
	expect_said("ACK sip:201@10.0.0.2:5070 ");
	bye_answered();
	answers(&cancel, "481 Too Late", "phone", NULL);
	expect_untold();
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(call_out, hung_up_and_never_answered_it_is_forgotten)
{
	answers(&invite, "180 Ringing", "phone", NULL);
	sip_hangup(d, 0, NULL);
	stage_pass(70000);
	expect_number(sip_dialogs(stage.sip), 0);
	expect_number(sip_transactions(stage.sip), 0);
	expect_told(RINGING);
	expect_untold();
}

Test(call_out, a_2xx_after_we_gave_up_is_acknowledged_and_hung_up)
{
	stage_pass(32100);
	expect_told(REFUSED);
	stage_deaf();
	answers(&invite, "200 OK", "phone", STAGE_SDP);
	expect_said("ACK ");
	bye_answered();
	expect_untold();
}

Test(call_out, a_2xx_with_more_routes_than_we_keep_is_hung_up_and_told_as_a_refusal)
{
	stage_sayf(STAGE_PHONE, NULL,
		"SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s;tag=phone\nCall-ID: %s\nCSeq: 1 INVITE\n"
		"Contact: <sip:201@10.0.0.2>\nRecord-Route: " R5 R5 "<sip:10.0.0.2;lr>\n",
		stage_value(&invite, "Via"), stage_value(&invite, "From"),
		stage_value(&invite, "To"), stage_value(&invite, "Call-ID"));
	expect_said("ACK ");
	expect_said("BYE ");
	expect_told(REFUSED);
}

Test(call_out, row_45_responses_to_nothing_are_dropped_and_counted)
{
	struct said forged = invite;
	char *branch = strstr(forged.text, "branch=z9hG4bK");

	branch[14] = branch[14] == 'a' ? 'b' : 'a';
	for (int i = 0; i < 3; i++)
		answers(&forged, i == 0 ? "100 Trying" : "200 OK", "x", NULL);
	forged = invite;
	memcpy(strstr(forged.text, "10.0.0.1:5060;rport"), "10.0.0.7", 8);
	answers(&forged, "200 OK", "x", NULL);
	expect_silence();
	expect_untold();
	expect_number(sip_stats(stage.sip)->drop_response, 4);
	sip_hangup(d, 0, NULL);
}

Test(call_out, a_uri_that_would_break_out_of_its_line_is_no_call)
{
	static const char *const uris[] = { "", "201", "sip:", "tel:201", "sip:a@b\r\nX: y",
		"sip:a@b>;x", "mailto:a@b", NULL };
	struct sip_call_out out = { .from_user = "1", .from_domain = "acme.example", .sdp = "" };

	sip_hangup(d, 0, NULL);
	stage_deaf();
	cr_assert(address_read(&out.to, STAGE_PHONE));
	for (size_t i = 0; uris[i] != NULL; i++) {
		out.uri = uris[i];
		cr_expect(sip_invite(stage.sip, &out, NULL) == NULL, "%s", uris[i]);
	}
	expect_silence();
}

Test(call_out, headers_in_a_contact_uri_are_left_out)
{
	struct sip_call_out out = { .uri = "sip:201@10.0.0.2?Route=%3Csip:evil.example%3E",
		.from_user = "a b@c",
		.from_domain = "acme.example",
		.sdp = "" };

	sip_hangup(d, 0, NULL);
	cr_assert(address_read(&out.to, STAGE_PHONE));
	struct sip_dialog *other = sip_invite(stage.sip, &out, NULL);
	cr_assert(other != NULL);
	const struct said *said = expect_said("INVITE sip:201@10.0.0.2 SIP/2.0\r\n");
	cr_expect(strstr(stage_value(said, "From"), "<sip:a%20b%40c@acme.example>") != NULL);
	sip_hangup(other, 0, NULL);
}
