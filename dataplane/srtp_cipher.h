// SPDX-License-Identifier: BSD-3-Clause
//
// AES as SRTP wants it, by OpenSSL. One worker has one set of ciphers, made at its start, and
// keys it anew for each packet: a context that is keyed once for each flow would cost 632 to
// 1,144 bytes of OpenSSL's memory a flow and direction, and from some thousand flows on its
// cache misses cost more than the key schedule (bench_srtp). Nothing is allocated after the start.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evp_cipher_ctx_st;

enum { SRTP_GCM_TAG = 16, SRTP_GCM_IV = 12, SRTP_CTR_IV = 16 };

struct srtp_ciphers {
	struct evp_cipher_ctx_st *ctr[2]; // AES-128, AES-256
	struct evp_cipher_ctx_st *gcm[2];
};

// What is to be encrypted or decrypted, in place.
struct srtp_text {
	const uint8_t *key;
	size_t key_len; // 16 or 32
	const uint8_t *iv;
	const uint8_t *aad; // GCM: authenticated beside the text, in two parts
	size_t aad_len;
	const uint8_t *more;
	size_t more_len;
	uint8_t *data;
	size_t len;
};

// XORs the key stream that begins at counter block iv. False: OpenSSL failed.
[[nodiscard]] bool srtp_ctr(const struct srtp_ciphers *c, const struct srtp_text *t);

[[nodiscard]] bool srtp_gcm_seal(
	const struct srtp_ciphers *c, const struct srtp_text *t, uint8_t tag[SRTP_GCM_TAG]);

// False: the tag is wrong. The text is garbled then; opening it once more puts it back.
[[nodiscard]] bool srtp_gcm_open(
	const struct srtp_ciphers *c, const struct srtp_text *t, const uint8_t tag[SRTP_GCM_TAG]);
