// SPDX-License-Identifier: BSD-3-Clause
//
// What becomes of two parties in a file: judged by its content, left and right.
#include "tests/support/tape_deck.h"

#include <unistd.h>

static struct deck_party ann, ben;

static void begin(void)
{
	deck_temporary(4);
	ann = (struct deck_party){ .channel = 0, .source = 10, .hz = 440, .ssrc = 1, .seq = 65530 };
	ben = (struct deck_party){ .channel = 1, .source = 11, .hz = 1000, .ssrc = 2, .ts = 77 };
}

TestSuite(recorder, .init = begin, .fini = deck_end);

static void both_on(void)
{
	deck_on(&ann);
	deck_on(&ben);
}

Test(recorder, each_party_is_on_its_own_channel_and_nothing_of_the_other)
{
	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, &ben, 2000);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(eq(int, deck.rate, 8000));
	cr_expect(deck.frames >= 2000 * 8 && deck.frames <= 2020 * 8);
	cr_expect(eq(u64, deck.heard.len, (uint64_t)deck.frames / 8));
	cr_expect(gt(dbl, deck_share(0, 440, 20, 1980), 0.99));
	cr_expect(gt(dbl, deck_share(1, 1000, 20, 1980), 0.99));
	cr_expect(ne(int, access(deck_file(".part"), F_OK), 0), "it has its name");
}

Test(recorder, who_begins_later_is_heard_later_by_as_much)
{
	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, NULL, 700);
	deck_talk(&ann, &ben, 700);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(lt(dbl, fabs(deck_begins(0, 0)), 3));
	cr_expect(lt(dbl, fabs(deck_begins(1, 0) - 700), 3), "%f", deck_begins(1, 0));
}

Test(recorder, a_pause_is_not_in_the_file_and_what_follows_is_in_the_same_one)
{
	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, &ben, 1000);
	deck_mark(&ann, RECORD_PAUSED);
	deck_mark(&ben, RECORD_PAUSED);
	for (int i = 0; i < 50; i++, ann.ts += DECK_FRAME, ben.ts += DECK_FRAME)
		deck_pass(20); // they talk on, and the worker shows nothing of it
	both_on();
	ann.hz = 600;
	ben.hz = 1500;
	deck_talk(&ann, &ben, 1000);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(deck.frames >= 2000 * 8 && deck.frames <= 2030 * 8, "%" PRId64, deck.frames);
	cr_expect(gt(dbl, deck_share(0, 440, 20, 980), 0.99));
	cr_expect(gt(dbl, deck_share(0, 600, 1020, 1980), 0.99));
	cr_expect(gt(dbl, deck_share(1, 1000, 20, 980), 0.99));
	cr_expect(gt(dbl, deck_share(1, 1500, 1020, 1980), 0.99));
}

Test(recorder, a_pause_of_a_moment_loses_nothing_around_it)
{
	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, &ben, 400);
	deck_mark(&ann, RECORD_PAUSED);
	deck_mark(&ben, RECORD_PAUSED);
	deck_pass(40);
	both_on();
	deck_talk(&ann, &ben, 400);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(deck.frames >= 800 * 8 && deck.frames <= 820 * 8, "%" PRId64, deck.frames);
	cr_expect(gt(dbl, deck_share(0, 440, 20, 390), 0.99));
	cr_expect(gt(dbl, deck_share(0, 440, 410, 780), 0.98));
}

Test(recorder, one_of_them_in_a_pause_is_silence_while_the_other_goes_on)
{
	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, &ben, 500);
	deck_mark(&ben, RECORD_PAUSED);
	deck_talk(&ann, NULL, 500);
	deck_on(&ben);
	deck_talk(&ann, &ben, 500);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(gt(dbl, deck_share(0, 440, 20, 1480), 0.99));
	cr_expect(deck_is_silent(1, 510, 990));
	cr_expect(gt(dbl, deck_share(1, 1000, 1020, 1480), 0.98));
}

Test(recorder, a_packet_lost_is_made_up_and_a_long_gap_is_silence)
{
	deck_open(RECORDER_HZ);
	both_on();
	for (int i = 0; i < 100; i++) {
		deck_speak(&ann, i % 20 == 10, 0);
		deck_speak(&ben, i >= 40 && i < 60, 0);
		deck_pass(20);
	}
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(gt(dbl, deck_share(0, 440, 20, 1980), 0.9));
	cr_expect(not(deck_is_silent(0, 205, 210)), "made up");
	cr_expect(deck_is_silent(1, 870, 1190), "20 packets");
	cr_expect(gt(dbl, deck_share(1, 1000, 1220, 1980), 0.98), "and then in its place");
}

Test(recorder, packets_in_the_wrong_order_are_put_right)
{
	deck_open(RECORDER_HZ);
	both_on();
	for (int i = 0; i < 50; i++) {
		struct deck_party late = ann;

		ann.phase += 2 * M_PI * ann.hz / DECK_RATE * DECK_FRAME;
		ann.seq++;
		ann.ts += DECK_FRAME;
		deck_speak(&ann, false, 0);
		deck_speak(&late, false, 0);
		deck_pass(40);
	}
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(gt(dbl, deck_share(0, 440, 40, 1960), 0.98));
}

Test(recorder, packets_that_are_late_by_turns_are_where_they_belong)
{
	deck_open(RECORDER_HZ);
	both_on();
	for (int i = 0; i < 100; i++) {
		deck_speak(&ann, false, (int64_t)(i * 7 % 19) * 1000000);
		deck_pass(20);
	}
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(gt(dbl, deck_share(0, 440, 20, 1980), 0.99));
}

Test(recorder, a_clock_that_is_off_by_a_thousandth_stays_beside_ours)
{
	struct deck_party *click = &ben;

	deck_open(RECORDER_HZ);
	both_on();
	// 50 s of packets 20.02 ms apart; the last 200 ms are another tone.
	for (int i = 0; i < 2500; i++) {
		click->hz = i < 2490 ? 1000 : 2000;
		deck_speak(click, false, 0);
		deck.now += 20000;
		deck_pass(20);
	}
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(gt(dbl, deck_share(1, 2000, 49870, 50030), 0.9));
}

Test(recorder, a_new_party_takes_the_channel_of_one_who_left)
{
	struct deck_party cay = { .channel = 1, .source = 12, .hz = 700, .ssrc = 3, .ts = 5 };

	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, &ben, 500);
	deck_mark(&ben, RECORD_OFF);
	deck_talk(&ann, NULL, 500);
	deck_on(&cay);
	deck_mark(&ben, RECORD_OFF); // late, and of somebody who is not heard any more
	deck_talk(&ann, &cay, 500);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(gt(dbl, deck_share(0, 440, 20, 1480), 0.99));
	cr_expect(gt(dbl, deck_share(1, 1000, 20, 480), 0.98));
	cr_expect(deck_is_silent(1, 510, 990));
	cr_expect(gt(dbl, deck_share(1, 700, 1020, 1480), 0.98));
}

Test(recorder, a_wide_file_has_the_narrow_party_too)
{
	deck_open(RECORDER_WIDE_HZ);
	both_on();
	deck_talk(&ann, &ben, 1000);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(eq(int, deck.rate, 16000));
	cr_expect(deck.frames >= 1000 * 16 && deck.frames <= 1020 * 16);
	cr_expect(gt(dbl, deck_share(0, 440, 20, 980), 0.98));
	cr_expect(gt(dbl, deck_share(1, 1000, 20, 980), 0.98));
}

Test(recorder, a_full_ring_loses_packets_that_become_silence)
{
	uint32_t lost = 0;

	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, &ben, 500);
	for (int i = 0; i < 200; i++) { // the recorder stands still
		lost += deck_speak(&ann, false, i * 20000000LL) == RECORD_FULL;
	}
	deck_pass(4000);
	cr_expect(eq(u32, lost, 200 - (64 - RECORD_RING_KEPT)));
	deck_talk(&ann, &ben, 500);
	deck_close(ATTACH_OK);
	deck_read("");
	cr_expect(deck.frames >= 5000 * 8 && deck.frames <= 5030 * 8, "%" PRId64, deck.frames);
	cr_expect(gt(dbl, deck_share(0, 440, 20, 1400), 0.98));
	cr_expect(deck_is_silent(0, 1600, 4400));
	cr_expect(gt(dbl, deck_share(0, 440, 4520, 4980), 0.98));
}

Test(recorder, a_crash_leaves_a_file_that_can_be_played)
{
	deck_open(RECORDER_HZ);
	both_on();
	deck_talk(&ann, &ben, 3000);
	deck_read(".part"); // as it lies there now
	cr_expect(ge(i64, deck.frames, 1500 * 8));
	cr_expect(gt(dbl, deck_share(1, 1000, 20, 1480), 0.99));
}

Test(recorder, what_it_cannot_do_is_refused)
{
	cr_expect(eq(int, recorder_begin(&deck.r, 0, 8000), ATTACH_UNKNOWN));
	cr_expect(eq(int, recorder_begin(&deck.r, DECK_ID, 44100), ATTACH_UNKNOWN));
	cr_expect(eq(int, deck_mark(&ann, RECORD_ON), RECORD_UNKNOWN), "never announced");
	deck_open(RECORDER_HZ);
	cr_expect(eq(int, recorder_begin(&deck.r, DECK_ID, 8000), ATTACH_IN_USE));
	for (uint64_t id = 1; id <= 3; id++)
		cr_expect(eq(int, recorder_begin(&deck.r, id, 8000), ATTACH_OK));
	cr_expect(eq(int, recorder_begin(&deck.r, 4, 8000), ATTACH_NO_ROOM));
	cr_expect(not(recorder_end(&deck.r, 99)));
	recorder_end_all(&deck.r);
	deck_pass(20);
	deck_hear();
	cr_expect(eq(u32, deck.news, 8), "each began and ended");
	cr_expect(eq(int, deck_mark(&ann, RECORD_ON), RECORD_UNKNOWN), "it is over");
	for (uint64_t id = 1; id <= 3; id++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%016" PRIx64 ".wav", deck.directory, id);
		cr_expect(zero(int, remove(path)));
	}
}
