// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/record_ring.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct record_ring ring;

static bool put(enum record_kind kind, uint16_t len)
{
	static uint8_t payload[CODEC_PAYLOAD_MAX + 1];

	return record_ring_put(
		&ring, &(struct record_note){ .kind = (uint8_t)kind, .len = len }, payload);
}

static void begin(void)
{
	cr_assert(record_ring_init(&ring, 100));
}

static void end(void)
{
	record_ring_clear(&ring);
}

TestSuite(record_ring, .init = begin, .fini = end);

Test(record_ring, what_goes_in_comes_out_in_order_round_and_round)
{
	for (uint16_t i = 0; i < 1000; i++) {
		uint8_t payload[3] = { (uint8_t)i, 2, (uint8_t)(i >> 8) };
		const struct record_piece *p;

		cr_assert(record_ring_put(&ring,
			&(struct record_note){ .kind = RECORD_AUDIO, .seq = i, .len = 3 },
			payload));
		p = record_ring_peek(&ring);
		cr_assert(p != NULL && p->note.seq == i);
		cr_assert(zero(int, memcmp(p->payload, payload, 3)));
		record_ring_release(&ring);
	}
	cr_expect(record_ring_peek(&ring) == NULL);
}

Test(record_ring, audio_leaves_room_for_beginnings_and_ends)
{
	uint32_t audio = 0, marks = 0;

	while (put(RECORD_AUDIO, 160))
		audio++;
	while (put(RECORD_OFF, 0))
		marks++;
	cr_expect(eq(u32, audio, 128 - RECORD_RING_KEPT));
	cr_expect(eq(u32, marks, RECORD_RING_KEPT));
	cr_assert(record_ring_peek(&ring) != NULL);
	record_ring_release(&ring);
	cr_expect(not(put(RECORD_AUDIO, 160)), "the room is a mark's");
	cr_expect(put(RECORD_OFF, 0));
}

Test(record_ring, a_payload_of_no_codec_is_not_taken)
{
	cr_expect(put(RECORD_AUDIO, CODEC_PAYLOAD_MAX));
	cr_expect(not(put(RECORD_AUDIO, CODEC_PAYLOAD_MAX + 1)));
}
