// SPDX-License-Identifier: BSD-3-Clause
//
// From a master key to session keys (RFC 3711, 4.3), and back to nothing.
#include "dataplane/srtp.h"
#include "dataplane/srtp_cipher.h"

#include <openssl/crypto.h>
#include <string.h>

// RFC 3711, 4.3.1. Those of RTCP are three higher.
enum { LABEL_CIPHER = 0, LABEL_HMAC = 1, LABEL_SALT = 2, LABEL_RTCP = 3, LABEL_AT = 7 };

struct suite {
	uint8_t key_len;
	uint8_t salt_len;
	uint8_t tag;
	uint8_t tag_rtcp;
	bool aead;
};

// Tags: RFC 3711, 5.2; RFC 4568, 6.2.2 (the short one is not for RTCP); RFC 7714, 13.
static const struct suite suites[DP_SUITE_COUNT] = {
	[DP_SUITE_AES_CM_128_HMAC_SHA1_80] = { 16, 14, 10, 10, false },
	[DP_SUITE_AES_CM_128_HMAC_SHA1_32] = { 16, 14, 4, 10, false },
	[DP_SUITE_AES_256_CM_HMAC_SHA1_80] = { 32, 14, 10, 10, false },
	[DP_SUITE_AES_256_CM_HMAC_SHA1_32] = { 32, 14, 4, 10, false },
	[DP_SUITE_AEAD_AES_128_GCM] = { 16, 12, SRTP_GCM_TAG, SRTP_GCM_TAG, true },
	[DP_SUITE_AEAD_AES_256_GCM] = { 32, 12, SRTP_GCM_TAG, SRTP_GCM_TAG, true },
};

#define X(name, key, salt, source) \
	static_assert((key) + (salt) <= DP_KEY_MAX && (key) <= SRTP_CIPHER_KEY_MAX, source);
DP_SUITE_LIST(X)
#undef X

size_t srtp_key_len(uint8_t suite)
{
	return suite < DP_SUITE_COUNT ? (size_t)suites[suite].key_len + suites[suite].salt_len : 0;
}

// RFC 3711, 4.3.3, and RFC 6188, 3: the key stream of AES in counter mode. A salt of 96 bits is
// filled up with zeros (RFC 7714, 11).
static bool derive(const struct srtp_ciphers *c, const struct suite *suite, const uint8_t *key,
	uint8_t label, uint8_t *out, size_t len)
{
	uint8_t iv[SRTP_CTR_IV] = { 0 };

	memcpy(iv, key + suite->key_len, suite->salt_len);
	iv[LABEL_AT] ^= label;
	memset(out, 0, len);
	return srtp_ctr(c,
		&(struct srtp_text){
			.key = key, .key_len = suite->key_len, .iv = iv, .data = out, .len = len });
}

static bool derive_keys(const struct srtp_ciphers *c, const struct suite *suite, const uint8_t *key,
	uint8_t labels, struct srtp_keys *out)
{
	uint8_t hmac[SRTP_HMAC_KEY];
	bool good = derive(c, suite, key, labels + LABEL_CIPHER, out->cipher, suite->key_len) &&
		    derive(c, suite, key, labels + LABEL_HMAC, hmac, sizeof(hmac)) &&
		    derive(c, suite, key, labels + LABEL_SALT, out->salt, suite->salt_len);

	if (!suite->aead)
		srtp_hmac_key(&out->hmac, hmac);
	OPENSSL_cleanse(hmac, sizeof(hmac));
	return good;
}

static bool same_keys(const struct srtp *s, uint8_t suite, const struct srtp_keys *rtp)
{
	return s->suite == suite && CRYPTO_memcmp(&s->rtp, rtp, sizeof(*rtp)) == 0;
}

// Under another key nothing was seen yet. The numbers go on.
static void renew(struct srtp *s)
{
	for (unsigned i = 0; i < SRTP_SOURCES; i++) {
		memset(s->source[i].rtp.bits, 0, sizeof(s->source[i].rtp.bits));
		memset(s->source[i].rtcp.bits, 0, sizeof(s->source[i].rtcp.bits));
	}
}

bool srtp_key(struct srtp *s, const struct srtp_ciphers *c, uint8_t suite, const uint8_t *key)
{
	const struct suite *is = &suites[suite];
	struct srtp_keys rtp = { 0 }, rtcp = { 0 };
	bool good = derive_keys(c, is, key, 0, &rtp) && derive_keys(c, is, key, LABEL_RTCP, &rtcp);

	if (good && !same_keys(s, suite, &rtp)) {
		renew(s);
		s->suite = suite;
		s->key_len = is->key_len;
		s->tag = is->tag;
		s->tag_rtcp = is->tag_rtcp;
		s->aead = is->aead;
		s->rtp = rtp;
		s->rtcp = rtcp;
	}
	OPENSSL_cleanse(&rtp, sizeof(rtp));
	OPENSSL_cleanse(&rtcp, sizeof(rtcp));
	srtp_ciphers_wipe(c);
	return good;
}

void srtp_forget(struct srtp *s, const struct srtp_ciphers *c)
{
	OPENSSL_cleanse(s, sizeof(*s));
	srtp_ciphers_wipe(c);
}
