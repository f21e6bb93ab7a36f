// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/srtp_window.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct srtp_window at(uint64_t index)
{
	struct srtp_window w = { 0 };

	srtp_window_enter(&w, index);
	return w;
}

Test(srtp_window, guesses_the_round_that_is_nearest)
{
	static const struct {
		const char *what;
		uint64_t highest;
		uint16_t seq;
		uint64_t guess;
	} rows[] = {
		{ "the next", 100, 101, 101 },
		{ "a late one", 100, 90, 90 },
		{ "round the corner", 65535, 0, 0x10000 },
		{ "round the corner after loss", 65530, 300, 0x1012c },
		{ "late from before the corner", 0x10002, 65534, 65534 },
		{ "no round before the first", 2, 65534, 65534 },
		{ "half a round ahead", 100, 32868, 32868 },
		{ "half a round ahead, and one", 0x10064, 32869, 32869 },
		{ "half a round behind", 0x18064, 100, 0x10064 },
		{ "half a round behind, and one", 0x18064, 99, 0x20063 },
		{ "the last of all", (UINT64_C(1) << 48) - 2, 0xffff, SRTP_INDEX_MAX },
		{ "one more is not there", SRTP_INDEX_MAX, 0, SRTP_INDEX_MAX + 1 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct srtp_window w = at(rows[i].highest);

		cr_expect(eq(u64, srtp_window_guess(&w, rows[i].seq), rows[i].guess), "%s",
			rows[i].what);
		cr_expect(eq(u64, srtp_window_guess_again(&w, rows[i].seq), rows[i].guess),
			"no second guess: %s", rows[i].what);
	}
}

Test(srtp_window, has_a_second_guess_until_it_has_seen_something)
{
	struct srtp_window w = { 0 };

	cr_expect(eq(u64, srtp_window_guess(&w, 5), 5));
	cr_expect(eq(u64, srtp_window_guess_again(&w, 5), 0x10005), "gone round unseen");
	cr_expect(eq(u64, srtp_window_guess_again(&w, 40000), 40000));
	w.highest = 0x20005; // of the key before
	cr_expect(eq(u64, srtp_window_guess(&w, 6), 0x20006));
	cr_expect(eq(u64, srtp_window_guess_again(&w, 6), 6), "begun anew");
}

Test(srtp_window, tells_what_was_seen_and_what_is_too_late_to_tell)
{
	for (unsigned step = 1; step < 300; step++) {
		struct srtp_window w = at(1000);

		srtp_window_enter(&w, 1000 + step);
		cr_expect(eq(int, srtp_window_look(&w, 1000 + step), SRTP_SEEN_ALREADY));
		cr_expect(eq(int, srtp_window_look(&w, 1000),
				  step < SRTP_WINDOW ? SRTP_SEEN_ALREADY : SRTP_SEEN_TOO_OLD),
			"step %u", step);
		cr_expect(eq(int, srtp_window_look(&w, 1001 + step), SRTP_SEEN_NOT));
		for (unsigned back = 1; back < SRTP_WINDOW; back++) {
			if (back != step)
				cr_expect(eq(int, srtp_window_look(&w, 1000 + step - back),
						  SRTP_SEEN_NOT),
					"step %u back %u", step, back);
		}
		cr_expect(eq(
			int, srtp_window_look(&w, 1000 + step - SRTP_WINDOW), SRTP_SEEN_TOO_OLD));
	}
}

Test(srtp_window, takes_each_of_a_shuffled_stream_once)
{
	struct srtp_window w = { 0 };

	for (unsigned block = 0; block < 50; block++) {
		for (unsigned i = 0; i < 64; i++) {
			uint64_t index = block * 64 + (i * 37 + 11) % 64;

			cr_expect(eq(int, srtp_window_look(&w, index), SRTP_SEEN_NOT));
			srtp_window_enter(&w, index);
			cr_expect(eq(int, srtp_window_look(&w, index), SRTP_SEEN_ALREADY));
		}
	}
	cr_expect(eq(u64, w.highest, 50 * 64 - 1));
}
