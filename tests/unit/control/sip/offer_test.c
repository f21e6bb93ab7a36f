// SPDX-License-Identifier: BSD-3-Clause
//
// Offers within a call, as transcripts: theirs, ours, and both at once. The call is one of the
// trunk's to us, or one of ours to it.
#include "tests/support/stage_expect.h"

#include <stdio.h>
#include <stdlib.h>

static struct sip_dialog *d;
static char ours[32]; // our tag
static char call_id[64];

static void says(const char *method, unsigned cseq, const char *extra, const char *sdp)
{
	static unsigned n;

	stage_sayf(STAGE_TRUNK, sdp,
		"%s sip:10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKoffer%u\n"
		"From: <sip:jane@trunk.example>;tag=jane\nTo: <sip:100200@10.0.0.1>;tag=%s\n"
		"Call-ID: %s\nCSeq: %u %s\nMax-Forwards: 70\nContact: <sip:jane@10.0.0.9>\n%s%s",
		method, ++n, ours, call_id, cseq, method,
		sdp ? "Content-Type: application/sdp\n" : "", extra);
}

static void answers(const struct said *request, const char *status, const char *sdp)
{
	stage_sayf(STAGE_TRUNK, sdp,
		"SIP/2.0 %s\nVia: %s\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %s\n"
		"Contact: <sip:jane@10.0.0.9>\n%s",
		status, stage_value(request, "Via"), stage_value(request, "From"),
		stage_value(request, "To"), stage_value(request, "Call-ID"),
		stage_value(request, "CSeq"), sdp ? "Content-Type: application/sdp\n" : "");
}

static void call_in(void)
{
	stage_start();
	stage_say(STAGE_TRUNK,
		"INVITE sip:100200@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKcall\n"
		"From: <sip:jane@trunk.example>;tag=jane\nTo: <sip:100200@10.0.0.1>\n"
		"Call-ID: offer\nCSeq: 1 INVITE\nContact: <sip:jane@10.0.0.9>\n"
		"Content-Type: application/sdp\n",
		STAGE_SDP);
	d = expect_told(INVITE)->dialog;
	sip_accept(d, STAGE_SDP, strlen(STAGE_SDP), NULL);
	expect_said("SIP/2.0 100 ");
	snprintf(ours, sizeof(ours), "%s", stage_tag(expect_said("SIP/2.0 200 "), "To"));
	snprintf(call_id, sizeof(call_id), "offer");
	says("ACK", 1, "", NULL);
	expect_told(ACKED);
}

// A call of ours to the trunk instead.
static void call_out(void)
{
	struct sip_call_out out = { .uri = "sip:jane@10.0.0.9",
		.from_user = "201",
		.from_domain = "acme.example",
		.max_forwards = 70,
		.sdp = STAGE_SDP,
		.sdp_len = strlen(STAGE_SDP) };

	sip_hangup(d, 0, NULL);
	stage_pass(40000);
	stage_deaf();
	cr_assert(address_read(&out.to, STAGE_TRUNK));
	d = sip_invite(stage.sip, &out, NULL);
	struct said invite = *expect_said("INVITE ");
	snprintf(ours, sizeof(ours), "%s", stage_tag(&invite, "From"));
	snprintf(call_id, sizeof(call_id), "%s", stage_value(&invite, "Call-ID"));
	stage_sayf(STAGE_TRUNK, STAGE_SDP,
		"SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: <sip:jane@10.0.0.9>;tag=jane\n"
		"Call-ID: %s\nCSeq: 1 INVITE\nContact: <sip:jane@10.0.0.9>\n"
		"Content-Type: application/sdp\n",
		stage_value(&invite, "Via"), stage_value(&invite, "From"), call_id);
	expect_told(ANSWERED);
	expect_said("ACK ");
}

static void end(void)
{
	if (sip_dialogs(stage.sip) > 0)
		sip_hangup(d, 0, NULL);
	stage_end();
}

TestSuite(offer, .init = call_in, .fini = end);

static bool reoffer(void)
{
	return sip_reoffer(d, STAGE_SDP, strlen(STAGE_SDP));
}

// --- theirs

Test(offer, a_re_invite_is_handed_up_and_answered_later)
{
	says("INVITE", 2, "", STAGE_SDP);
	cr_expect(expect_told(OFFER)->sdp);
	expect_said("SIP/2.0 100 ");
	sip_answer_offer(d, STAGE_SDP, strlen(STAGE_SDP));
	const struct said *ok = expect_said("SIP/2.0 200 ");
	expect_text(stage_value(ok, "Contact"), "<sip:10.0.0.1:5060>");
	cr_expect(strstr(ok->text, STAGE_SDP) != NULL);
	stage_pass(510);
	expect_said("SIP/2.0 200 ");
	says("ACK", 2, "", NULL);
	stage_pass(5000);
	expect_silence();
	expect_untold();
}

Test(offer, an_update_is_handed_up_and_answered)
{
	says("UPDATE", 2, "", STAGE_SDP);
	cr_expect(expect_told(OFFER)->sdp);
	expect_silence();
	sip_answer_offer(d, STAGE_SDP, strlen(STAGE_SDP));
	expect_said("SIP/2.0 200 ");
	stage_pass(5000);
	expect_silence();
}

Test(offer, an_update_without_a_description_is_answered_here)
{
	says("UPDATE", 2, "", NULL);
	expect_said("SIP/2.0 200 ");
	expect_untold();
}

Test(offer, a_refused_offer_changes_nothing)
{
	says("INVITE", 2, "", STAGE_SDP);
	expect_told(OFFER);
	expect_said("SIP/2.0 100 ");
	sip_refuse_offer(d, 488);
	expect_said("SIP/2.0 488 ");
	sip_refuse_offer(d, 488);
	sip_answer_offer(d, STAGE_SDP, strlen(STAGE_SDP));
	expect_silence();
}

Test(offer, the_answer_to_our_offer_in_a_2xx_comes_with_the_ack)
{
	says("INVITE", 2, "", NULL);
	cr_expect(!expect_told(OFFER)->sdp);
	expect_said("SIP/2.0 100 ");
	sip_answer_offer(d, STAGE_SDP, strlen(STAGE_SDP));
	expect_said("SIP/2.0 200 ");
	says("ACK", 2, "", STAGE_SDP);
	cr_expect(expect_told(ACKED)->sdp);
}

Test(offer, one_that_nobody_above_answers_is_500)
{
	says("INVITE", 2, "", STAGE_SDP);
	expect_told(OFFER);
	expect_said("SIP/2.0 100 ");
	stage_pass(30100);
	expect_said("SIP/2.0 500 ");
	expect_number(sip_dialogs(stage.sip), 1);
}

Test(offer, a_body_that_is_no_description_is_415)
{
	stage_sayf(STAGE_TRUNK, "hello",
		"INVITE sip:10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKtext\n"
		"From: <sip:jane@trunk.example>;tag=jane\nTo: <sip:100200@10.0.0.1>;tag=%s\n"
		"Call-ID: %s\nCSeq: 2 INVITE\nContact: <sip:jane@10.0.0.9>\n"
		"Max-Forwards: 70\nContent-Type: text/plain\n",
		ours, call_id);
	expect_text(stage_value(expect_said("SIP/2.0 415 "), "Accept"), "application/sdp");
	expect_untold();
}

Test(offer, a_bye_answers_the_pending_offer_487)
{
	says("INVITE", 2, "", STAGE_SDP);
	expect_told(OFFER);
	expect_said("SIP/2.0 100 ");
	says("BYE", 3, "", NULL);
	expect_text(stage_value(expect_said("SIP/2.0 200 "), "CSeq"), "3 BYE");
	expect_text(stage_value(expect_said("SIP/2.0 487 "), "CSeq"), "2 INVITE");
	expect_told(BYE);
}

Test(offer, row_32_a_second_offer_while_one_is_pending_here_is_500_with_retry_after)
{
	says("INVITE", 2, "", STAGE_SDP);
	expect_told(OFFER);
	expect_said("SIP/2.0 100 ");
	for (unsigned i = 0; i < 20; i++) {
		says(i % 2 ? "UPDATE" : "INVITE", 3 + i, "", STAGE_SDP);
		const struct said *later = expect_said("SIP/2.0 500 ");
		const char *after = stage_value(later, "Retry-After");
		cr_expect(after[0] != '\0' && strtol(after, NULL, 10) <= 10, "%s", after);
	}
	expect_untold();
	sip_answer_offer(d, STAGE_SDP, strlen(STAGE_SDP));
	expect_said("SIP/2.0 200 ");
	says("ACK", 2, "", NULL);
}

Test(offer, an_offer_before_the_ack_of_the_last_is_491)
{
	says("INVITE", 2, "", STAGE_SDP);
	expect_said("SIP/2.0 100 ");
	sip_answer_offer(d, STAGE_SDP, strlen(STAGE_SDP));
	expect_said("SIP/2.0 200 ");
	says("INVITE", 3, "", STAGE_SDP);
	expect_said("SIP/2.0 491 ");
	says("ACK", 2, "", NULL);
	says("INVITE", 4, "", STAGE_SDP);
	expect_said("SIP/2.0 100 ");
}

// --- ours

Test(offer, ours_is_agreed_and_acknowledged)
{
	cr_assert(reoffer());
	cr_expect(!reoffer());
	struct said invite = *expect_said("INVITE sip:jane@10.0.0.9 SIP/2.0\r\n");
	answers(&invite, "200 OK", STAGE_SDP);
	cr_expect(expect_told(AGREED)->sdp);
	struct said ack = *expect_said("ACK sip:jane@10.0.0.9 ");
	answers(&invite, "200 OK", STAGE_SDP);
	expect_text(expect_said("ACK ")->text, ack.text);
	expect_untold();
	cr_expect(reoffer());
}

Test(offer, ours_is_denied_and_the_call_goes_on)
{
	cr_assert(reoffer());
	struct said invite = *expect_said("INVITE ");
	answers(&invite, "488 Not Acceptable Here", NULL);
	expect_number(expect_told(DENIED)->code, 488);
	expect_said("ACK ");
	expect_number(sip_dialogs(stage.sip), 1);
	cr_expect(reoffer());
}

Test(offer, a_481_to_ours_is_the_end_of_the_call)
{
	cr_assert(reoffer());
	struct said invite = *expect_said("INVITE ");
	answers(&invite, "481 No Such Call", NULL);
	expect_number(expect_told(LOST)->code, 481);
	expect_said("ACK ");
	expect_silence();
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(offer, no_answer_to_ours_is_the_end_of_the_call)
{
	cr_assert(reoffer());
	stage_pass(32100);
	expect_number(expect_told(LOST)->code, 408);
	stage_pass(40000);
	expect_number(sip_dialogs(stage.sip), 0);
}

// --- both

static void glare(uint64_t least, uint64_t most)
{
	for (int i = 0; i < 5; i++) {
		cr_assert(reoffer());
		struct said invite = *expect_said("INVITE ");
		answers(&invite, "491 Request Pending", NULL);
		expect_said("ACK ");
		expect_untold();
		cr_expect(!reoffer());
		stage_pass(4100);
		struct said again = *expect_said("INVITE ");
		uint64_t waited = again.at_ms - invite.at_ms;
		cr_expect(waited >= least && waited <= most, "%lu ms", (unsigned long)waited);
		cr_expect(strstr(again.text, STAGE_SDP) != NULL);
		answers(&again, "200 OK", STAGE_SDP);
		expect_told(AGREED);
		stage_deaf();
	}
}

Test(offer, row_31_after_491_who_was_called_tries_again_within_2_s)
{
	glare(0, 2000);
}

Test(offer, row_31_after_491_who_called_tries_again_after_2_1_to_4_s)
{
	call_out();
	glare(2100, 4000);
}

Test(offer, row_31_their_offer_while_ours_is_on_its_way_is_491)
{
	cr_assert(reoffer());
	struct said invite = *expect_said("INVITE ");
	says("INVITE", 2, "", STAGE_SDP);
	expect_said("SIP/2.0 491 ");
	says("UPDATE", 3, "", STAGE_SDP);
	expect_said("SIP/2.0 491 ");
	expect_untold();
	expect_number(sip_stats(stage.sip)->glare, 2);
	answers(&invite, "200 OK", STAGE_SDP);
	expect_told(AGREED);
}

Test(offer, glare_without_end_is_denied)
{
	cr_assert(reoffer());
	for (int i = 0; i < 6; i++) {
		struct said invite = *expect_said("INVITE ");
		answers(&invite, "491 Request Pending", NULL);
		expect_said("ACK ");
		for (int ms = 0; ms < 2100 && stage_unheard() == 0; ms += 10)
			stage_pass(10);
	}
	expect_number(expect_told(DENIED)->code, 491);
	expect_silence();
}

Test(offer, ours_waits_for_theirs_after_glare)
{
	cr_assert(reoffer());
	struct said invite = *expect_said("INVITE ");
	answers(&invite, "491 Request Pending", NULL);
	expect_said("ACK ");
	says("INVITE", 2, "", STAGE_SDP);
	expect_told(OFFER);
	expect_said("SIP/2.0 100 ");
	stage_pass(5000);
	expect_silence();
	sip_answer_offer(d, STAGE_SDP, strlen(STAGE_SDP));
	expect_said("SIP/2.0 200 ");
	says("ACK", 2, "", NULL);
	stage_pass(1000);
	expect_said("INVITE ");
}

Test(offer, hung_up_while_ours_is_on_its_way_the_late_2xx_is_acknowledged)
{
	cr_assert(reoffer());
	struct said invite = *expect_said("INVITE ");
	sip_hangup(d, 0, NULL);
	struct said bye = *expect_said("BYE ");
	answers(&invite, "200 OK", STAGE_SDP);
	expect_said("ACK ");
	answers(&bye, "200 OK", NULL);
	expect_untold();
	expect_number(sip_dialogs(stage.sip), 0);
}

Test(offer, nothing_is_offered_before_the_call_is_up)
{
	stage_say(STAGE_TRUNK,
		"INVITE sip:100200@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\n"
		"From: <sip:jane@trunk.example>;tag=other\nTo: <sip:100200@10.0.0.1>\n"
		"Call-ID: other\nCSeq: 1 INVITE\nContact: <sip:jane@10.0.0.9>\n",
		NULL);
	struct sip_dialog *other = expect_told(INVITE)->dialog;
	cr_expect(!sip_reoffer(other, STAGE_SDP, strlen(STAGE_SDP)));
	sip_accept(other, STAGE_SDP, strlen(STAGE_SDP), NULL);
	cr_expect(!sip_reoffer(other, STAGE_SDP, strlen(STAGE_SDP)));
	sip_hangup(other, 0, NULL);
}
