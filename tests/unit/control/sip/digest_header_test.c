// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/digest_header.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

static bool nobody(void *, const char *, const char *, char[33])
{
	return false;
}

// What comes of it in the end: WRONG, where all of it was understood.
static enum digest_outcome check(const char *header)
{
	static const uint64_t seed[2] = { 1, 2 };
	static const struct address home = { .port = 5060 };
	struct digest_request req = { header, "REGISTER", "sip:acme.example", "acme.example",
		&home };
	struct digest *d = digest_new(seed);
	struct digest_claim claim;
	enum digest_outcome outcome = digest_check(d, &req, nobody, NULL, 0, &claim);

	digest_free(d);
	return outcome;
}

#define REST                                                              \
	"realm=\"acme.example\", nonce=\"n\", uri=\"sip:acme.example\", " \
	"response=\"00000000000000000000000000000000\""
#define USER    "username=\"201\", "
#define LONG16  "0123456789abcdef"
#define LONG128 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16

Test(digest_header, names_what_is_wrong_with_a_header)
{
	static const struct {
		const char *what, *header;
		enum digest_outcome outcome;
	} rows[] = {
		{ "as before RFC 2617", "Digest " USER REST, DIGEST_WRONG },
		{ "scheme in another case", "dIGEST " USER REST, DIGEST_WRONG },
		{ "names in another case", "Digest USERNAME=\"201\", " REST, DIGEST_WRONG },
		{ "blanks round everything", "Digest   username = \"201\" ,\t" REST "  ",
			DIGEST_WRONG },
		{ "commas without blanks", "Digest username=\"201\"," REST, DIGEST_WRONG },
		{ "a parameter nobody knows", "Digest " USER REST ", x=y, x=\"z\"", DIGEST_WRONG },
		{ "qop in quotes", "Digest " USER REST ", qop=\"auth\", nc=00000001, cnonce=\"\"",
			DIGEST_WRONG },
		{ "algorithm in quotes", "Digest " USER REST ", algorithm=\"md5\"", DIGEST_WRONG },
		{ "no header", NULL, DIGEST_NONE },
		{ "an empty header", "", DIGEST_NONE },
		{ "another scheme", "Basic QWxhZGRpbg==", DIGEST_NONE },
		{ "a scheme that begins alike", "Digester " USER REST, DIGEST_NONE },
		{ "another realm",
			"Digest username=\"201\", realm=\"globex.example\", nonce=\"n\", "
			"uri=\"u\", response=\"0\"",
			DIGEST_NONE },
		{ "a realm in another case",
			"Digest username=\"201\", realm=\"ACME.example\", "
			"nonce=\"n\", uri=\"u\", response=\"0\"",
			DIGEST_NONE },
		{ "SHA-256", "Digest " USER REST ", algorithm=SHA-256", DIGEST_NONE },
		{ "MD5-sess", "Digest " USER REST ", algorithm=MD5-sess", DIGEST_NONE },
		{ "auth-int", "Digest " USER REST ", qop=auth-int, nc=00000001, cnonce=\"\"",
			DIGEST_NONE },
		{ "no parameters", "Digest", DIGEST_BAD_SYNTAX },
		{ "blanks for parameters", "Digest   ", DIGEST_BAD_SYNTAX },
		{ "no user", "Digest " REST, DIGEST_BAD_SYNTAX },
		{ "no realm", "Digest username=\"201\", nonce=\"n\", uri=\"u\", response=\"0\"",
			DIGEST_BAD_SYNTAX },
		{ "no nonce",
			"Digest username=\"201\", realm=\"acme.example\", uri=\"u\", "
			"response=\"0\"",
			DIGEST_BAD_SYNTAX },
		{ "no uri",
			"Digest username=\"201\", realm=\"acme.example\", nonce=\"n\", "
			"response=\"0\"",
			DIGEST_BAD_SYNTAX },
		{ "no response",
			"Digest username=\"201\", realm=\"acme.example\", nonce=\"n\", "
			"uri=\"u\"",
			DIGEST_BAD_SYNTAX },
		{ "a response of one letter",
			"Digest username=\"201\", realm=\"acme.example\", "
			"nonce=\"n\", uri=\"u\", response=\"0\"",
			DIGEST_BAD_SYNTAX },
		{ "a response with a letter too many", "Digest " USER REST "0", DIGEST_BAD_SYNTAX },
		{ "a user twice", "Digest " USER USER REST, DIGEST_BAD_SYNTAX },
		{ "a user twice in two cases", "Digest " USER "Username=\"202\", " REST,
			DIGEST_BAD_SYNTAX },
		{ "a nonce twice", "Digest " USER REST ", nonce=\"n\"", DIGEST_BAD_SYNTAX },
		{ "no nc", "Digest " USER REST ", qop=auth, cnonce=\"\"", DIGEST_BAD_SYNTAX },
		{ "no cnonce", "Digest " USER REST ", qop=auth, nc=00000001", DIGEST_BAD_SYNTAX },
		{ "an nc of seven digits",
			"Digest " USER REST ", qop=auth, nc=0000001, cnonce=\"\"",
			DIGEST_BAD_SYNTAX },
		{ "an nc of -1", "Digest " USER REST ", qop=auth, nc=-0000001, cnonce=\"\"",
			DIGEST_BAD_SYNTAX },
		{ "an nc with an x", "Digest " USER REST ", qop=auth, nc=0x000001, cnonce=\"\"",
			DIGEST_BAD_SYNTAX },
		{ "a quote that never closes", "Digest " USER "realm=\"acme", DIGEST_BAD_SYNTAX },
		{ "a quote closed by an escape", "Digest " USER "realm=\"acme\\\"",
			DIGEST_BAD_SYNTAX },
		{ "an escape of nothing", "Digest " USER "realm=\"acme\\", DIGEST_BAD_SYNTAX },
		{ "a comma at the end", "Digest " USER REST ",", DIGEST_BAD_SYNTAX },
		{ "a comma at the front", "Digest ," USER REST, DIGEST_BAD_SYNTAX },
		{ "two commas", "Digest username=\"201\",, " REST, DIGEST_BAD_SYNTAX },
		{ "no comma", "Digest username=\"201\" " REST, DIGEST_BAD_SYNTAX },
		{ "a name without a value", "Digest " USER REST ", stale", DIGEST_BAD_SYNTAX },
		{ "an empty bare value", "Digest " USER REST ", stale=", DIGEST_BAD_SYNTAX },
		{ "a value without a name", "Digest " USER REST ", =x", DIGEST_BAD_SYNTAX },
		{ "a control character",
			"Digest username=\"2\x01"
			"01\", " REST,
			DIGEST_BAD_SYNTAX },
		{ "a user of 128 letters", "Digest username=\"" LONG128 "\", " REST,
			DIGEST_BAD_SYNTAX },
		{ "a header without end",
			"Digest " USER REST
			", x=\"" LONG128 LONG128 LONG128 LONG128 LONG128 LONG128 LONG128 LONG128
			"\"",
			DIGEST_BAD_SYNTAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *copy = rows[i].header ? strdup(rows[i].header) : NULL;
		enum digest_outcome got = check(copy);

		cr_expect(eq(int, got, rows[i].outcome), "%s: got %d", rows[i].what, got);
		free(copy);
	}
}

Test(digest_header, survives_being_cut_anywhere)
{
	static const char whole[] = "Digest username=\"2\\\"01\", " REST
				    ", algorithm=MD5, cnonce=\"c0ffee\", qop=auth, nc=00000001";

	for (size_t len = 0; len < sizeof(whole); len++) {
		char *copy = strndup(whole, len);

		cr_expect(ne(int, check(copy), DIGEST_OK), "%zu", len);
		free(copy);
	}
}

Test(digest_header, leaves_values_as_they_stand_between_the_quotes)
{
	struct digest_header h;
	char text[16];

	cr_assert(eq(int,
		digest_header_read(&h, "Digest username=\"a\\\"\\b\", qop=auth , nonce=\"\""),
		DIGEST_SCHEME_OURS));
	cr_expect(span_is(h.param[DIGEST_PARAM_username], "a\\\"\\b"));
	cr_expect(span_is(h.param[DIGEST_PARAM_qop], "auth"));
	cr_expect(span_is(h.param[DIGEST_PARAM_nonce], ""));
	cr_expect_not_null(h.param[DIGEST_PARAM_nonce].at, "empty is not absent");
	cr_expect_null(h.param[DIGEST_PARAM_nc].at);

	cr_expect(digest_header_text(text, 4, h.param[DIGEST_PARAM_username]));
	cr_expect_str_eq(text, "a\"b");
	cr_expect(not(digest_header_text(text, 3, h.param[DIGEST_PARAM_username])));
}
