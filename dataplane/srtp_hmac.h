// SPDX-License-Identifier: BSD-3-Clause
//
// HMAC-SHA1 (RFC 2104) for one key and many short messages: the two blocks that depend on the
// key alone are hashed once, and what is kept of them is 40 bytes of the caller's.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SRTP_HMAC_KEY = 20, SRTP_HMAC_LEN = 20, SRTP_HMAC_STATE = 5 };

struct srtp_hmac {
	uint32_t inner[SRTP_HMAC_STATE]; // SHA-1 after the key xor ipad
	uint32_t outer[SRTP_HMAC_STATE]; // after the key xor opad
};

void srtp_hmac_key(struct srtp_hmac *h, const uint8_t key[SRTP_HMAC_KEY]);

// Of len bytes at data and the four at more.
void srtp_hmac(const struct srtp_hmac *h, const uint8_t *data, size_t len, const uint8_t more[4],
	uint8_t out[SRTP_HMAC_LEN]);
