// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/srtp_cipher.h"

#include "dataplane/srtp.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t no_key[32];

static EVP_CIPHER_CTX *make(const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool good = cipher != NULL && ctx != NULL &&
		    EVP_EncryptInit_ex(ctx, cipher, NULL, no_key, no_key) == 1;

	EVP_CIPHER_free(cipher);
	if (good)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

struct srtp_ciphers *srtp_ciphers_new(void)
{
	struct srtp_ciphers *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->ctr[0] = make("AES-128-CTR");
	c->ctr[1] = make("AES-256-CTR");
	c->gcm[0] = make("AES-128-GCM");
	c->gcm[1] = make("AES-256-GCM");
	if (c->ctr[0] != NULL && c->ctr[1] != NULL && c->gcm[0] != NULL && c->gcm[1] != NULL)
		return c;
	srtp_ciphers_free(c);
	return NULL;
}

void srtp_ciphers_free(struct srtp_ciphers *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		EVP_CIPHER_CTX_free(c->ctr[i]);
		EVP_CIPHER_CTX_free(c->gcm[i]);
	}
	free(c);
}

void srtp_ciphers_wipe(const struct srtp_ciphers *c)
{
	for (unsigned i = 0; i < 2; i++) {
		(void)EVP_EncryptInit_ex(c->ctr[i], NULL, NULL, no_key, no_key);
		(void)EVP_EncryptInit_ex(c->gcm[i], NULL, NULL, no_key, no_key);
	}
}

bool srtp_ctr(const struct srtp_ciphers *c, const struct srtp_text *t)
{
	EVP_CIPHER_CTX *ctx = c->ctr[t->key_len == 32];
	int len;

	return t->len <= INT_MAX && EVP_EncryptInit_ex(ctx, NULL, NULL, t->key, t->iv) == 1 &&
	       EVP_EncryptUpdate(ctx, t->data, &len, t->data, (int)t->len) == 1;
}

static EVP_CIPHER_CTX *gcm(const struct srtp_ciphers *c, const struct srtp_text *t)
{
	return c->gcm[t->key_len == 32];
}

// EVP takes nothing for the end of what it is given: an empty part is not given at all.
static bool feed(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in, size_t n)
{
	int len;

	return n == 0 || (n <= INT_MAX && EVP_CipherUpdate(ctx, out, &len, in, (int)n) == 1);
}

static bool run(EVP_CIPHER_CTX *ctx, const struct srtp_text *t, int seal)
{
	return EVP_CipherInit_ex(ctx, NULL, NULL, t->key, t->iv, seal) == 1 &&
	       feed(ctx, NULL, t->aad, t->aad_len) && feed(ctx, NULL, t->more, t->more_len) &&
	       feed(ctx, t->data, t->data, t->len);
}

bool srtp_gcm_seal(
	const struct srtp_ciphers *c, const struct srtp_text *t, uint8_t tag[SRTP_GCM_TAG])
{
	EVP_CIPHER_CTX *ctx = gcm(c, t);
	uint8_t none[16];
	int len;

	return run(ctx, t, 1) && EVP_EncryptFinal_ex(ctx, none, &len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SRTP_GCM_TAG, tag) == 1;
}

bool srtp_gcm_open(
	const struct srtp_ciphers *c, const struct srtp_text *t, const uint8_t tag[SRTP_GCM_TAG])
{
	EVP_CIPHER_CTX *ctx = gcm(c, t);
	uint8_t expected[SRTP_GCM_TAG], none[16];
	int len;

	memcpy(expected, tag, sizeof(expected)); // EVP's argument is not const
	return run(ctx, t, 0) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SRTP_GCM_TAG, expected) == 1 &&
	       EVP_DecryptFinal_ex(ctx, none, &len) == 1;
}
