// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/kernel_share.h"

#include "dataplane/dpdk/wire.h"

#include <string.h>

// What is broken for us is not whole for the kernel either; it judges by itself what we only do
// not care for (options of IPv4, sources that no host has, fragments).
static const enum kernel_share share[FRAME_KINDS] = {
	[FRAME_UDP] = KERNEL_NOTHING,
	[FRAME_ECHO] = KERNEL_NOTHING,
	[FRAME_ARP] = KERNEL_COPY,
	[FRAME_ND] = KERNEL_COPY,
	[FRAME_NOT_IP] = KERNEL_ALL,
	[FRAME_OTHER_VLAN] = KERNEL_ALL,
	[FRAME_BAD_IP] = KERNEL_ALL,
	[FRAME_FRAGMENT] = KERNEL_ALL,
	[FRAME_EXTENSION] = KERNEL_ALL,
	[FRAME_NOT_OURS] = KERNEL_ALL,
	[FRAME_NOT_UDP] = KERNEL_ALL,
	[FRAME_BAD_UDP] = KERNEL_NOTHING,
	[FRAME_BAD_CHECKSUM] = KERNEL_NOTHING,
};

// To us, who have the kernel's MAC, or to a group. What a switch floods, or a promiscuous card
// brings, is neither's.
static bool is_for_this_card(const struct station *s, const uint8_t *data)
{
	return (data[0] & 1) != 0 || memcmp(data, s->mac, MAC_LEN) == 0;
}

enum kernel_share kernel_share(
	enum frame_kind kind, const struct station *s, const uint8_t *data, size_t len)
{
	if (len < ETH_HEADER || !is_for_this_card(s, data))
		return KERNEL_NOTHING;
	return share[kind];
}
