// SPDX-License-Identifier: BSD-3-Clause
//
// What credentials are worth. The header's text is digest_header.c, the nonces digest_nonce.c.
//
// Three answers are understood: qop=auth, as we ask for it, with the nonce used again and again
// under a rising nc; no qop at all, as before RFC 2617, with a nonce that is then used up; any
// other qop or algorithm is an answer to somebody else's challenge.
#include "control/sip/digest.h"

#include "control/sip/digest_header.h"
#include "control/sip/digest_nonce.h"
#include "control/sip/osip.h"
#include "control/sip/text.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

enum { HASH_TEXT = 32, NC_TEXT = 8 };

struct digest {
	struct nonces nonces;
};

struct digest *digest_new(const uint64_t seed[2])
{
	struct digest *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->nonces.seed[0] = seed[0];
	d->nonces.seed[1] = seed[1];
	return d;
}

struct digest *digest_free(struct digest *d)
{
	free(d);
	return NULL;
}

// NOLINTNEXTLINE(readability-function-size)
size_t digest_challenge(struct digest *d, char *buf, size_t size, const char *realm,
	const struct address *from, bool stale, uint64_t now_ms)
{
	char nonce[NONCE_TEXT + 1];
	struct text t;

	if (size == 0)
		return 0;
	nonce_issue(&d->nonces, nonce, from, now_ms);
	text_init(&t, buf, size);
	text_add(&t, "Digest realm=");
	text_quoted(&t, realm);
	text_add(&t, ", nonce=\"%s\", algorithm=MD5, qop=\"auth\"%s", nonce,
		stale ? ", stale=true" : "");
	return t.full ? 0 : t.len;
}

static void add(osip_MD5_CTX *md5, const char *bytes, size_t len)
{
	// oSIP's MD5 takes bytes it does not change through a pointer that would let it.
	char piece[64];

	for (size_t n; len > 0; bytes += n, len -= n) {
		n = len < sizeof(piece) ? len : sizeof(piece);
		memcpy(piece, bytes, n);
		osip_MD5Update(md5, (unsigned char *)piece, (unsigned)n);
	}
}

// MD5 over the parts with colons between.
static void hash(char out[HASH_TEXT + 1], const struct span *parts, size_t n)
{
	unsigned char digest[HASH_TEXT / 2];
	osip_MD5_CTX md5;

	osip_MD5Init(&md5);
	for (size_t i = 0; i < n; i++) {
		add(&md5, ":", i > 0);
		add(&md5, parts[i].at, parts[i].len);
	}
	osip_MD5Final(digest, &md5);
	for (size_t i = 0; i < sizeof(digest); i++) {
		*out++ = "0123456789abcdef"[digest[i] >> 4];
		*out++ = "0123456789abcdef"[digest[i] & 15];
	}
	*out = '\0';
}

void digest_ha1(const char *user, const char *realm, const char *password, char out[33])
{
	const struct span parts[] = { span_of(user), span_of(realm), span_of(password) };

	hash(out, parts, 3);
}

// RFC 7616 section 3.4.1, and without qop RFC 2617 section 3.2.2.1.
static void right_response(
	char out[HASH_TEXT + 1], const char *ha1, const char *method, const struct digest_header *h)
{
	const struct span *p = h->param;
	const struct span a2[] = { span_of(method), p[DIGEST_PARAM_uri] };
	char ha2[HASH_TEXT + 1];

	hash(ha2, a2, 2);

	const struct span with_qop[] = { span_of(ha1), p[DIGEST_PARAM_nonce], p[DIGEST_PARAM_nc],
		p[DIGEST_PARAM_cnonce], p[DIGEST_PARAM_qop], span_of(ha2) };
	const struct span without[] = { span_of(ha1), p[DIGEST_PARAM_nonce], span_of(ha2) };

	if (p[DIGEST_PARAM_qop].at != NULL)
		hash(out, with_qop, 6);
	else
		hash(out, without, 3);
}

// Every letter is looked at, so that the time taken does not tell how many are right.
static bool same_hash(const char *right, struct span given)
{
	unsigned char wrong = 0;

	assert(given.len == HASH_TEXT);
	for (int i = 0; i < HASH_TEXT; i++)
		wrong |= (unsigned char)(right[i] ^ (tolower)((unsigned char)given.at[i]));
	return wrong == 0;
}

static bool is_hex(struct span text, size_t len)
{
	if (text.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text.at[i]))
			return false;
	return true;
}

static bool is_given(const struct digest_header *h, enum digest_param which)
{
	return h->param[which].at != NULL;
}

static bool is_whole(const struct digest_header *h)
{
	return is_given(h, DIGEST_PARAM_username) && is_given(h, DIGEST_PARAM_realm) &&
	       is_given(h, DIGEST_PARAM_nonce) && is_given(h, DIGEST_PARAM_uri) &&
	       is_given(h, DIGEST_PARAM_response);
}

// Whether it answers a challenge like ours.
static bool is_for_us(const struct digest_header *h, const char *realm, const char *ours)
{
	struct span algorithm = h->param[DIGEST_PARAM_algorithm];
	struct span qop = h->param[DIGEST_PARAM_qop];

	return strcmp(realm, ours) == 0 && (algorithm.at == NULL || span_like(algorithm, "MD5")) &&
	       (qop.at == NULL || span_like(qop, "auth"));
}

static bool is_well_formed(const struct digest_header *h)
{
	if (!is_hex(h->param[DIGEST_PARAM_response], HASH_TEXT))
		return false;
	return !is_given(h, DIGEST_PARAM_qop) ||
	       (is_hex(h->param[DIGEST_PARAM_nc], NC_TEXT) && is_given(h, DIGEST_PARAM_cnonce));
}

// A URI, taken apart as far as two of them must agree here.
struct target {
	struct span scheme, user, host;
};

static struct target target_of(struct span uri)
{
	struct target t = { .user = { NULL, 0 } };
	const char *at;

	t.scheme = take_until(&uri, ":");
	at = uri.len > 0 ? memrchr(uri.at, '@', uri.len) : NULL;
	if (at != NULL) {
		t.user = (struct span){ uri.at, (size_t)(at - uri.at) };
		uri = (struct span){ at + 1, uri.len - t.user.len - 1 };
	}
	t.host = take_until(&uri, ";?");
	if (t.host.len > 5 && memcmp(t.host.at + t.host.len - 5, ":5060", 5) == 0)
		t.host.len -= 5;
	return t;
}

static bool same_text(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

// Phones leave out parameters and the port that goes without saying; whom the request is for
// they do say (RFC 3261 section 22.4, item 5).
static bool is_for_uri(struct span given, const char *requested)
{
	struct target a = target_of(given), b = target_of(span_of(requested));

	return same_text(a.scheme, b.scheme) && span_same(a.user, b.user) &&
	       same_text(a.host, b.host);
}

static uint32_t nc_of(const struct digest_header *h)
{
	char text[NC_TEXT + 1];

	// Without nc it is the last use of the nonce.
	if (!is_given(h, DIGEST_PARAM_qop))
		return UINT32_MAX;
	memcpy(text, h->param[DIGEST_PARAM_nc].at, NC_TEXT);
	text[NC_TEXT] = '\0';
	return (uint32_t)strtoul(text, NULL, 16);
}

// The same work for a user who is not there, so that nobody learns who is.
static bool is_right(const struct digest_request *req, const struct digest_header *h,
	const struct digest_claim *claim, digest_ha1_fn ha1, void *ctx)
{
	char secret[HASH_TEXT + 1] = "00000000000000000000000000000000";
	char response[HASH_TEXT + 1];
	bool known = ha1(ctx, claim->user, claim->realm, secret);
	bool for_uri = is_for_uri(h->param[DIGEST_PARAM_uri], req->uri);

	right_response(response, secret, req->method, h);
	return same_hash(response, h->param[DIGEST_PARAM_response]) && known && for_uri;
}

enum digest_outcome digest_check(struct digest *d, const struct digest_request *req,
	digest_ha1_fn ha1, void *ctx, uint64_t now_ms, struct digest_claim *out)
{
	struct digest_header h;

	*out = (struct digest_claim){ .user = "" };
	switch (digest_header_read(&h, req->header)) {
	case DIGEST_SCHEME_OTHER:
		return DIGEST_NONE;
	case DIGEST_SCHEME_BROKEN:
		return DIGEST_BAD_SYNTAX;
	case DIGEST_SCHEME_OURS:
		break;
	}
	if (!is_whole(&h) ||
		!digest_header_text(out->user, sizeof(out->user), h.param[DIGEST_PARAM_username]) ||
		!digest_header_text(out->realm, sizeof(out->realm), h.param[DIGEST_PARAM_realm]))
		return DIGEST_BAD_SYNTAX;
	if (!is_for_us(&h, out->realm, req->realm))
		return DIGEST_NONE;
	if (!is_well_formed(&h))
		return DIGEST_BAD_SYNTAX;
	if (!is_right(req, &h, out, ha1, ctx))
		return DIGEST_WRONG;
	return nonce_use(&d->nonces, h.param[DIGEST_PARAM_nonce], req->from, nc_of(&h), now_ms)
		       ? DIGEST_OK
		       : DIGEST_STALE;
}
