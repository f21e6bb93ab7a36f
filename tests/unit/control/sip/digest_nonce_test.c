// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/digest.h"
#include "control/sip/digest_nonce.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

enum { NOW = 1000000 };

static const struct address home = { { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 }, 5060 };
static struct nonces *n;

static struct nonces *with_seed(uint64_t seed)
{
	struct nonces *fresh = calloc(1, sizeof(*fresh));

	fresh->seed[0] = seed;
	return fresh;
}

static void start(void)
{
	n = with_seed(1);
}

static void stop(void)
{
	free(n);
}

TestSuite(digest_nonce, .init = start, .fini = stop);

static bool use(const char *nonce, const struct address *from, uint32_t nc, uint64_t now)
{
	return nonce_use(n, span_of(nonce), from, nc, now);
}

Test(digest_nonce, is_good_for_its_address_and_port)
{
	struct address ip = home, port = home;
	char nonce[NONCE_TEXT + 1];

	ip.ip[15]++;
	port.port++;
	nonce_issue(n, nonce, &home, NOW);
	cr_expect(not(use(nonce, &ip, 1, NOW)));
	cr_expect(not(use(nonce, &port, 1, NOW)));
	cr_expect(use(nonce, &home, 1, NOW));
}

Test(digest_nonce, is_good_for_a_minute)
{
	char nonce[NONCE_TEXT + 1];

	nonce_issue(n, nonce, &home, NOW);
	cr_expect(use(nonce, &home, 1, NOW + DIGEST_NONCE_MS));
	cr_expect(not(use(nonce, &home, 2, NOW + DIGEST_NONCE_MS + 1)));
}

Test(digest_nonce, is_good_while_nc_rises)
{
	char nonce[NONCE_TEXT + 1];

	nonce_issue(n, nonce, &home, NOW);
	cr_expect(not(use(nonce, &home, 0, NOW)));
	cr_expect(use(nonce, &home, 2, NOW));
	cr_expect(not(use(nonce, &home, 2, NOW)));
	cr_expect(not(use(nonce, &home, 1, NOW)));
	cr_expect(use(nonce, &home, UINT32_MAX, NOW));
	cr_expect(not(use(nonce, &home, UINT32_MAX, NOW)));
}

Test(digest_nonce, cannot_be_made_up)
{
	char nonce[NONCE_TEXT + 1];

	nonce_issue(n, nonce, &home, NOW);
	for (size_t i = 0; i < NONCE_TEXT; i++) {
		char kept = nonce[i];

		for (const char *c = "0123456789abcdefABCDEF \x80"; *c != '\0'; c++) {
			nonce[i] = *c;
			bool good = *c != kept && use(nonce, &home, 1, NOW);
			cr_expect(not(good), "letter %zu", i);
		}
		nonce[i] = kept;
	}
	cr_expect(not(use("", &home, 1, NOW)));
	cr_expect(not(use(nonce + 1, &home, 1, NOW)));
	cr_expect(use(nonce, &home, 1, NOW), "and stays good meanwhile");
}

Test(digest_nonce, means_nothing_to_the_next_process)
{
	char nonce[NONCE_TEXT + 1];

	nonce_issue(n, nonce, &home, NOW);
	free(n);
	n = with_seed(2);
	cr_expect(not(use(nonce, &home, 1, NOW)));
}

Test(digest_nonce, is_never_the_same_twice)
{
	char before[NONCE_TEXT + 1], nonce[NONCE_TEXT + 1];

	nonce_issue(n, before, &home, NOW);
	// More than a millisecond has numbers for.
	for (int i = 0; i < 70000; i++) {
		nonce_issue(n, nonce, &home, NOW);
		cr_assert(gt(int, strcmp(nonce, before), 0));
		memcpy(before, nonce, sizeof(nonce));
	}
	cr_expect(use(nonce, &home, 1, NOW), "also when its number runs ahead of the time");
}

Test(digest_nonce, is_not_good_again_however_many_are_used)
{
	char first[NONCE_TEXT + 1], nonce[NONCE_TEXT + 1];

	nonce_issue(n, first, &home, NOW);
	cr_assert(use(first, &home, 1, NOW));
	for (int i = 0; i < 5 * NONCE_SETS * NONCE_WAYS; i++) {
		nonce_issue(n, nonce, &home, NOW + 1);
		cr_assert(use(nonce, &home, 1, NOW + 1), "the newest always finds room");
	}
	cr_expect(not(use(first, &home, 1, NOW + 1)));
}

Test(digest_nonce, leaves_its_room_when_it_is_old)
{
	char nonce[NONCE_TEXT + 1], next[NONCE_TEXT + 1];

	for (int i = 0; i < 5 * NONCE_SETS * NONCE_WAYS; i++) {
		nonce_issue(n, nonce, &home, NOW);
		cr_assert(use(nonce, &home, 1, NOW));
	}
	// A minute on, one issued earlier than another is used later: nothing was forgotten.
	nonce_issue(n, nonce, &home, NOW + 61000);
	nonce_issue(n, next, &home, NOW + 61000);
	cr_expect(use(next, &home, 1, NOW + 61000));
	cr_expect(use(nonce, &home, 1, NOW + 61000));
}
