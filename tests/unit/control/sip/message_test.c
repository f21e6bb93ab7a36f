// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/message.h"

#include <criterion/criterion.h>

#include <stdio.h>

static osip_t *osip;

static void no_trace(const char *, int, osip_trace_level_t, const char *, va_list)
{
}

static void start(void)
{
	osip_trace_initialize_func(OSIP_BUG, no_trace);
	cr_assert(osip_init(&osip) == OSIP_SUCCESS);
}

static void end(void)
{
	osip_release(osip);
}

TestSuite(message, .init = start, .fini = end);

static struct guarded g;

static osip_message_t *with(const char *headers)
{
	static char text[4096];
	int n = snprintf(text, sizeof(text),
		"INVITE sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
		"To: <sip:a@b>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\n%s\r\n",
		headers);

	cr_assert(guard_read(&g, text, (size_t)n) == GUARD_OK, "%s", headers);
	return message_parse(&g);
}

static void is(const char *got, const char *want)
{
	cr_expect(strcmp(got, want) == 0, "\"%s\", not \"%s\"", got, want);
}

Test(message, users_and_names_are_unescaped_and_bounded)
{
	static const struct {
		const char *from, *user, *display;
	} rows[] = {
		{ "<sip:201@h>;tag=1", "201", "" },
		{ "Jane <sip:jane@h>;tag=1", "jane", "Jane" },
		{ "\"Jane \\\"JR\\\" Roe\" <sip:%2B1555@h>;tag=1", "+1555", "Jane \"JR\" Roe" },
		{ "<sip:null%00user@h>;tag=1", "", "" },
		{ "<sip:new%0aline@h>;tag=1", "newline", "" },
		{ "<sip:host.example>;tag=1", "", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[200], user[8], display[16];
		snprintf(line, sizeof(line), "From: %s\r\n", rows[i].from);
		osip_message_t *m = with(line);
		cr_assert(m != NULL, "%s", rows[i].from);
		user_copy(m->from->url, raw_value(&g.raw, RAW_FROM, 0), user, sizeof(user));
		display_copy(m->from->displayname, display, sizeof(display));
		is(user, rows[i].user);
		is(display, rows[i].display);
		osip_message_free(m);
	}
}

Test(message, a_name_that_is_too_long_is_cut)
{
	char display[5];

	display_copy("\"Jane Roe\"", display, sizeof(display));
	is(display, "Jane");
}

Test(message, a_contact_is_sip_and_loses_its_headers)
{
	static const struct {
		const char *contact, *uri; // NULL: not one for us
		unsigned port;             // 0: no literal address
	} rows[] = {
		{ "<sip:a@10.0.0.2:5070;x=y>;q=1", "sip:a@10.0.0.2:5070;x=y", 5070 },
		{ "<sip:a@10.0.0.2?Route=%3Csip:e%3E>", "sip:a@10.0.0.2", 5060 },
		{ "sip:a@10.0.0.2;q=1", "sip:a@10.0.0.2", 5060 },
		{ "<sips:a@[2001:db8::1]:5061>", "sips:a@[2001:db8::1]:5061", 5061 },
		{ "<sip:a@name.example>", "sip:a@name.example", 0 },
		{ "<sip:a@10.0.0.2:0>", "sip:a@10.0.0.2:0", 0 },
		{ "<sip:a@10.0.0.2:99999>", "sip:a@10.0.0.2:99999", 0 },
		{ "<tel:+15551234>", NULL, 0 },
		{ "<mailto:a@b>", NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[200], uri[SIP_URI_MAX];
		struct address a = { 0 };
		snprintf(line, sizeof(line), "From: <sip:c@d>;tag=1\r\nContact: %s\r\n",
			rows[i].contact);
		osip_message_t *m = with(line);
		cr_assert(m != NULL, "%s", rows[i].contact);
		osip_uri_t *contact = message_contact(m);
		cr_expect((contact != NULL) == (rows[i].uri != NULL), "%s", rows[i].contact);
		if (contact != NULL) {
			bool literal = uri_address(contact, &a);
			cr_expect(literal == (rows[i].port != 0), "%s", rows[i].contact);
			cr_expect(!literal || a.port == rows[i].port, "%s", rows[i].contact);
			cr_assert(uri_write(contact, uri, sizeof(uri)));
			is(uri, rows[i].uri);
			cr_expect(!uri_write(contact, uri, 5), "does not fit");
		}
		osip_message_free(m);
	}
}

Test(message, the_first_asserted_identity_counts)
{
	osip_message_t *m = with("From: <sip:c@d>;tag=1\r\n"
				 "P-Asserted-Identity: \"J, R\" <sip:+1@x>, <tel:+1>\r\n");
	osip_from_t *identity = message_identity(&g);

	cr_assert(m != NULL && identity != NULL);
	is(identity->url->username, "+1");
	osip_from_free(identity);
	osip_message_free(m);
	m = with("From: <sip:c@d>;tag=1\r\nP-Asserted-Identity: <tel:+1>\r\n");
	cr_expect(message_identity(&g) == NULL);
	osip_message_free(m);
}

Test(message, lists_are_read_over_lines_and_commas_without_parameters)
{
	osip_message_t *m = with("From: <sip:c@d>;tag=1\r\nAccept: text/plain;q=0.5 , Text/HTML\r\n"
				 "Accept: APPLICATION/sdp;level=1\r\nAccept: \r\n");

	cr_expect(message_lists(&g, RAW_ACCEPT, "text/html"));
	cr_expect(message_lists(&g, RAW_ACCEPT, "application/sdp"));
	cr_expect(!message_lists(&g, RAW_ACCEPT, "application/sd"));
	cr_expect(!message_lists(&g, RAW_ACCEPT, "level=1"));
	cr_expect(!message_lists(&g, RAW_REQUIRE, "text/html"));
	osip_message_free(m);
}
