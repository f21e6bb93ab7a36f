// SPDX-License-Identifier: BSD-3-Clause
//
// Between the files that read a frame: one of each family. For nobody else.
#pragma once

#include "dataplane/dpdk/frame.h"

// What is being read: Ethernet is behind us.
struct reading {
	const struct station *station;
	const uint8_t *data; // the frame
	const uint8_t *ip;   // in it
	size_t len;          // from ip on, what Ethernet padded included
	uint16_t lan;
	unsigned trust;
};

[[nodiscard]] enum frame_kind frame_read_ip4(struct frame *out, const struct reading *r);
[[nodiscard]] enum frame_kind frame_read_ip6(struct frame *out, const struct reading *r);

// UDP, of `room` bytes at most; pseudo is the sum of the addresses. Sets ports, off and len.
[[nodiscard]] enum frame_kind frame_read_udp(struct frame *out, const struct reading *r,
	const uint8_t *udp, uint16_t room, uint64_t pseudo);
