// SPDX-License-Identifier: BSD-3-Clause
//
// SRTP against libsrtp2, and against whoever would forge it.
#include "dataplane/srtp.h"
#include "tests/support/srtp_judge.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

enum { ROOM = 2048, SSRC = 0x01020304 };

static struct srtp_ciphers *ciphers;
static uint8_t key[DP_KEY_MAX], other_key[DP_KEY_MAX];
static uint64_t dice;

static uint32_t draw(uint32_t below)
{
	dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(dice >> 33) % below;
}

static void begin(void)
{
	ciphers = srtp_ciphers_new();
	cr_assert(ciphers != NULL);
	for (unsigned i = 0; i < DP_KEY_MAX; i++) {
		key[i] = (uint8_t)(i * 11 + 3);
		other_key[i] = (uint8_t)(i * 7 + 5);
	}
	dice = 1;
}

static void end(void)
{
	srtp_ciphers_free(ciphers);
}

TestSuite(srtp, .init = begin, .fini = end);

struct datagram {
	uint8_t data[ROOM];
	size_t len;
};

static bool same(const struct datagram *a, const struct datagram *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

// RTP with this number: now and then with sources, an extension, padding, or nothing to say.
static struct datagram rtp(uint32_t ssrc, uint16_t seq)
{
	struct datagram d = { .len = 12 };
	uint32_t sources = draw(3) == 0 ? draw(16) : 0;
	uint32_t words = draw(5);
	bool extended = draw(3) == 0, padded = draw(4) == 0;
	uint32_t payload = draw(5) == 0 ? draw(1200) : 160;

	d.data[0] = (uint8_t)(0x80 | sources | (extended ? 0x10 : 0) | (padded ? 0x20 : 0));
	d.data[1] = (uint8_t)draw(128);
	d.data[2] = (uint8_t)(seq >> 8);
	d.data[3] = (uint8_t)seq;
	put32(d.data + 4, draw(UINT32_MAX));
	put32(d.data + 8, ssrc);
	d.len += 4 * sources;
	if (extended) {
		d.data[d.len] = 0xbe;
		d.data[d.len + 1] = 0xde;
		d.data[d.len + 3] = (uint8_t)words;
		d.len += 4 + 4 * words;
	}
	for (uint32_t i = 0; i < payload; i++)
		d.data[d.len++] = (uint8_t)draw(256);
	for (uint32_t i = 0; padded && i < 4; i++)
		d.data[d.len++] = 4;
	return d;
}

static struct datagram rtcp(uint32_t ssrc)
{
	struct datagram d = { .len = 8 + 4 * draw(60) };

	for (size_t i = 8; i < d.len; i++)
		d.data[i] = (uint8_t)draw(256);
	d.data[0] = 0x80;
	d.data[1] = 201;
	d.data[3] = (uint8_t)(d.len / 4 - 1);
	put32(d.data + 4, ssrc);
	return d;
}

static enum srtp_error seal(struct srtp *s, bool is_rtcp, struct datagram *d)
{
	return is_rtcp ? srtp_seal_rtcp(s, ciphers, d->data, &d->len, ROOM)
		       : srtp_seal_rtp(s, ciphers, d->data, &d->len, ROOM);
}

static enum srtp_error open(struct srtp *s, bool is_rtcp, struct datagram *d)
{
	return is_rtcp ? srtp_open_rtcp(s, ciphers, d->data, &d->len)
		       : srtp_open_rtp(s, ciphers, d->data, &d->len);
}

static struct srtp keyed(uint8_t suite, const uint8_t *with)
{
	struct srtp s = { 0 };

	cr_assert(srtp_key(&s, ciphers, suite, with));
	return s;
}

static struct srtp with_suite(uint8_t suite)
{
	return keyed(suite, key);
}

// A stream with loss and reordering that goes round: the number of its i-th packet.
static uint16_t number(unsigned i)
{
	unsigned block = i / 64;

	return (uint16_t)(65000 + block * 64 + (block % 3 == 0 ? (i * 37 + 11) % 64 : i % 64));
}

enum { STREAM = 2000 };

Test(srtp, what_we_seal_libsrtp_opens_to_the_same_bytes)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite);
		srtp_t judge = judge_new(suite, key, false);

		for (unsigned i = 0; i < STREAM; i++) {
			bool is_rtcp = i % 10 == 9;
			struct datagram plain = is_rtcp ? rtcp(SSRC) : rtp(SSRC, number(i));
			struct datagram d = plain;

			if (i > 64 && draw(20) == 0)
				continue; // never sent
			cr_assert(eq(int, seal(&s, is_rtcp, &d), SRTP_OK), "%u of %u", i, suite);
			cr_expect(not(same(&d, &plain)));
			if (draw(20) == 0)
				continue; // lost
			cr_assert(judge_open(judge, is_rtcp, d.data, &d.len), "%u of %u", i, suite);
			cr_expect(same(&d, &plain), "%u of %u", i, suite);
		}
		cr_expect(eq(u64, s.source[0].rtp.highest >> 16, 1), "it went round");
		srtp_dealloc(judge);
	}
}

Test(srtp, what_libsrtp_seals_we_open_to_the_same_bytes_and_only_once)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite);
		srtp_t judge = judge_new(suite, key, true);

		for (unsigned i = 0; i < STREAM; i++) {
			bool is_rtcp = i % 10 == 9;
			struct datagram plain = is_rtcp ? rtcp(SSRC) : rtp(SSRC, number(i));
			struct datagram d = plain;

			cr_assert(judge_seal(judge, is_rtcp, d.data, &d.len));
			if (i > 64 && draw(20) == 0)
				continue; // lost
			struct datagram again = d;
			cr_assert(eq(int, open(&s, is_rtcp, &d), SRTP_OK), "%u of %u", i, suite);
			cr_expect(same(&d, &plain), "%u of %u", i, suite);

			struct srtp before = s;
			cr_expect(eq(int, open(&s, is_rtcp, &again), SRTP_SEEN));
			cr_expect(eq(int, memcmp(&s, &before, sizeof(s)), 0));
		}
		cr_expect(eq(u64, s.source[0].rtp.highest >> 16, 1), "it went round");
		srtp_dealloc(judge);
	}
}

Test(srtp, the_same_packet_sealed_by_both_is_the_same)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite);
		srtp_t judge = judge_new(suite, key, true);

		for (unsigned i = 0; i < 300; i++) {
			struct datagram ours = rtp(SSRC, (uint16_t)(65400 + i));
			struct datagram its = ours;

			cr_assert(eq(int, seal(&s, false, &ours), SRTP_OK));
			cr_assert(judge_seal(judge, false, its.data, &its.len));
			cr_expect(same(&ours, &its));
		}
		srtp_dealloc(judge);
	}
}

Test(srtp, row_1_each_flipped_bit_of_a_packet_is_refused_and_changes_nothing)
{
	FOR_EACH_SUITE(suite)
	{
		for (int is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct srtp from = with_suite(suite), s = with_suite(suite);
			struct datagram first = is_rtcp ? rtcp(SSRC) : rtp(SSRC, 100);
			struct datagram plain = is_rtcp ? rtcp(SSRC) : rtp(SSRC, 101);
			struct datagram sealed = plain;

			cr_assert(eq(int, seal(&from, is_rtcp, &first), SRTP_OK));
			cr_assert(eq(int, open(&s, is_rtcp, &first), SRTP_OK));
			cr_assert(eq(int, seal(&from, is_rtcp, &sealed), SRTP_OK));
			struct srtp before = s;
			for (size_t bit = 0; bit < sealed.len * 8; bit++) {
				struct datagram d = sealed;

				d.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
				cr_expect(ne(int, open(&s, is_rtcp, &d), SRTP_OK), "bit %zu", bit);
				cr_expect(
					eq(int, memcmp(&s, &before, sizeof(s)), 0), "bit %zu", bit);
			}
			cr_assert(eq(int, open(&s, is_rtcp, &sealed), SRTP_OK));
			cr_expect(same(&sealed, &plain));
		}
	}
}

Test(srtp, every_shorter_piece_of_a_packet_is_refused)
{
	FOR_EACH_SUITE(suite)
	{
		for (int is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct srtp from = with_suite(suite), s = with_suite(suite);
			struct datagram sealed = is_rtcp ? rtcp(SSRC) : rtp(SSRC, 100);
			struct srtp before = s;

			cr_assert(eq(int, seal(&from, is_rtcp, &sealed), SRTP_OK));
			for (size_t len = 0; len < sealed.len; len++) {
				struct datagram d = sealed;

				d.len = len;
				cr_expect(ne(int, open(&s, is_rtcp, &d), SRTP_OK), "%zu", len);
				cr_expect(eq(int, memcmp(&s, &before, sizeof(s)), 0));
			}
		}
	}
}

Test(srtp, without_a_key_nothing_is_sealed_or_opened)
{
	struct srtp s = { 0 };
	struct datagram d = rtp(SSRC, 1), e = rtcp(SSRC);

	cr_expect(eq(int, seal(&s, false, &d), SRTP_NO_KEY));
	cr_expect(eq(int, open(&s, false, &d), SRTP_NO_KEY));
	cr_expect(eq(int, seal(&s, true, &e), SRTP_NO_KEY));
	cr_expect(eq(int, open(&s, true, &e), SRTP_NO_KEY));
	cr_expect(eq(sz, srtp_key_len(DP_SUITE_NONE), 0));
	cr_expect(eq(sz, srtp_key_len(DP_SUITE_COUNT), 0));
	cr_expect(eq(sz, srtp_key_len(255), 0));
}

Test(srtp, a_packet_in_the_clear_is_refused_where_there_is_a_key)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite), before = s;
		struct datagram d = rtp(SSRC, 1), e = rtcp(SSRC);

		cr_expect(ne(int, open(&s, false, &d), SRTP_OK));
		cr_expect(ne(int, open(&s, true, &e), SRTP_OK));
		cr_expect(eq(int, memcmp(&s, &before, sizeof(s)), 0));
	}
}

Test(srtp, no_number_is_sealed_twice)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite);
		struct datagram a = rtp(SSRC, 500), b = rtp(SSRC, 500), c = rtp(SSRC, 300);
		struct datagram late = rtp(SSRC, 499);

		cr_assert(eq(int, seal(&s, false, &a), SRTP_OK));
		struct srtp before = s;
		cr_expect(eq(int, seal(&s, false, &b), SRTP_SEEN));
		cr_expect(eq(int, seal(&s, false, &c), SRTP_TOO_OLD));
		cr_expect(eq(int, memcmp(&s, &before, sizeof(s)), 0));
		cr_expect(eq(int, seal(&s, false, &late), SRTP_OK));
	}
}

Test(srtp, a_packet_is_not_sealed_beyond_its_room)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite), before = s;
		struct datagram d = rtp(SSRC, 1), e = rtcp(SSRC), was = d;
		size_t tag = s.tag, tag_rtcp = s.tag_rtcp + 4U;

		cr_assert(le(sz, tag, SRTP_GROWTH));
		cr_assert(le(sz, tag_rtcp, SRTCP_GROWTH));
		cr_expect(eq(int, srtp_seal_rtp(&s, ciphers, d.data, &d.len, d.len + tag - 1),
			SRTP_NO_SPACE));
		cr_expect(same(&d, &was));
		cr_expect(eq(int, srtp_seal_rtcp(&s, ciphers, e.data, &e.len, e.len + tag_rtcp - 1),
			SRTP_NO_SPACE));
		cr_expect(eq(int, memcmp(&s, &before, sizeof(s)), 0));
		cr_expect(
			eq(int, srtp_seal_rtp(&s, ciphers, d.data, &d.len, d.len + tag), SRTP_OK));
	}
}

Test(srtp, a_stream_whose_first_packets_were_lost_before_its_numbers_went_round_is_opened)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp from = with_suite(suite), s = with_suite(suite);

		for (unsigned i = 0; i < 40; i++) {
			struct datagram plain = rtp(SSRC, (uint16_t)(65520 + i)), d = plain;

			cr_assert(eq(int, seal(&from, false, &d), SRTP_OK));
			if (i < 20)
				continue;
			cr_assert(eq(int, open(&s, false, &d), SRTP_OK), "%u of %u", i, suite);
			cr_expect(same(&d, &plain));
		}
	}
}

Test(srtp, a_new_key_is_good_at_once_and_the_old_one_is_not)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp from = with_suite(suite), s = with_suite(suite);
		struct datagram old = rtp(SSRC, 10), old_report = rtcp(SSRC);

		cr_assert(eq(int, seal(&from, false, &old), SRTP_OK));
		cr_assert(eq(int, seal(&from, true, &old_report), SRTP_OK));
		cr_assert(srtp_key(&from, ciphers, suite, other_key));
		cr_assert(srtp_key(&s, ciphers, suite, other_key));
		cr_expect(eq(int, open(&s, false, &old), SRTP_FORGED));
		cr_expect(eq(int, open(&s, true, &old_report), SRTP_FORGED));
		for (uint16_t seq = 11; seq < 20; seq++) {
			struct datagram d = rtp(SSRC, seq), e = rtcp(SSRC);

			cr_assert(eq(int, seal(&from, false, &d), SRTP_OK));
			cr_assert(eq(int, seal(&from, true, &e), SRTP_OK));
			cr_expect(eq(int, open(&s, false, &d), SRTP_OK));
			cr_expect(eq(int, open(&s, true, &e), SRTP_OK));
		}
	}
}

// Both kinds of far end there are: one whose roll-over counter goes on (RFC 3711, 3.3.1), and one
// that begins anew.
Test(srtp, a_new_key_after_the_numbers_went_round_works_with_either_kind_of_far_end)
{
	FOR_EACH_SUITE(suite)
	{
		for (int anew = 0; anew < 2; anew++) {
			struct srtp from = with_suite(suite), s = with_suite(suite);

			for (unsigned i = 0; i < 40; i++) {
				struct datagram plain = rtp(SSRC, (uint16_t)(65520 + i)), d = plain;

				if (i == 30) {
					if (anew)
						from = (struct srtp){ 0 };
					cr_assert(srtp_key(&from, ciphers, suite, other_key));
					cr_assert(srtp_key(&s, ciphers, suite, other_key));
				}
				cr_assert(eq(int, seal(&from, false, &d), SRTP_OK));
				cr_assert(eq(int, open(&s, false, &d), SRTP_OK), "%u of %u", i,
					suite);
				cr_expect(same(&d, &plain));
			}
			cr_expect(eq(u64, s.source[0].rtp.highest, (anew ? 0 : 0x10000) + 23));
		}
	}
}

Test(srtp, the_same_key_once_more_changes_nothing)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite);
		struct datagram d = rtp(SSRC, 10);

		cr_assert(eq(int, seal(&s, false, &d), SRTP_OK));
		struct srtp before = s;
		cr_assert(srtp_key(&s, ciphers, suite, key));
		cr_expect(eq(int, memcmp(&s, &before, sizeof(s)), 0));
	}
}

Test(srtp, the_master_key_is_not_kept_and_forgetting_leaves_nothing)
{
	static const struct srtp nothing;

	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite);

		cr_expect(eq(ptr, memmem(&s, sizeof(s), key, 16), NULL));
		srtp_forget(&s, ciphers);
		cr_expect(eq(int, memcmp(&s, &nothing, sizeof(s)), 0));
	}
}

Test(srtp, a_far_end_may_change_its_ssrc_and_come_back_but_what_it_sent_then_is_not_heard_again)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp from = with_suite(suite), s = with_suite(suite);
		struct datagram first[SRTP_SOURCES];

		for (uint32_t ssrc = 0; ssrc < SRTP_SOURCES; ssrc++) {
			first[ssrc] = rtp(ssrc, 100);
			cr_assert(eq(int, seal(&from, false, &first[ssrc]), SRTP_OK));
			struct datagram d = first[ssrc];
			cr_expect(eq(int, open(&s, false, &d), SRTP_OK));
		}
		for (uint32_t ssrc = 0; ssrc < SRTP_SOURCES; ssrc++) {
			struct datagram d = first[ssrc], next = rtp(ssrc, 101);

			cr_expect(eq(int, open(&s, false, &d), SRTP_SEEN));
			cr_assert(eq(int, seal(&from, false, &next), SRTP_OK));
			cr_expect(eq(int, open(&s, false, &next), SRTP_OK));
		}
		struct datagram fifth = rtp(77, 1), third = rtp(2, 102);
		cr_assert(eq(int, seal(&from, false, &fifth), SRTP_OK));
		cr_expect(eq(int, open(&s, false, &fifth), SRTP_OK), "nobody goes deaf");
		cr_assert(eq(int, seal(&from, false, &third), SRTP_OK));
		cr_expect(eq(int, open(&s, false, &third), SRTP_OK));
		cr_expect(eq(u32, s.source[0].ssrc, 2));
		cr_expect(eq(u32, s.source[1].ssrc, 77));
	}
}

Test(srtp, a_key_that_has_sealed_all_it_may_seals_no_more)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite), in = with_suite(suite);
		struct datagram a = rtp(SSRC, 0xffff), b = rtp(SSRC, 0), c = rtcp(SSRC),
				d = rtcp(SSRC);
		struct srtp_source last = { .ssrc = SSRC,
			.known = true,
			.rtp = { .highest = SRTP_INDEX_MAX - 1, .bits = { 1 } } };

		s.source[0] = in.source[0] = last;
		cr_expect(eq(int, seal(&s, false, &a), SRTP_OK));
		cr_expect(eq(int, open(&in, false, &a), SRTP_OK));
		cr_expect(eq(int, seal(&s, false, &b), SRTP_WORN));
		cr_expect(eq(int, open(&in, false, &b), SRTP_WORN));
		s.rtcp_next = 0x7fffffff;
		cr_expect(eq(int, seal(&s, true, &c), SRTP_OK));
		cr_expect(eq(int, open(&in, true, &c), SRTP_OK));
		cr_expect(eq(int, seal(&s, true, &d), SRTP_WORN));
	}
}

Test(srtp, reports_that_are_not_encrypted_are_taken_if_they_are_genuine)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = with_suite(suite);
		srtp_policy_t policy;

		judge_policy(&policy, suite);
		policy.rtcp.sec_serv = sec_serv_auth;
		srtp_t judge = judge_with(&policy, key, true);
		struct datagram plain = rtcp(SSRC), d = plain, forged;

		cr_assert(judge_seal(judge, true, d.data, &d.len));
		cr_expect(eq(int, memcmp(d.data, plain.data, plain.len), 0), "in the clear");
		forged = d;
		forged.data[plain.len - 1] ^= 1;
		cr_expect(eq(int, open(&s, true, &forged), SRTP_FORGED));
		cr_assert(eq(int, open(&s, true, &d), SRTP_OK));
		cr_expect(same(&d, &plain));
		srtp_dealloc(judge);
	}
}

Test(srtp, headers_that_lie_about_their_length_are_refused)
{
	struct srtp s = with_suite(DP_SUITE_AES_CM_128_HMAC_SHA1_80);
	struct datagram d = { .data = { 0x8f }, .len = 12 + 10 + 59 };
	struct datagram e = { .data = { 0x90, [14] = 0xff, [15] = 0xff }, .len = 12 + 10 + 160 };
	struct datagram f = { .data = { 0x90 }, .len = 12 + 10 + 3 };
	struct datagram g = { .data = { 0x40 }, .len = 12 + 10 + 160 };

	cr_expect(eq(int, open(&s, false, &d), SRTP_BAD));
	cr_expect(eq(int, open(&s, false, &e), SRTP_BAD));
	cr_expect(eq(int, open(&s, false, &f), SRTP_BAD));
	cr_expect(eq(int, open(&s, false, &g), SRTP_BAD));
	cr_expect(eq(int, open(&s, true, &g), SRTP_BAD));
}
