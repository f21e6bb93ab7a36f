// SPDX-License-Identifier: BSD-3-Clause
//
// Calls, as transcripts: what the trunk (10.0.0.9) and we (10.0.0.1) say to each other, and what
// the layer above hears of it.
#include "tests/support/stage_expect.h"

#include <stdio.h>

#define INVITE_HEAD                                                 \
	"INVITE sip:100200@10.0.0.1 SIP/2.0\n"                      \
	"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKinv1\n"       \
	"From: \"Jane Roe\" <sip:5551234@trunk.example>;tag=jane\n" \
	"To: <sip:100200@10.0.0.1>\n"                               \
	"Call-ID: call-1\n"                                         \
	"CSeq: 1 INVITE\n"                                          \
	"Max-Forwards: 68\n"                                        \
	"Contact: <sip:jane@10.0.0.9:5060>\n"

#define INVITE INVITE_HEAD "Content-Type: application/sdp\n"

static void start(void)
{
	stage_start();
}

static void end(void)
{
	stage_end();
}

TestSuite(dialog, .init = start, .fini = end);

// In a dialog that the trunk began; our tag is known from the last answer.
static char tag[32];

static void says(const char *method, unsigned cseq, const char *extra, const char *body)
{
	stage_sayf(STAGE_TRUNK, body,
		"%s sip:10.0.0.1 SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK%s%u\n"
		"From: <sip:5551234@trunk.example>;tag=jane\n"
		"To: <sip:100200@10.0.0.1>;tag=%s\n"
		"Call-ID: call-1\nCSeq: %u %s\nMax-Forwards: 70\n%s",
		method, method, cseq, tag, cseq, method, extra);
}

static void ack(unsigned cseq)
{
	says("ACK", cseq, "", NULL);
}

// A call from the trunk, accepted and acknowledged.
static struct sip_dialog *call_up(void)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	struct sip_dialog *d = stage_told()->dialog;
	expect_said("SIP/2.0 100 ");
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	const struct said *ok = expect_said("SIP/2.0 200 ");
	snprintf(tag, sizeof(tag), "%s", stage_tag(ok, "To"));
	ack(1);
	expect_told(ACKED);
	return d;
}

static void hang_up(void)
{
	says("BYE", 90, "", NULL);
	expect_said("SIP/2.0 200 ");
	expect_told(BYE);
}

// --- calls to us

Test(dialog, a_call_from_the_trunk_is_announced_accepted_acknowledged_and_hung_up)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	const struct told *call = stage_told();
	expect_number(call->kind, SIP_EV_INVITE);
	cr_expect(call->trunk && call->sdp);
	expect_text(call->number, "100200");
	expect_text(call->from, "5551234");
	expect_text(call->display, "Jane Roe");
	expect_text(call->user, "");
	expect_number(call->max_forwards, 67);
	expect_said("SIP/2.0 100 ");

	sip_ring(call->dialog, 180);
	const struct said *ringing = expect_said("SIP/2.0 180 ");
	expect_text(stage_value(ringing, "Contact"), "<sip:10.0.0.1:5060>");

	sip_accept(call->dialog, STAGE_SDP, strlen(STAGE_SDP), "100200");
	const struct said *ok = expect_said("SIP/2.0 200 ");
	cr_expect(strstr(ok->text, STAGE_SDP) != NULL);
	expect_text(stage_tag(ok, "To"), stage_tag(ringing, "To"));
	expect_text(stage_value(ok, "P-Asserted-Identity"), "<sip:100200@10.0.0.1:5060>");
	snprintf(tag, sizeof(tag), "%s", stage_tag(ok, "To"));

	ack(1);
	expect_told(ACKED);
	expect_number(sip_dialogs(stage.sip), 1);
	stage_pass(10000);
	expect_silence();
	hang_up();
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(dialog, an_answer_inside_the_event_spares_the_100)
{
	stage.react = NULL;
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	sip_refuse(stage_told()->dialog, 486, "lot full");
	const struct said *busy = expect_said("SIP/2.0 486 ");
	expect_text(stage_value(busy, "Warning"), "399 layby \"lot full\"");
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(dialog, a_503_says_when_to_come_again)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	sip_hangup(stage_told()->dialog, 503, NULL);
	expect_text(stage_value(expect_said("SIP/2.0 503 "), "Retry-After"), "10");
}

static void refuse_at_once(const struct sip_event *event)
{
	if (event->kind == SIP_EV_INVITE)
		sip_refuse(event->dialog, 404, NULL);
}

Test(dialog, a_refusal_inside_the_event_is_repeated_until_the_ack_and_then_quiet)
{
	stage.react = refuse_at_once;
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	const struct said *refusal = expect_said("SIP/2.0 404 ");
	snprintf(tag, sizeof(tag), "%s", stage_tag(refusal, "To"));
	stage_pass(510);
	expect_said("SIP/2.0 404 ");
	stage_sayf(STAGE_TRUNK, NULL,
		"ACK sip:100200@10.0.0.1 SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKinv1\n"
		"From: \"Jane Roe\" <sip:5551234@trunk.example>;tag=jane\n"
		"To: <sip:100200@10.0.0.1>;tag=%s\n"
		"Call-ID: call-1\nCSeq: 1 ACK\nMax-Forwards: 70\n",
		tag);
	stage_pass(40000);
	expect_silence();
}

Test(dialog, row_27_a_repeated_invite_makes_one_call_and_hears_the_last_answer)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	struct sip_dialog *d = stage_told()->dialog;
	for (int i = 0; i < 100; i++) {
		stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
		expect_said("SIP/2.0 100 ");
	}
	sip_ring(d, 180);
	expect_said("SIP/2.0 180 ");
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 180 ");
	expect_untold();
	expect_number(sip_dialogs(stage.sip), 1);
	sip_refuse(d, 486, NULL);
	expect_said("SIP/2.0 486 ");
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 486 ");
	expect_untold();
}

Test(dialog, row_28_the_same_invite_by_another_way_is_merged)
{
	call_up();
	stage_deaf();
	for (int i = 0; i < 2; i++) {
		stage_sayf(STAGE_TRUNK, STAGE_SDP,
			"INVITE sip:100200@10.0.0.1 SIP/2.0\n"
			"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKother%d\n"
			"From: \"Jane Roe\" <sip:5551234@trunk.example>;tag=jane\n"
			"To: <sip:100200@10.0.0.1>\nCall-ID: call-1\nCSeq: 1 INVITE\n"
			"Contact: <sip:jane@10.0.0.9:5060>\nContent-Type: application/sdp\n",
			i);
		expect_said("SIP/2.0 482 ");
		expect_untold();
		if (i == 0) // also when the call is over, for as long as it may come
			hang_up();
	}
	expect_number(sip_stats(stage.sip)->merged, 2);
}

Test(dialog, row_29_a_2xx_without_ack_is_repeated_for_32_s_and_then_hung_up)
{
	static const uint64_t times[] = { 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500,
		31500 };
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	uint64_t began = stage.clock.now_ms;
	expect_said("SIP/2.0 200 ");
	stage_pass(31990);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		expect_number(expect_said("SIP/2.0 200 ")->at_ms - began, times[i]);
	expect_silence();
	expect_untold();
	stage_pass(10);
	expect_said("BYE sip:jane@10.0.0.9:5060 SIP/2.0\r\n");
	expect_told(UNACKED);
	expect_number(sip_stats(stage.sip)->acks_lost, 1);
}

Test(dialog, row_30_a_bye_whose_200_was_lost_hears_it_again)
{
	call_up();
	hang_up();
	for (int i = 0; i < 3; i++) {
		says("BYE", 90, "", NULL);
		expect_said("SIP/2.0 200 ");
		expect_untold();
	}
	stage_pass(33000);
	says("BYE", 90, "", NULL);
	expect_said("SIP/2.0 481 ");
}

Test(dialog, a_repeated_ack_is_swallowed)
{
	call_up();
	ack(1);
	ack(1);
	expect_silence();
	expect_untold();
	hang_up();
}

Test(dialog, an_invite_repeated_after_our_2xx_is_swallowed)
{
	call_up();
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_silence();
	expect_untold();
	hang_up();
}

Test(dialog, an_ack_with_a_description_hands_it_up)
{
	stage_say(STAGE_TRUNK, INVITE_HEAD, NULL);
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	expect_said("SIP/2.0 100 ");
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	snprintf(tag, sizeof(tag), "%s", stage_tag(expect_said("SIP/2.0 200 "), "To"));
	says("ACK", 1, "Content-Type: application/sdp\n", STAGE_SDP);
	cr_expect(expect_told(ACKED)->sdp);
	hang_up();
}

// --- we hang up

Test(dialog, our_hangup_is_a_bye_with_the_reason)
{
	struct sip_dialog *d = call_up();
	sip_hangup(d, 0, "SIP;cause=200;text=\"over\"");
	const struct said *bye = expect_said("BYE sip:jane@10.0.0.9:5060 SIP/2.0\r\n");
	expect_text(stage_value(bye, "Reason"), "SIP;cause=200;text=\"over\"");
	expect_text(stage_tag(bye, "From"), tag);
	expect_text(stage_value(bye, "To"), "\"Jane Roe\" <sip:5551234@trunk.example>;tag=jane");
	expect_number(sip_transactions(stage.sip), 1);
	stage_sayf(STAGE_TRUNK, NULL,
		"SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %s\n",
		stage_value(bye, "Via"), stage_value(bye, "From"), stage_value(bye, "To"),
		stage_value(bye, "Call-ID"), stage_value(bye, "CSeq"));
	expect_number(sip_dialogs(stage.sip), 0);
	expect_untold();
}

Test(dialog, a_bye_that_nobody_answers_is_repeated_and_given_up)
{
	struct sip_dialog *d = call_up();
	sip_hangup(d, 0, NULL);
	expect_said("BYE ");
	stage_pass(32100);
	expect_number(stage_unheard(), 10); // timer E: 0.5, 1.5, 3.5, 7.5, then every 4 s
	expect_number(sip_dialogs(stage.sip), 0);
	expect_untold();
}

Test(dialog, hung_up_before_the_ack_the_bye_waits_for_it)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	expect_said("SIP/2.0 100 ");
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	snprintf(tag, sizeof(tag), "%s", stage_tag(expect_said("SIP/2.0 200 "), "To"));
	sip_hangup(d, 0, NULL);
	expect_silence();
	ack(1);
	expect_said("BYE ");
	expect_untold();
}

Test(dialog, hung_up_while_ringing_it_is_refused_480)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	sip_hangup(expect_told(INVITE)->dialog, 0, NULL);
	expect_said("SIP/2.0 480 ");
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(dialog, ringing_is_repeated_every_minute)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	sip_ring(d, 180);
	stage_pass(180500);
	for (int i = 0; i < 4; i++)
		expect_said("SIP/2.0 180 ");
	expect_silence();
	sip_hangup(d, 0, NULL);
}

Test(dialog, a_call_that_the_layer_above_forgets_is_ended)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_told(INVITE);
	expect_said("SIP/2.0 100 ");
	stage_pass(600100);
	expect_said("SIP/2.0 480 ");
	expect_told(CANCELLED);
	expect_number(sip_dialogs(stage.sip), 0);
}

// --- CANCEL

static void cancel(void)
{
	stage_say(STAGE_TRUNK,
		"CANCEL sip:100200@10.0.0.1 SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKinv1\n"
		"From: \"Jane Roe\" <sip:5551234@trunk.example>;tag=jane\n"
		"To: <sip:100200@10.0.0.1>\nCall-ID: call-1\nCSeq: 1 CANCEL\n"
		"Max-Forwards: 70\nReason: SIP;cause=487;text=\"the caller gave up\"\n",
		NULL);
}

Test(dialog, row_33_a_cancel_before_our_answer_ends_the_call)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_told(INVITE);
	const struct said *trying = expect_said("SIP/2.0 100 ");
	cancel();
	const struct said *ok = expect_said("SIP/2.0 200 ");
	expect_text(stage_value(ok, "CSeq"), "1 CANCEL");
	expect_text(stage_tag(ok, "To"), stage_tag(trying, "To"));
	const struct said *gone = expect_said("SIP/2.0 487 ");
	expect_text(stage_value(gone, "CSeq"), "1 INVITE");
	expect_told(CANCELLED);
	expect_number(sip_dialogs(stage.sip), 0);
	cancel();
	expect_said("SIP/2.0 200 ");
}

Test(dialog, row_33_a_cancel_after_our_answer_changes_nothing)
{
	call_up();
	cancel();
	expect_said("SIP/2.0 200 ");
	expect_untold();
	expect_number(sip_dialogs(stage.sip), 1);
	hang_up();
}

Test(dialog, a_cancel_for_nothing_is_481)
{
	cancel();
	expect_said("SIP/2.0 481 ");
}

Test(dialog, a_cancel_from_another_address_is_481)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	expect_said("SIP/2.0 100 ");
	stage_say("10.6.6.6:5060",
		"CANCEL sip:100200@10.0.0.1 SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKinv1\n"
		"From: <sip:5551234@trunk.example>;tag=jane\n"
		"To: <sip:100200@10.0.0.1>\nCall-ID: call-1\nCSeq: 1 CANCEL\n"
		"Max-Forwards: 70\nReason: SIP;cause=487;text=\"let me do that for you\"\n",
		NULL);
	expect_said("SIP/2.0 481 ");
	expect_untold();
	sip_refuse(d, 486, NULL);
}

// --- within the dialog

Test(dialog, row_53_a_bye_with_the_right_tags_from_elsewhere_is_481)
{
	call_up();
	stage_sayf("10.6.6.6:5060", NULL,
		"BYE sip:10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.6.6.6:5060;branch=z9hG4bKevil\n"
		"From: <sip:5551234@trunk.example>;tag=jane\nTo: <sip:100200@10.0.0.1>;tag=%s\n"
		"Call-ID: call-1\nCSeq: 90 BYE\nMax-Forwards: 70\n",
		tag);
	expect_said("SIP/2.0 481 ");
	expect_untold();
	expect_number(sip_dialogs(stage.sip), 1);
	hang_up();
}

Test(dialog, a_wrong_tag_on_either_side_is_481)
{
	call_up();
	static const struct {
		const char *from, *to;
	} rows[] = { { "jane", "wrong" }, { "wrong", NULL }, { "", NULL }, { "JANE", NULL } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_sayf(STAGE_TRUNK, NULL,
			"BYE sip:10.0.0.1 SIP/2.0\n"
			"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKtags%zu\n"
			"From: <sip:5551234@trunk.example>;tag=%s\n"
			"To: <sip:100200@10.0.0.1>;tag=%s\n"
			"Call-ID: call-1\nCSeq: 90 BYE\nMax-Forwards: 70\n",
			i, rows[i].from, rows[i].to ? rows[i].to : tag);
		expect_said("SIP/2.0 481 ");
	}
	expect_untold();
	hang_up();
}

Test(dialog, a_request_out_of_order_is_500)
{
	call_up();
	says("INFO", 5, "", NULL);
	expect_said("SIP/2.0 200 ");
	says("OPTIONS", 4, "", NULL);
	expect_said("SIP/2.0 500 ");
	hang_up();
}

Test(dialog, each_method_within_a_call_has_its_answer)
{
	static const struct {
		const char *method, *answer;
	} rows[] = {
		{ "INFO", "SIP/2.0 200 " },
		{ "OPTIONS", "SIP/2.0 200 " },
		{ "PRACK", "SIP/2.0 481 " },
		{ "REFER", "SIP/2.0 405 " },
		{ "SUBSCRIBE", "SIP/2.0 405 " },
		{ "NOTIFY", "SIP/2.0 405 " },
		{ "MESSAGE", "SIP/2.0 405 " },
	};
	call_up();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		says(rows[i].method, 10 + i, "", NULL);
		const struct said *answer = expect_said(rows[i].answer);
		if (strstr(rows[i].answer, "405") != NULL)
			cr_expect(strstr(stage_value(answer, "Allow"), "INVITE") != NULL);
	}
	expect_untold();
	hang_up();
}

Test(dialog, a_required_extension_is_420_within_a_call_too)
{
	call_up();
	says("UPDATE", 10, "Require: 100rel\n", NULL);
	const struct said *bad = expect_said("SIP/2.0 420 ");
	expect_text(stage_value(bad, "Unsupported"), "100rel");
	hang_up();
}

Test(dialog, a_bye_before_our_ack_came_ends_the_call)
{
	stage_say(STAGE_TRUNK, INVITE, STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	sip_accept(expect_told(INVITE)->dialog, STAGE_SDP, strlen(STAGE_SDP), NULL);
	snprintf(tag, sizeof(tag), "%s", stage_tag(expect_said("SIP/2.0 200 "), "To"));
	hang_up();
	stage_pass(5000);
	expect_silence();
}

Test(dialog, requests_follow_the_route_set_and_the_new_contact)
{
	stage_sayf(STAGE_TRUNK, STAGE_SDP,
		INVITE "Record-Route: <sip:10.0.0.9:5080;lr>, <sip:edge.example;lr>\n%s", "");
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	expect_said("SIP/2.0 100 ");
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	const struct said *ok = expect_said("SIP/2.0 200 ");
	expect_text(
		stage_value(ok, "Record-Route"), "<sip:10.0.0.9:5080;lr>, <sip:edge.example;lr>");
	snprintf(tag, sizeof(tag), "%s", stage_tag(ok, "To"));
	ack(1);
	says("UPDATE", 5, "Contact: <sip:jane@10.0.0.9:7777>\n", NULL);
	expect_said("SIP/2.0 200 ");
	sip_hangup(d, 0, NULL);
	const struct said *bye = expect_said("BYE sip:jane@10.0.0.9:7777 SIP/2.0\r\n"
					     "Route: <sip:10.0.0.9:5080;lr>\r\n"
					     "Route: <sip:edge.example;lr>\r\n");
	expect_number(bye->to.port, 5080);
}

Test(dialog, a_strict_router_becomes_the_request_uri)
{
	stage_sayf(STAGE_TRUNK, STAGE_SDP, INVITE "Record-Route: <sip:10.0.0.9:5080>\n%s", "");
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	expect_said("SIP/2.0 100 ");
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	snprintf(tag, sizeof(tag), "%s", stage_tag(expect_said("SIP/2.0 200 "), "To"));
	ack(1);
	sip_hangup(d, 0, NULL);
	expect_said("BYE sip:10.0.0.9:5080 SIP/2.0\r\nRoute: <sip:jane@10.0.0.9:5060>\r\n");
}

Test(dialog, a_contact_that_names_a_third_party_is_not_followed)
{
	stage_sayf(STAGE_TRUNK, STAGE_SDP,
		"INVITE sip:100200@10.0.0.1 SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKinv1\n"
		"From: <sip:5551234@trunk.example>;tag=jane\nTo: <sip:100200@10.0.0.1>\n"
		"Call-ID: call-1\nCSeq: 1 INVITE\nContact: <sip:victim@192.0.2.66:5060>\n"
		"Content-Type: application/sdp\n%s",
		"");
	struct sip_dialog *d = expect_told(INVITE)->dialog;
	expect_said("SIP/2.0 100 ");
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	snprintf(tag, sizeof(tag), "%s", stage_tag(expect_said("SIP/2.0 200 "), "To"));
	ack(1);
	cr_expect(sip_behind_nat(d));
	sip_hangup(d, 0, NULL);
	const struct said *bye = expect_said("BYE sip:victim@192.0.2.66:5060 SIP/2.0\r\n");
	struct address trunk;
	cr_assert(address_read(&trunk, STAGE_TRUNK));
	cr_expect(address_same(&bye->to, &trunk));
}

Test(dialog, a_peer_that_vanished_is_found_by_options)
{
	call_up();
	stage_pass(300100);
	expect_said("OPTIONS sip:jane@10.0.0.9:5060 SIP/2.0\r\n");
	stage_pass(32000);
	expect_told(LOST);
	stage_pass(40000);
	expect_number(sip_dialogs(stage.sip), 0);
}
