// SPDX-License-Identifier: BSD-3-Clause
//
// The vectors that the RFCs print.
#include "dataplane/srtp.h"
#include "dataplane/srtp_cipher.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

static struct srtp_ciphers *ciphers;

static void begin(void)
{
	ciphers = srtp_ciphers_new();
	cr_assert(ciphers != NULL);
}

static void end(void)
{
	srtp_ciphers_free(ciphers);
}

TestSuite(srtp_vectors, .init = begin, .fini = end);

// Returns how many bytes the hexadecimal digits are.
static size_t bytes(uint8_t *out, const char *hex)
{
	size_t n = 0;

	for (unsigned byte; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		out[n] = (uint8_t)byte;
	return n;
}

static void expect(const uint8_t *got, const char *hex)
{
	uint8_t want[256];
	size_t n = bytes(want, hex);

	for (size_t i = 0; i < n; i++)
		cr_expect(eq(u8, got[i], want[i]), "byte %zu of %s", i, hex);
}

// The key stream from counter block `block` on, in an IV that ends with the block's number.
static void stream(const char *key_hex, uint16_t block, const char *hex)
{
	uint8_t key[32], out[48] = { 0 };
	uint8_t iv[16] = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb,
		0xfc, 0xfd, (uint8_t)(block >> 8), (uint8_t)block };
	struct srtp_text text = { .key = key, .iv = iv, .data = out, .len = sizeof(out) };

	text.key_len = bytes(key, key_hex);
	cr_assert(srtp_ctr(ciphers, &text));
	expect(out, hex);
}

Test(srtp_vectors, rfc_3711_b_2_aes_counter_mode)
{
	static const char key[] = "2b7e151628aed2a6abf7158809cf4f3c";

	stream(key, 0,
		"e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
		"41e95b3bb0a2e8dd477901e4fca894c0");
	stream(key, 0xfeff,
		"ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
		"6a2cc3787889374fbeb4c81b17ba6c44");
}

Test(srtp_vectors, rfc_6188_7_1_aes_256_counter_mode)
{
	stream("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98", 0,
		"92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac");
}

static void derives(uint8_t suite, const char *master, const char *cipher, const char *salt,
	const char *hmac_key)
{
	uint8_t key[64], auth[SRTP_HMAC_KEY];
	struct srtp s = { 0 };
	struct srtp_hmac hmac;

	cr_assert(eq(sz, bytes(key, master), srtp_key_len(suite)));
	cr_assert(srtp_key(&s, ciphers, suite, key));
	expect(s.rtp.cipher, cipher);
	expect(s.rtp.salt, salt);
	bytes(auth, hmac_key);
	srtp_hmac_key(&hmac, auth);
	cr_expect(eq(int, memcmp(&hmac, &s.rtp.hmac, sizeof(hmac)), 0));
}

Test(srtp_vectors, rfc_3711_b_3_key_derivation)
{
	derives(DP_SUITE_AES_CM_128_HMAC_SHA1_80,
		"e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6",
		"c61e7a93744f39ee10734afe3ff7a087", "30cbbc08863d8c85d49db34a9ae1",
		"cebe321f6ff7716b6fd4ab49af256a156d38baa4");
}

Test(srtp_vectors, rfc_6188_7_4_key_derivation)
{
	derives(DP_SUITE_AES_256_CM_HMAC_SHA1_80,
		"f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
		"3b04803de51ee7c96423ab5b78d2",
		"5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
		"fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05");
}

// RFC 7714 gives session keys.
static struct srtp gcm(uint8_t suite)
{
	static const uint8_t master[DP_KEY_MAX];
	struct srtp s = { 0 };
	uint8_t key[32];

	cr_assert(srtp_key(&s, ciphers, suite, master));
	bytes(key, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	memcpy(s.rtp.cipher, key, s.key_len);
	memcpy(s.rtp.salt, "Quid pro quo", 12);
	s.rtcp = s.rtp;
	s.rtcp_next = 0x5d4;
	return s;
}

static void rtp_becomes(uint8_t suite, const char *sealed)
{
	static const char plain[] = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064"
				    "697669736120696e207061727465732074726573";
	struct srtp s = gcm(suite);
	uint8_t data[128];
	size_t len = bytes(data, plain);

	cr_assert(eq(int, srtp_seal_rtp(&s, ciphers, data, &len, sizeof(data)), SRTP_OK));
	cr_expect(eq(sz, len, strlen(sealed) / 2));
	expect(data, sealed);

	struct srtp in = gcm(suite);
	cr_assert(eq(int, srtp_open_rtp(&in, ciphers, data, &len), SRTP_OK));
	cr_expect(eq(sz, len, strlen(plain) / 2));
	expect(data, plain);
}

Test(srtp_vectors, rfc_7714_16_srtp)
{
	rtp_becomes(DP_SUITE_AEAD_AES_128_GCM,
		"8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a"
		"51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce");
	rtp_becomes(DP_SUITE_AEAD_AES_256_GCM,
		"8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a02"
		"76ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13");
}

static const char report[] = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61dead"
			     "beefdeadbeefdeadbeefdeadbeefdeadbeef";

static void opens(uint8_t suite, const char *sealed)
{
	struct srtp s = gcm(suite);
	uint8_t data[128];
	size_t len = bytes(data, sealed);

	cr_assert(eq(int, srtp_open_rtcp(&s, ciphers, data, &len), SRTP_OK));
	cr_expect(eq(sz, len, strlen(report) / 2));
	expect(data, report);
}

static void rtcp_becomes(uint8_t suite, const char *sealed)
{
	struct srtp s = gcm(suite);
	uint8_t data[128];
	size_t len = bytes(data, report);

	cr_assert(eq(int, srtp_seal_rtcp(&s, ciphers, data, &len, sizeof(data)), SRTP_OK));
	cr_expect(eq(sz, len, strlen(sealed) / 2));
	expect(data, sealed);
	opens(suite, sealed);
}

Test(srtp_vectors, rfc_7714_17_srtcp)
{
	rtcp_becomes(DP_SUITE_AEAD_AES_128_GCM,
		"81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
		"4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4");
	rtcp_becomes(DP_SUITE_AEAD_AES_256_GCM,
		"81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be"
		"8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4");
}

Test(srtp_vectors, rfc_7714_17_3_srtcp_that_is_only_authenticated)
{
	opens(DP_SUITE_AEAD_AES_128_GCM,
		"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeef"
		"deadbeefdeadbeefdeadbeef841dd9683dd78ec92ae58790125f62b3000005d4");
}
