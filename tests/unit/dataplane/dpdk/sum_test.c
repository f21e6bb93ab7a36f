// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/sum.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

Test(sum, of_every_length_is_that_of_the_rfc)
{
	srand(1071);
	for (size_t len = 0; len <= 1500; len += len < 300 ? 1 : 97) {
		uint8_t *data = malloc(len + 1); // no byte more: a sanitizer looks
		for (size_t i = 0; i < len; i++)
			data[1 + i] = (uint8_t)rand();
		uint16_t sum = sum_fold(sum_bytes(data + 1, len));
		uint8_t wire[2];

		memcpy(wire, &sum, 2);
		cr_expect_eq(wire[0] << 8 | wire[1], slow_sum(data + 1, len, 0), "%zu", len);
		cr_expect_eq(sum, sum_fold(sum_bytes_plain(data + 1, len)), "%zu, plain", len);
		free(data);
	}
}

// Where carries are lost if they are: everything is ones.
Test(sum, carries_are_kept)
{
	uint8_t data[1500];

	memset(data, 0xff, sizeof(data));
	for (size_t len = 2; len <= sizeof(data); len++)
		cr_expect_eq(sum_fold(sum_bytes(data, len)), sum_fold(sum_bytes_plain(data, len)),
			"%zu", len);
	cr_expect_eq(sum_fold(sum_bytes(data, 1500)), 0xffff);
	cr_expect_eq(sum_fold(UINT64_MAX), 0xffff);
	cr_expect_eq(sum_fold(UINT64_C(0x1ffffffff)), 0x1);
}

Test(sum, the_parts_of_even_length_may_be_summed_apart)
{
	uint8_t data[172];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31);
	for (size_t at = 0; at <= sizeof(data); at += 2)
		cr_expect_eq(
			sum_fold(sum_bytes(data, at) + sum_bytes(data + at, sizeof(data) - at)),
			sum_fold(sum_bytes(data, sizeof(data))));
}
