// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pool.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdalign.h>
#include <string.h>

static alignas(64) uint8_t memory[4096];

Test(pool, a_piece_is_taken_once_and_an_empty_pool_says_so)
{
	struct pool p;

	cr_assert(le(sz, pool_size(100, 3), sizeof(memory)));
	pool_init(&p, memory, 100, 3);

	uint32_t a = pool_take(&p);
	uint32_t b = pool_take(&p);
	uint32_t c = pool_take(&p);

	cr_expect(a != b && b != c && a != c);
	cr_expect(a < 3 && b < 3 && c < 3);
	cr_expect(eq(u32, pool_take(&p), POOL_NONE));
	cr_expect(eq(u32, p.used, 3));
	pool_give(&p, b);
	cr_expect(eq(u32, pool_take(&p), b));
	pool_give(&p, POOL_NONE);
	cr_expect(eq(u32, p.used, 3));
}

Test(pool, a_piece_comes_back_all_zero_and_no_piece_touches_another)
{
	struct pool p;

	pool_init(&p, memory, 100, 3);
	for (int i = 0; i < 3; i++)
		memset(pool_at(&p, pool_take(&p)), 0xff, 100);
	pool_give(&p, 1);

	const uint8_t *piece = pool_at(&p, pool_take(&p));
	for (int i = 0; i < 100; i++) {
		cr_assert(eq(u8, piece[i], 0));
		cr_assert(eq(u8, ((uint8_t *)pool_at(&p, 0))[i], 0xff));
		cr_assert(eq(u8, ((uint8_t *)pool_at(&p, 2))[i], 0xff));
	}
	cr_expect_eq((uintptr_t)piece % 64, 0);
}

Test(pool, a_pool_of_nothing_is_empty)
{
	struct pool p;

	pool_init(&p, memory, 64, 0);
	cr_expect(eq(u32, pool_take(&p), POOL_NONE));
	cr_expect(eq(sz, pool_size(64, 0), 0));
}
