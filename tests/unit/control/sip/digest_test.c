// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/digest.h"
#include "control/sip/osip.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 1000000 };

static const uint64_t seed[2] = { 1, 2 };
static const struct address home = { { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 }, 5060 };

// --- a client, written from the RFC alone

static void md5(char out[33], const char *fmt, ...)
{
	unsigned char digest[16];
	char text[1024];
	osip_MD5_CTX c;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	osip_MD5Init(&c);
	osip_MD5Update(&c, (unsigned char *)text, (unsigned)strlen(text));
	osip_MD5Final(digest, &c);
	for (int i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

struct client {
	const char *user, *password, *realm, *method, *uri;
	char nonce[128];
	unsigned nc;
};

static struct client client(const char *nonce)
{
	struct client c = { .user = "201",
		.password = "secret",
		.realm = "acme.example",
		.method = "REGISTER",
		.uri = "sip:acme.example" };

	snprintf(c.nonce, sizeof(c.nonce), "%s", nonce);
	return c;
}

static const char *response_of(const struct client *c, bool qop)
{
	static char out[33];
	char ha1[33], ha2[33];

	md5(ha1, "%s:%s:%s", c->user, c->realm, c->password);
	md5(ha2, "%s:%s", c->method, c->uri);
	if (qop)
		md5(out, "%s:%s:%08x:c0ffee:auth:%s", ha1, c->nonce, c->nc, ha2);
	else
		md5(out, "%s:%s:%s", ha1, c->nonce, ha2);
	return out;
}

static const char *header_of(const struct client *c)
{
	static char out[1024];

	snprintf(out, sizeof(out),
		"Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
		"algorithm=MD5, cnonce=\"c0ffee\", qop=auth, nc=%08x",
		c->user, c->realm, c->nonce, c->uri, response_of(c, true), c->nc);
	return out;
}

static const char *old_header_of(const struct client *c)
{
	static char out[1024];

	snprintf(out, sizeof(out),
		"Digest username=\"%s\",realm=\"%s\",nonce=\"%s\",uri=\"%s\",response=\"%s\"",
		c->user, c->realm, c->nonce, c->uri, response_of(c, false));
	return out;
}

// --- the server

static int asked; // how often an HA1 was wanted

static bool ha1(void *, const char *user, const char *realm, char out[33])
{
	asked++;
	if (strcmp(realm, "acme.example") != 0)
		return false;
	if (strcmp(user, "201") != 0 && strcmp(user, "o\"neill") != 0)
		return false;
	digest_ha1(user, realm, "secret", out);
	return true;
}

static struct digest *d;

static void start(void)
{
	d = digest_new(seed);
}

static void stop(void)
{
	d = digest_free(d);
}

TestSuite(digest, .init = start, .fini = stop);

// The nonce of a fresh challenge.
static const char *nonce_at(const struct address *from, uint64_t now)
{
	static char nonce[128];
	char text[DIGEST_TEXT_MAX];
	size_t n = digest_challenge(d, text, sizeof(text), "acme.example", from, false, now);

	cr_assert(eq(sz, n, strlen(text)));
	cr_assert(eq(int, sscanf(strstr(text, "nonce="), "nonce=\"%127[^\"]\"", nonce), 1));
	return nonce;
}

static struct digest_claim claim;

static enum digest_outcome check(
	const char *header, const char *uri, const struct address *from, uint64_t now)
{
	struct digest_request req = { header, "REGISTER", uri, "acme.example", from };

	return digest_check(d, &req, ha1, NULL, now, &claim);
}

static enum digest_outcome send(struct client *c, uint64_t now)
{
	c->nc++;
	return check(header_of(c), "sip:acme.example", &home, now);
}

static bool hash_of_password(void *ctx, const char *user, const char *realm, char out[33])
{
	digest_ha1(user, realm, ctx, out);
	return true;
}

Test(digest, hashes_the_examples_of_the_rfcs)
{
	// RFC 2617 section 3.5, RFC 7616 section 3.9.1, and the first without qop. Nonces of
	// somebody else: a right answer to one is STALE, a wrong one WRONG.
	static const struct {
		const char *realm, *password, *header;
	} rows[] = {
		{ "testrealm@host.com", "Circle Of Life",
			"Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
			"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
			"qop=auth, nc=00000001, cnonce=\"0a4f113b\", "
			"response=\"6629fae49393a05397450978507c4ef1\", "
			"opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"" },
		{ "http-auth@example.org", "Circle of Life",
			"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
			"uri=\"/dir/index.html\", algorithm=MD5, "
			"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
			"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
			"response=\"8ca523f5e9506fed4657c9700eebdbec\", "
			"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"" },
		{ "testrealm@host.com", "CircleOfLife",
			"Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
			"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
			"response=\"1949323746fe6a43ef61f9606e7febea\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct digest_request req = { rows[i].header, "GET", "/dir/index.html",
			rows[i].realm, &home };
		char password[64];
		snprintf(password, sizeof(password), "%s", rows[i].password);
		cr_expect(eq(int, digest_check(d, &req, hash_of_password, password, NOW, &claim),
				  DIGEST_STALE),
			"row %zu", i);
		cr_expect_str_eq(claim.user, "Mufasa");
		cr_expect_str_eq(claim.realm, rows[i].realm);
		password[0] = 'x';
		cr_expect(eq(int, digest_check(d, &req, hash_of_password, password, NOW, &claim),
				  DIGEST_WRONG),
			"row %zu", i);
	}
}

Test(digest, challenges_in_the_words_of_the_rfc)
{
	char text[DIGEST_TEXT_MAX], nonce[64];
	int end = 0;

	digest_challenge(d, text, sizeof(text), "acme.example", &home, false, NOW);
	sscanf(text,
		"Digest realm=\"acme.example\", nonce=\"%48[0-9a-f]\", algorithm=MD5, qop=\"auth\"%n",
		nonce, &end);
	cr_expect(eq(sz, (size_t)end, strlen(text)), "%s", text);

	digest_challenge(d, text, sizeof(text), "a\"b", &home, true, NOW);
	cr_expect_not_null(strstr(text, "realm=\"a\\\"b\""), "%s", text);
	cr_expect_not_null(strstr(text, ", stale=true"), "%s", text);
}

Test(digest, says_that_a_challenge_does_not_fit)
{
	char text[DIGEST_TEXT_MAX];
	size_t need = digest_challenge(d, text, sizeof(text), "acme.example", &home, true, NOW);

	for (size_t size = 0; size <= need; size++)
		cr_expect(eq(sz, digest_challenge(d, text, size, "acme.example", &home, true, NOW),
				  0),
			"%zu", size);
	cr_expect(eq(
		sz, digest_challenge(d, text, need + 1, "acme.example", &home, true, NOW), need));
}

Test(digest, believes_the_right_password)
{
	struct client c = client(nonce_at(&home, NOW));

	cr_expect(eq(int, send(&c, NOW), DIGEST_OK));
	cr_expect_str_eq(claim.user, "201");
	cr_expect_str_eq(claim.realm, "acme.example");
}

Test(digest, takes_a_nonce_again_only_while_nc_rises)
{
	struct client c = client(nonce_at(&home, NOW));

	cr_expect(eq(int, send(&c, NOW), DIGEST_OK));
	cr_expect(eq(int, send(&c, NOW), DIGEST_OK));
	c.nc = 7;
	cr_expect(eq(int, send(&c, NOW), DIGEST_OK)); // 8: some were lost
	c.nc = 7;
	cr_expect(eq(int, send(&c, NOW), DIGEST_STALE)); // replayed
	c.nc = 2;
	cr_expect(eq(int, send(&c, NOW), DIGEST_STALE));
	c.nc = UINT32_MAX; // comes round to 0
	cr_expect(eq(int, send(&c, NOW), DIGEST_STALE));
	c.nc = 8;
	cr_expect(eq(int, send(&c, NOW), DIGEST_OK));
}

Test(digest, nc_is_hexadecimal)
{
	struct client c = client(nonce_at(&home, NOW));

	c.nc = 0x0e;
	cr_expect(eq(int, send(&c, NOW), DIGEST_OK)); // 0f
	cr_expect(eq(int, send(&c, NOW), DIGEST_OK)); // 10
}

Test(digest, lets_a_nonce_grow_old_to_the_millisecond)
{
	struct client c = client(nonce_at(&home, NOW));

	cr_expect(eq(int, send(&c, NOW + DIGEST_NONCE_MS), DIGEST_OK));
	cr_expect(eq(int, send(&c, NOW + DIGEST_NONCE_MS + 1), DIGEST_STALE));
}

Test(digest, takes_the_answer_without_qop_once_per_nonce)
{
	struct client c = client(nonce_at(&home, NOW));

	cr_expect(eq(int, check(old_header_of(&c), "sip:acme.example", &home, NOW), DIGEST_OK));
	cr_expect(eq(int, check(old_header_of(&c), "sip:acme.example", &home, NOW), DIGEST_STALE));
	c.nc = 100;
	cr_expect(eq(int, send(&c, NOW), DIGEST_STALE));
}

Test(digest, tells_a_wrong_user_from_a_wrong_password_by_nothing)
{
	struct client wrong_password = client(nonce_at(&home, NOW));
	struct client wrong_user = client(nonce_at(&home, NOW));

	wrong_password.password = "guess";
	wrong_user.user = "202";
	asked = 0;
	cr_expect(eq(int, send(&wrong_password, NOW), DIGEST_WRONG));
	cr_expect(eq(int, send(&wrong_user, NOW), DIGEST_WRONG));
	cr_expect(eq(int, asked, 2));
}

// Whoever knows what an unknown user is hashed with must gain nothing.
Test(digest, believes_no_user_who_is_not_there_whatever_he_sends)
{
	struct client c = client(nonce_at(&home, NOW));
	char ha2[33], response[33], header[1024];

	md5(ha2, "REGISTER:sip:acme.example");
	md5(response, "%032d:%s:00000001:c0ffee:auth:%s", 0, c.nonce, ha2);
	snprintf(header, sizeof(header),
		"Digest username=\"202\", realm=\"acme.example\", nonce=\"%s\", uri=\"sip:acme.example\""
		", response=\"%s\", cnonce=\"c0ffee\", qop=auth, nc=00000001",
		c.nonce, response);
	cr_expect(eq(int, check(header, "sip:acme.example", &home, NOW), DIGEST_WRONG));
}

Test(digest, believes_credentials_for_their_own_method_only)
{
	struct client c = client(nonce_at(&home, NOW));

	c.method = "INVITE";
	cr_expect(eq(int, send(&c, NOW), DIGEST_WRONG));
}

Test(digest, believes_credentials_for_their_own_uri_only)
{
	static const struct {
		const char *said, *requested;
		bool same;
	} rows[] = {
		{ "sip:acme.example", "sip:acme.example", true },
		{ "sip:ACME.example", "sip:acme.example", true },
		{ "sip:acme.example:5060", "sip:acme.example", true },
		{ "sip:acme.example", "sip:acme.example;transport=udp", true },
		{ "sip:2@acme.example", "sip:2@acme.example;user=phone", true },
		{ "sip:2@acme.example", "sip:3@acme.example", false },
		{ "sip:a@acme.example", "sip:A@acme.example", false },
		{ "sip:acme.example", "sip:2@acme.example", false },
		{ "sip:acme.example:5062", "sip:acme.example", false },
		{ "sip:acme.example", "sip:globex.example", false },
		{ "sips:acme.example", "sip:acme.example", false },
		{ "sip:2;x@acme.example", "sip:2;y@acme.example", false },
		{ "", "sip:acme.example", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = client(nonce_at(&home, NOW));

		c.uri = rows[i].said;
		c.nc = 1;
		cr_expect(eq(int, check(header_of(&c), rows[i].requested, &home, NOW),
				  rows[i].same ? DIGEST_OK : DIGEST_WRONG),
			"row %zu", i);
	}
}

Test(digest, uses_up_no_nonce_for_a_wrong_answer)
{
	struct client c = client(nonce_at(&home, NOW)), guess = c;

	guess.password = "guess";
	guess.nc = 100;
	cr_expect(eq(int, send(&guess, NOW), DIGEST_WRONG));
	cr_expect(eq(int, send(&c, NOW), DIGEST_OK));
}

Test(digest, undoes_the_escapes_of_a_user_name)
{
	struct client c = client(nonce_at(&home, NOW));
	char header[1024];

	c.user = "o\"neill";
	c.nc = 1;
	snprintf(header, sizeof(header),
		"Digest username=\"o\\\"neill\", realm=\"acme.example\", nonce=\"%s\", "
		"uri=\"sip:acme.example\", response=\"%s\", cnonce=\"c0ffee\", qop=auth, nc=00000001",
		c.nonce, response_of(&c, true));
	cr_expect(eq(int, check(header, "sip:acme.example", &home, NOW), DIGEST_OK));
	cr_expect_str_eq(claim.user, "o\"neill");
}
