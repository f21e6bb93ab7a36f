// SPDX-License-Identifier: BSD-3-Clause
//
// After the start SRTP allocates nothing: every allocation of this program, OpenSSL's included,
// is counted.
#include "dataplane/srtp.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

static unsigned long allocations;

// A sanitizer brings its own malloc; the plain build counts.
#ifdef __SANITIZE_ADDRESS__
enum { COUNTS = 0 };
#else
enum { COUNTS = 1 };

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}
#endif

static uint8_t data[512];

static void packet(uint16_t seq)
{
	memset(data, 0, sizeof(data));
	data[0] = 0x80;
	data[1] = 0;
	data[2] = (uint8_t)(seq >> 8);
	data[3] = (uint8_t)seq;
}

// Everything that may happen to a key: good packets, forged ones, a new key, the end.
static unsigned live(const struct srtp_ciphers *c, uint8_t suite, uint8_t salt)
{
	uint8_t key[DP_KEY_MAX] = { salt };
	struct srtp out = { 0 }, in = { 0 };
	unsigned good = srtp_key(&out, c, suite, key) + srtp_key(&in, c, suite, key);

	for (uint16_t seq = 0; seq < 20; seq++) {
		size_t len = 172;

		packet(seq);
		good += srtp_seal_rtp(&out, c, data, &len, sizeof(data)) == SRTP_OK;
		data[100] ^= seq == 10;
		good += srtp_open_rtp(&in, c, data, &len) == (seq == 10 ? SRTP_FORGED : SRTP_OK);
		packet(0);
		len = 40;
		good += srtp_seal_rtcp(&out, c, data, &len, sizeof(data)) == SRTP_OK;
		data[20] ^= seq == 10;
		good += srtp_open_rtcp(&in, c, data, &len) == (seq == 10 ? SRTP_FORGED : SRTP_OK);
	}
	srtp_forget(&out, c);
	srtp_forget(&in, c);
	return good;
}

Test(srtp_memory, nothing_is_allocated_after_the_start)
{
	if (!COUNTS)
		cr_skip_test("a sanitizer has taken malloc; the plain build counts");

	unsigned long at_first = allocations;
	struct srtp_ciphers *c = srtp_ciphers_new();
	cr_assert(c != NULL);
	cr_expect(gt(ulong, allocations, at_first), "allocations are seen");

	for (uint8_t salt = 1; salt < 4; salt++) {
		for (uint8_t suite = 1; suite < DP_SUITE_COUNT; suite++) {
			unsigned long before = allocations;
			unsigned good = live(c, suite, salt);
			unsigned long after = allocations;

			cr_expect(eq(uint, good, 82));
			cr_expect(eq(ulong, after - before, 0), "suite %u", suite);
		}
	}
	srtp_ciphers_free(c);
}
