// SPDX-License-Identifier: BSD-3-Clause
//
// Good frames of each kind, bent in every way that one bit, one byte or a cut can: each is refused
// by name or read within its bounds. The fuzz target says what that means, and aborts.
#include "dataplane/dpdk/frame.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { KINDS = 7, ROOM = 160 };

static size_t udp4(uint8_t *frame)
{
	static const uint8_t datagram[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0,
		33, 0, 0, 0x40, 0, 0x40, 0x11, 0x26, 4, 10, 99, 0, 1, 10, 99, 0, 2, 0x13, 0x88,
		0x40, 0, 0, 13, 0x38, 0xbf, 'l', 'a', 'y', 'b', 'y' };

	memcpy(frame, datagram, sizeof(datagram));
	return sizeof(datagram);
}

static size_t arp(uint8_t *frame)
{
	static const uint8_t question[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
		8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 99, 0, 1, [38] = 10, 99, 0, 2 };

	memcpy(frame, question, sizeof(question));
	return sizeof(question);
}

static size_t echo6(uint8_t *frame)
{
	uint8_t *icmp = frames_ip6(frame, "fe80::1", "2001:db8::2", 58, 12);

	memcpy(icmp, (uint8_t[]){ 128, 0, 0, 0, 0, 7, 0, 1, 'p', 'i', 'n', 'g' }, 12);
	mend_ip6(frame + 14, 2);
	return 66;
}

static size_t make(int kind, uint8_t *frame)
{
	switch (kind) {
	case 0:
		return udp4(frame);
	case 1:
		return arp(frame);
	case 2:
		return frames_udp6(frame, "2001:db8:9::1", "2001:db8::2", 5);
	case 3:
		return frames_nd(
			frame, "fe80::1", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac);
	case 4:
		return frames_nd(frame, "fe80::1", "2001:db8::2", 136, 0xe0, "fe80::1", their_mac);
	case 5:
		return echo6(frame);
	default:
		return frames_tag(
			frame, frames_udp6(frame, "2001:db8:77::1", "2001:db8:77::2", 5), 101);
	}
}

static void hear(const uint8_t *frame, size_t len)
{
	uint8_t *exact = malloc(len + 1); // one before, so that even nothing has a place

	memcpy(exact + 1, frame, len);
	LLVMFuzzerTestOneInput(exact + 1, len);
	free(exact);
}

Test(frame_bent, every_cut_and_every_bit)
{
	for (int kind = 0; kind < KINDS; kind++) {
		uint8_t frame[ROOM];
		size_t full = make(kind, frame);

		for (size_t len = 0; len <= full; len++)
			hear(frame, len);
		for (size_t bit = 0; bit < 8 * full; bit++) {
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
			hear(frame, full);
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void expect_same(const uint8_t *frame, size_t len)
{
	static const struct frame nothing;
	struct station s = frames_station();
	struct frame plain = nothing, tagged = nothing;
	uint8_t with[ROOM];

	memcpy(with, frame, len);
	size_t longer = frames_tag(with, len, VLAN_NONE);
	for (unsigned trust = 0; trust <= (FRAME_TRUST_IP | FRAME_TRUST_UDP); trust++) {
		enum frame_kind kind = frame_read(&plain, &s, frame, len, trust);

		cr_expect_eq(frame_read(&tagged, &s, with, longer, trust), kind);
		if (kind != FRAME_UDP)
			continue;
		tagged.off -= 4;
		cr_expect_arr_eq(&tagged, &plain, sizeof(plain));
	}
}

// The common frame has a way of its own; with a tag that says nothing it goes the way of all.
Test(frame_bent, a_tag_without_a_vlan_changes_nothing)
{
	uint8_t frame[ROOM];
	size_t full = udp4(frame);

	for (size_t len = 14; len <= full; len++)
		expect_same(frame, len);
	for (size_t at = 0; at < full; at++) {
		uint8_t kept = frame[at];

		if (at == 12 || at == 13)
			continue; // the type itself, which a tag comes before
		for (unsigned byte = 0; byte < 256; byte++) {
			frame[at] = (uint8_t)byte;
			expect_same(frame, full);
		}
		frame[at] = kept;
	}
}

Test(frame_bent, every_byte_in_every_place_with_and_without_its_end)
{
	for (int kind = 0; kind < KINDS; kind++) {
		uint8_t frame[ROOM];
		size_t full = make(kind, frame);

		for (size_t at = 0; at < full; at++) {
			uint8_t kept = frame[at];

			for (unsigned byte = 0; byte < 256; byte += 3) {
				frame[at] = (uint8_t)byte;
				hear(frame, full);
				hear(frame, full - byte % 16);
			}
			frame[at] = kept;
		}
	}
}
