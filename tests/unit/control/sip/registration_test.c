// SPDX-License-Identifier: BSD-3-Clause
//
// REGISTER and who may pass, as transcripts: phone 201 of acme.example, password secret.
#include "control/sip/registrar.h"
#include "tests/support/stage_digest.h"
#include "tests/support/stage_expect.h"

#include <stdio.h>

TestSuite(registration, .init = stage_start, .fini = stage_end);

#define URI  "sip:acme.example"
#define HOME "Contact: <sip:201@10.0.0.2:5060>\n"

static unsigned cseq;
static unsigned nc;
static struct said challenge_kept; // the last 401

struct
try {
	const char *from; // address; NULL: the phone's
	const char *via;  // NULL: the phone's
	const char *to;   // NULL: 201's
	const char *user, *password;
	const char *headers; // Contact, Expires
	const char *call_id; // NULL: "register"
};

static void send(const struct try *t, const char *authorization)
{
	const char *to = t->to ? t->to : "<sip:201@acme.example>";

	cseq++;
	stage_sayf(t->from ? t->from : STAGE_PHONE, NULL,
		"REGISTER " URI " SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bKreg%u;rport\n"
		"From: %s;tag=phone\nTo: %s\nCall-ID: %s\nCSeq: %u REGISTER\nMax-Forwards: 70\n"
		"User-Agent: phone\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\n%s%s",
		t->via ? t->via : STAGE_PHONE, cseq, to, to, t->call_id ? t->call_id : "register",
		cseq, t->headers ? t->headers : "", authorization);
}

// The whole exchange. Returns the answer to the second try.
static const struct said *registers(struct try t)
{
	send(&t, "");
	challenge_kept = *expect_said("SIP/2.0 401 ");
	nc = 1;
	send(&t, stage_authorization(&challenge_kept, "REGISTER", URI, t.user ? t.user : "201",
			 t.password ? t.password : "secret", nc));
	return stage_next();
}

static uint32_t found(struct contact out[REGISTRAR_CONTACTS_MAX])
{
	return registrar_find(sip_registrar(stage.sip), "201", "acme.example", out);
}

Test(registration, a_phone_is_challenged_and_then_found_at_its_contact)
{
	struct contact c[REGISTRAR_CONTACTS_MAX];
	const struct said *ok = registers((struct try){ .headers = HOME "Expires: 600\n" });

	cr_assert(strncmp(ok->text, "SIP/2.0 200 ", 12) == 0, "%s", ok->text);
	expect_text(stage_value(ok, "Contact"), "<sip:201@10.0.0.2:5060>;expires=600");
	expect_number(found(c), 1);
	expect_text(c[0].uri, "sip:201@10.0.0.2:5060");
	cr_expect(!c[0].nat);
	expect_number(sip_stats(stage.sip)->registers, 1);
	expect_number(sip_stats(stage.sip)->challenges, 1);
}

Test(registration, a_repeated_register_hears_the_same_answer)
{
	char first[STAGE_TEXT];
	struct try t = { .headers = HOME };

	strcpy(first, registers(t)->text);
	cseq--;
	send(&t, stage_authorization(&challenge_kept, "REGISTER", URI, "201", "secret", 1));
	expect_text(stage_next()->text, first);
	expect_number(sip_stats(stage.sip)->registers, 1);
	expect_number(sip_stats(stage.sip)->repeats, 1);
}

Test(registration, each_expiry_has_its_answer)
{
	static const struct {
		const char *headers, *status, *contact;
	} rows[] = {
		{ HOME, "SIP/2.0 200 ", "<sip:201@10.0.0.2:5060>;expires=3600" },
		{ HOME "Expires: 99999999999999\n", "SIP/2.0 200 ",
			"<sip:201@10.0.0.2:5060>;expires=3600" },
		{ HOME "Expires: soon\n", "SIP/2.0 200 ", "<sip:201@10.0.0.2:5060>;expires=3600" },
		{ "Contact: <sip:201@10.0.0.2:5060>;expires=120\nExpires: 600\n", "SIP/2.0 200 ",
			"<sip:201@10.0.0.2:5060>;expires=120" },
		{ HOME "Expires: 59\n", "SIP/2.0 423 ", "" },
		{ HOME "Expires: 60\n", "SIP/2.0 200 ", "<sip:201@10.0.0.2:5060>;expires=60" },
		{ "", "SIP/2.0 200 ", "<sip:201@10.0.0.2:5060>;expires=60" }, // only asks
		{ HOME "Expires: 0\n", "SIP/2.0 200 ", "" },
		{ HOME, "SIP/2.0 200 ", "<sip:201@10.0.0.2:5060>;expires=3600" },
		{ "Contact: *\nExpires: 600\n", NULL, NULL },
		{ "Contact: *, <sip:201@10.0.0.2>\nExpires: 0\n", NULL, NULL },
		{ "Contact: *\nExpires: 0\n", "SIP/2.0 200 ", "" },
		{ "Contact: <tel:201>\n", NULL, NULL },
		{ "Contact: sip:201@10.0.0.2?Route=x\n", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct try t = { .headers = rows[i].headers };
		if (rows[i].status == NULL) { // refused before anybody is asked who he is
			send(&t, "");
			expect_said("SIP/2.0 400 ");
			continue;
		}
		const struct said *answer = registers(t);
		cr_expect(strncmp(answer->text, rows[i].status, strlen(rows[i].status)) == 0,
			"%s: %.100s", rows[i].headers, answer->text);
		expect_text(stage_value(answer, "Contact"), rows[i].contact);
		if (strstr(rows[i].status, "423") != NULL)
			expect_text(stage_value(answer, "Min-Expires"), "60");
	}
}

Test(registration, nat_is_told_contact_by_contact)
{
	static const struct {
		const char *what, *from, *via, *contact, *to;
		bool nat;
	} rows[] = {
		{ "at home", "10.0.0.2:5060", "10.0.0.2:5060", "10.0.0.2:5060", "10.0.0.2:5060",
			false },
		{ "other port, same address", "10.0.0.2:1024", "10.0.0.2:5060", "10.0.0.2:5060",
			"10.0.0.2:5060", false },
		{ "private contact", "198.51.100.7:2222", "198.51.100.7:2222", "192.168.1.2:5060",
			"198.51.100.7:2222", true },
		{ "private Via", "198.51.100.7:2222", "192.168.1.2:5060", "198.51.100.7:5060",
			"198.51.100.7:2222", true },
		{ "somebody else's", "10.0.0.2:5060", "10.0.0.2:5060", "192.0.2.66:5060",
			"10.0.0.2:5060", true },
		{ "a name", "10.0.0.2:5060", "10.0.0.2:5060", "phone.example:5060", "10.0.0.2:5060",
			true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct contact c[REGISTRAR_CONTACTS_MAX];
		char headers[200], to[ADDRESS_TEXT_MAX];
		snprintf(headers, sizeof(headers), "Contact: <sip:201@%s>\n", rows[i].contact);
		registers((struct try){
			.from = rows[i].from, .via = rows[i].via, .headers = headers });
		cr_assert(found(c) >= 1, "%s", rows[i].what);
		expect_text(address_text(&c[0].to, to, sizeof(to)), rows[i].to);
		cr_expect(c[0].nat == rows[i].nat, "%s", rows[i].what);
		registers((struct try){ .from = rows[i].from,
			.via = rows[i].via,
			.headers = "Contact: *\nExpires: 0\n" });
	}
}

Test(registration, headers_in_a_contact_are_not_kept)
{
	struct contact c[REGISTRAR_CONTACTS_MAX];

	registers((struct try){
		.headers = "Contact: <sip:201@10.0.0.2?Route=%3Csip:evil.example%3E>\n" });
	expect_number(found(c), 1);
	expect_text(c[0].uri, "sip:201@10.0.0.2");
}

Test(registration, only_the_own_address_of_record_is_registered)
{
	static const char *const others[] = { "<sip:202@acme.example>", "<sip:201@other.example>",
		"<sip:201%00@acme.example>", "<sip:acme.example>", "<sip:2O1@acme.example>" };
	struct contact c[REGISTRAR_CONTACTS_MAX];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		// The challenge is for acme.example, by the request URI.
		const struct said *no = registers((struct try){ .to = others[i], .headers = HOME });
		cr_expect(strncmp(no->text, "SIP/2.0 403 ", 12) == 0, "%s: %.100s", others[i],
			no->text);
	}
	expect_number(found(c), 0);
	expect_number(registrar_count(sip_registrar(stage.sip)), 0);
}

Test(registration, one_order_of_things_is_kept)
{
	cseq = 10;
	const struct said *answer = registers((struct try){ .headers = HOME });
	cr_assert(strncmp(answer->text, "SIP/2.0 200 ", 12) == 0);
	cseq = 5;
	answer = registers((struct try){ .headers = HOME "Expires: 0\n" });
	cr_expect(strncmp(answer->text, "SIP/2.0 500 ", 12) == 0, "%.100s", answer->text);
}

Test(registration, row_57_unknown_users_domains_and_passwords_look_alike)
{
	static const struct {
		const char *user, *password, *to;
	} rows[] = { { "201", "wrong!", NULL }, { "999", "secret", NULL },
		{ "201", "secret", "<sip:201@none.example>" } };
	size_t len[3], first[3];

	for (size_t i = 0; i < 3; i++) {
		struct try t = {
			.user = rows[i].user, .password = rows[i].password, .headers = HOME
		};

		if (rows[i].to != NULL) { // same length of name, no such account
			stage_deaf();
			cseq++;
			stage_sayf(STAGE_PHONE, NULL,
				"REGISTER sip:none.example SIP/2.0\n"
				"Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKreg%u;rport\n"
				"From: <sip:201@none.example>;tag=phone\nTo: <sip:201@none.example>\n"
				"Call-ID: register\nCSeq: %u REGISTER\nMax-Forwards: 70\n"
				"User-Agent: phone\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\n" HOME,
				cseq, cseq);
			const struct said *no = expect_said("SIP/2.0 401 ");
			first[i] = len[i] = no->len;
			cr_expect(strstr(stage_value(no, "WWW-Authenticate"),
					  "realm=\"none.example\"") != NULL);
			continue;
		}
		const struct said *no = registers(t);
		first[i] = challenge_kept.len;
		len[i] = no->len;
		cr_expect(strncmp(no->text, "SIP/2.0 401 ", 12) == 0, "%.100s", no->text);
	}
	expect_number(len[0], len[1]);
	expect_number(first[0], first[1]);
	expect_number(first[2], first[0]);
	expect_number(sip_stats(stage.sip)->bad_credentials, 2);
}

Test(registration, the_trunk_must_prove_itself_too)
{
	send(&(struct try){ .from = STAGE_TRUNK, .headers = HOME }, "");
	expect_said("SIP/2.0 401 ");
}

// --- INVITE of a user

static void invites(const char *from, const char *authorization)
{
	cseq++;
	stage_sayf(STAGE_PHONE, STAGE_SDP,
		"INVITE sip:2@acme.example SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKcall%u;rport\n"
		"From: %s;tag=f\nTo: <sip:2@acme.example>\nCall-ID: u\nCSeq: %u INVITE\n"
		"Max-Forwards: 70\nContact: <sip:201@10.0.0.2:5060>\n"
		"P-Asserted-Identity: <sip:ceo@acme.example>\nContent-Type: application/sdp\n%s",
		cseq, from, cseq, authorization);
}

Test(registration, a_caller_is_who_his_credentials_say_not_who_from_says)
{
	invites("\"The boss\" <sip:ceo@acme.example>", "");
	const struct said challenge = *expect_said("SIP/2.0 401 ");
	expect_untold();
	expect_number(sip_dialogs(stage.sip), 0);
	expect_number(sip_transactions(stage.sip), 0);
	invites("\"The boss\" <sip:ceo@acme.example>",
		stage_authorization(
			&challenge, "INVITE", "sip:2@acme.example", "201", "secret", 1));
	const struct told *call = expect_told(INVITE);
	expect_text(call->user, "201");
	expect_text(call->domain, "acme.example");
	expect_text(call->number, "2");
	expect_text(call->from, "ceo"); // what From says, for display: the PAI of a user is nothing
	cr_expect(!call->trunk);
	expect_said("SIP/2.0 100 ");
	sip_accept(call->dialog, STAGE_SDP, strlen(STAGE_SDP), "202");
	expect_text(stage_value(expect_said("SIP/2.0 200 "), "P-Asserted-Identity"),
		"<sip:202@acme.example>");
	sip_hangup(call->dialog, 0, NULL);
}

Test(registration, credentials_for_another_uri_or_method_are_wrong)
{
	invites("<sip:201@acme.example>", "");
	const struct said challenge = *expect_said("SIP/2.0 401 ");
	invites("<sip:201@acme.example>", stage_authorization(&challenge, "INVITE",
						  "sip:3@acme.example", "201", "secret", 1));
	expect_said("SIP/2.0 401 ");
	invites("<sip:201@acme.example>", stage_authorization(&challenge, "REGISTER",
						  "sip:2@acme.example", "201", "secret", 2));
	expect_said("SIP/2.0 401 ");
	expect_untold();
}

Test(registration, a_refused_stranger_leaves_nothing_behind)
{
	for (int i = 0; i < 500; i++) {
		invites("<sip:201@acme.example>", "");
		expect_said("SIP/2.0 401 ");
	}
	expect_number(sip_transactions(stage.sip), 0);
	stage_pass(40000);
	stage_deaf();
	expect_number(stage.clock.armed, 0);
}
