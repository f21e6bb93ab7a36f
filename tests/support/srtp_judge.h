// SPDX-License-Identifier: BSD-3-Clause
//
// libsrtp2 as the far end: it seals what we are to open, and opens what we sealed.
#pragma once

#include "dataplane/srtp.h"

#include <assert.h>
#include <srtp2/srtp.h>
#include <string.h>

// Suites that there are, without NONE.
#define FOR_EACH_SUITE(suite) \
	for (uint8_t suite = DP_SUITE_NONE + 1; suite < (uint8_t)DP_SUITE_COUNT; suite++)

static inline void judge_policy(srtp_policy_t *p, uint8_t suite)
{
	typedef void (*set_fn)(srtp_crypto_policy_t *);
	static const set_fn rtp[DP_SUITE_COUNT] = {
		[DP_SUITE_AES_CM_128_HMAC_SHA1_80] = srtp_crypto_policy_set_rtp_default,
		[DP_SUITE_AES_CM_128_HMAC_SHA1_32] = srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
		[DP_SUITE_AES_256_CM_HMAC_SHA1_80] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
		[DP_SUITE_AES_256_CM_HMAC_SHA1_32] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
		[DP_SUITE_AEAD_AES_128_GCM] = srtp_crypto_policy_set_aes_gcm_128_16_auth,
		[DP_SUITE_AEAD_AES_256_GCM] = srtp_crypto_policy_set_aes_gcm_256_16_auth,
	};
	static const set_fn rtcp[DP_SUITE_COUNT] = {
		[DP_SUITE_AES_CM_128_HMAC_SHA1_80] = srtp_crypto_policy_set_rtcp_default,
		[DP_SUITE_AES_CM_128_HMAC_SHA1_32] = srtp_crypto_policy_set_rtcp_default,
		[DP_SUITE_AES_256_CM_HMAC_SHA1_80] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
		[DP_SUITE_AES_256_CM_HMAC_SHA1_32] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
		[DP_SUITE_AEAD_AES_128_GCM] = srtp_crypto_policy_set_aes_gcm_128_16_auth,
		[DP_SUITE_AEAD_AES_256_GCM] = srtp_crypto_policy_set_aes_gcm_256_16_auth,
	};

	*p = (srtp_policy_t){ .window_size = SRTP_WINDOW };
	rtp[suite](&p->rtp);
	rtcp[suite](&p->rtcp);
}

static inline srtp_t judge_with(srtp_policy_t *p, const uint8_t *key, bool seals)
{
	uint8_t copy[DP_KEY_MAX];
	static bool ready;
	srtp_t judge;

	ready = ready || srtp_init() == srtp_err_status_ok; // once in a process
	memcpy(copy, key, sizeof(copy));
	p->key = copy;
	p->ssrc.type = seals ? ssrc_any_outbound : ssrc_any_inbound;
	srtp_err_status_t made = srtp_create(&judge, p);
	p->key = NULL; // it has its own copy
	assert(ready && made == srtp_err_status_ok);
	return judge;
}

// key has DP_KEY_MAX bytes, of which the suite uses what it needs.
static inline srtp_t judge_new(uint8_t suite, const uint8_t *key, bool seals)
{
	srtp_policy_t p;

	judge_policy(&p, suite);
	return judge_with(&p, key, seals);
}

// False: it refuses. data has room for its tag.
static inline bool judge_seal(srtp_t judge, bool rtcp, uint8_t *data, size_t *len)
{
	int n = (int)*len;
	srtp_err_status_t done =
		rtcp ? srtp_protect_rtcp(judge, data, &n) : srtp_protect(judge, data, &n);

	*len = (size_t)n;
	return done == srtp_err_status_ok;
}

static inline bool judge_open(srtp_t judge, bool rtcp, uint8_t *data, size_t *len)
{
	int n = (int)*len;
	srtp_err_status_t done =
		rtcp ? srtp_unprotect_rtcp(judge, data, &n) : srtp_unprotect(judge, data, &n);

	*len = (size_t)n;
	return done == srtp_err_status_ok;
}
