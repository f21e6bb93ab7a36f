// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/lane.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { SIZE = 8 };

static struct lane shared;
static struct lane_writer writer;
static struct lane_reader reader;
static uint32_t element[SIZE];

static void begin(void)
{
	lane_writer_init(&writer, &shared, SIZE);
	lane_reader_init(&reader, &shared, SIZE);
}

TestSuite(lane, .init = begin);

static bool put(uint32_t value)
{
	uint32_t at;

	if (!lane_reserve(&writer, &at))
		return false;
	element[at] = value;
	lane_commit(&writer);
	return true;
}

static bool get(uint32_t *out)
{
	uint32_t at;

	if (!lane_peek(&reader, &at))
		return false;
	*out = element[at];
	lane_release(&reader);
	return true;
}

Test(lane, gives_back_what_was_put_in_and_in_order)
{
	uint32_t got, next = 0, want = 0;

	// Odd strides over a small lane meet every fill at every index.
	for (unsigned turn = 0; turn < 1000; turn++) {
		for (unsigned i = 0; i < turn % (SIZE + 2); i++)
			next += put(next);
		for (unsigned i = 0; i < (turn * 7) % (SIZE + 2); i++) {
			if (get(&got))
				cr_assert(eq(u32, got, want++));
		}
	}
	cr_expect(gt(u32, want, 1000));
}

Test(lane, holds_as_many_as_it_is_said_to)
{
	uint32_t got;

	cr_expect(eq(u32, lane_room(&writer), SIZE));
	for (unsigned i = 0; i < SIZE; i++)
		cr_assert(put(i));
	cr_expect(not(put(99)));
	cr_expect(eq(u32, lane_room(&writer), 0));
	cr_assert(get(&got));
	cr_expect(eq(u32, lane_room(&writer), 1));
	cr_expect(put(8));
	cr_expect(not(put(99)));
	cr_expect(not(writer.broken));
	cr_expect(not(reader.broken));
}

Test(lane, goes_on_where_the_indices_wrap_around)
{
	uint32_t got;

	writer.tail = writer.head_seen = UINT32_MAX - 3;
	reader.head = reader.tail_seen = UINT32_MAX - 3;
	shared.tail = shared.head = UINT32_MAX - 3;
	for (uint32_t i = 0; i < 3 * SIZE; i++) {
		cr_assert(put(i));
		cr_assert(get(&got));
		cr_expect(eq(u32, got, i));
	}
}

Test(lane, a_forged_tail_breaks_the_readers_end_for_good)
{
	static const uint32_t forged[] = { SIZE + 1, 1000, UINT32_MAX, 0x80000000 };
	uint32_t got;

	for (unsigned i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		begin();
		atomic_store(&shared.tail, forged[i]);
		cr_expect(not(get(&got)), "tail %u", forged[i]);
		cr_expect(reader.broken, "tail %u", forged[i]);
		atomic_store(&shared.tail, 1);
		cr_expect(not(get(&got)), "an end that was lied to does not come back");
	}
}

Test(lane, a_forged_head_breaks_the_writers_end_for_good)
{
	static const uint32_t forged[] = { 1, 9, 1000, 0x80000000 };
	uint32_t at;

	for (unsigned i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		begin();
		atomic_store(&shared.head, forged[i]);
		cr_expect(eq(u32, lane_room(&writer), 0), "head %u", forged[i]);
		cr_expect(writer.broken, "head %u", forged[i]);
		cr_expect(not(lane_reserve(&writer, &at)), "head %u", forged[i]);
		atomic_store(&shared.head, 0);
		cr_expect(eq(u32, lane_room(&writer), 0));
		cr_expect(not(lane_reserve(&writer, &at)));
	}
}

Test(lane, a_forged_tail_never_makes_the_reader_read_more_than_the_lane_holds)
{
	uint32_t got, n = 0;

	atomic_store(&shared.tail, SIZE);
	while (get(&got))
		n++;
	cr_expect(eq(u32, n, SIZE));
	cr_expect(not(reader.broken));
}
