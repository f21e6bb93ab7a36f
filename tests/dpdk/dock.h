// SPDX-License-Identifier: BSD-3-Clause
//
// Two workers on one port that is a ring, with two queues: what a worker sends comes back in the
// queue of its own and is taken out before anybody polls it. One thread, no clock but ours.
#pragma once

#include "dataplane/dpdk/plant.h"

#include <stdint.h>

enum {
	DOCK_WORKERS = 2,
	DOCK_US = 0x0a630002, // worker 0's; worker 1 has the next one
	DOCK_THEM = 0x0a630001,
	DOCK_RTP = 20000,
	DOCK_THEIR_RTP = 40000,
	DOCK_FLOWS = 16,
	DOCK_MBUFS = 8191,
	DOCK_ETHERNET = 14,
	DOCK_HEADERS = 42, // Ethernet, IPv4, UDP
};

// What one worker sent since it was last asked about.
struct dock_heard {
	uint32_t arps;
	uint32_t datagrams;
	uint8_t arp[2048];
	uint8_t datagram[2048];
};

extern struct plant plant;
extern struct worker *worker[DOCK_WORKERS];
extern uint64_t now;
extern const uint8_t their_mac[6];

void dock_set_up(void);
void dock_tear_down(void);

// Both workers, once or more each, in turn.
void dock_turn(uint64_t after_ms);
struct dock_heard dock_sent(uint32_t worker);

// A frame comes in on a queue.
void dock_say(uint16_t queue, const uint8_t *data, uint16_t len);
void dock_say_arp(uint16_t queue, uint16_t op, uint32_t from, uint32_t to);
// RTP for a flow of this worker's address.
void dock_say_rtp(
	uint16_t queue, uint32_t worker, uint32_t flow, uint16_t seq, const char *payload);

struct dp_event dock_command(uint32_t worker, struct dp_cmd cmd);
// Opened with this generation; its far end is DOCK_THEM.
void dock_open(uint32_t worker, uint32_t flow, uint32_t gen);
struct dp_event dock_relay(
	uint32_t worker, struct flow_id flow, uint32_t peer_worker, struct flow_id peer);

// Every buffer is in its pool again.
void dock_expect_no_leak(void);
