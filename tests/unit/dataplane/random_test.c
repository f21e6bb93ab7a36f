// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/random.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

// From the reference vectors of SipHash-2-4: key 00..0f, message 00..07.
Test(random, hashes_as_siphash_does)
{
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	cr_expect(eq(u64, random_hash(key, 0x0706050403020100), 0x93f5f5799a932462));
}

Test(random, never_draws_the_same_number_twice_in_a_row_nor_under_another_key)
{
	struct random a = { .key = { 1, 2 } }, b = { .key = { 1, 3 } };

	for (int i = 0; i < 1000; i++) {
		uint64_t one = random_draw(&a), two = random_draw(&a);

		cr_expect(ne(u64, one, two));
		cr_expect(ne(u64, one, random_draw(&b)));
	}
}
