// SPDX-License-Identifier: BSD-3-Clause
//
// OpenSSL's SHA-1 by its plain struct. EVP and EVP_MAC allocate at each start and each copy of a
// state (OpenSSL 3.0: one to two times a message), which a worker may not, and their states are
// not ours to keep or to wipe. The plain calls run the same assembler.
#include "dataplane/srtp_hmac.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

enum { BLOCK = SHA_CBLOCK };

static void keep(uint32_t out[SRTP_HMAC_STATE], const SHA_CTX *sha)
{
	out[0] = sha->h0;
	out[1] = sha->h1;
	out[2] = sha->h2;
	out[3] = sha->h3;
	out[4] = sha->h4;
}

// Goes on behind the one block that a kept state stands for.
static void resume(SHA_CTX *sha, const uint32_t state[SRTP_HMAC_STATE])
{
	sha->h0 = state[0];
	sha->h1 = state[1];
	sha->h2 = state[2];
	sha->h3 = state[3];
	sha->h4 = state[4];
	sha->Nl = BLOCK * 8;
	sha->Nh = 0;
	sha->num = 0;
}

static void begin(uint32_t out[SRTP_HMAC_STATE], const uint8_t key[SRTP_HMAC_KEY], uint8_t pad)
{
	uint8_t block[BLOCK];
	SHA_CTX sha;

	memset(block, pad, sizeof(block));
	for (unsigned i = 0; i < SRTP_HMAC_KEY; i++)
		block[i] ^= key[i];
	SHA1_Init(&sha);
	SHA1_Update(&sha, block, sizeof(block));
	keep(out, &sha);
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&sha, sizeof(sha));
}

void srtp_hmac_key(struct srtp_hmac *h, const uint8_t key[SRTP_HMAC_KEY])
{
	begin(h->inner, key, 0x36);
	begin(h->outer, key, 0x5c);
}

void srtp_hmac(const struct srtp_hmac *h, const uint8_t *data, size_t len, const uint8_t more[4],
	uint8_t out[SRTP_HMAC_LEN])
{
	SHA_CTX sha;

	resume(&sha, h->inner);
	SHA1_Update(&sha, data, len);
	SHA1_Update(&sha, more, 4);
	SHA1_Final(out, &sha);
	resume(&sha, h->outer);
	SHA1_Update(&sha, out, SRTP_HMAC_LEN);
	SHA1_Final(out, &sha);
}
