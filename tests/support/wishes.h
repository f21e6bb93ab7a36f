// SPDX-License-Identifier: BSD-3-Clause
//
// Commands as a test would say them. Tag and flow are filled in by whoever sends them.
#pragma once

#include "codecs/telephone_event.h"
#include "dataplane/cmd.h"

#include <string.h>

enum {
	RIG_PCMU = 0,
	RIG_PCMA = 8,
	RIG_EVENT = 101,
};

// Party n lives on 10.0.0.n.
static inline void rig_ip(uint8_t out[16], uint8_t party)
{
	const uint8_t ip[16] = { [10] = 0xff, [11] = 0xff, 10, 0, 0, party };

	memcpy(out, ip, sizeof(ip));
}

// What signalling says of party n: 10.0.0.n, ports 4000 and 4001, PCMU, 20 ms.
static inline struct dp_cmd rig_remote(uint8_t party)
{
	struct dp_cmd cmd = {
		.kind = DP_CMD_REMOTE,
		.remote = { .clock = 8000,
			.rtp_port = 4000,
			.rtcp_port = 4001,
			.pt_tx = RIG_PCMU,
			.pt_rx = RIG_PCMU,
			.dtmf_tx = RIG_EVENT,
			.dtmf_rx = RIG_EVENT,
			.codec = DP_CODEC_PCMU,
			.ptime = 20,
			.cn = 13 },
	};

	rig_ip(cmd.remote.ip, party);
	return cmd;
}

static inline struct dp_cmd rig_open(void)
{
	return (struct dp_cmd){ .kind = DP_CMD_OPEN, .open.owner = 42 };
}

static inline struct dp_cmd rig_music(uint64_t track)
{
	return (struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = track };
}

static inline struct dp_cmd rig_relay(uint32_t peer)
{
	return (struct dp_cmd){ .kind = DP_CMD_RELAY, .relay.peer = { peer, 1 } };
}

// Two tracks; 0 is none.
static inline struct dp_cmd rig_prompt(uint64_t first, uint64_t second)
{
	return (struct dp_cmd){ .kind = DP_CMD_PROMPT, .prompt.track = { first, second } };
}

// Digits of 80 ms each.
static inline struct dp_cmd rig_keys(const char *keys)
{
	struct dp_cmd cmd = { .kind = DP_CMD_DIGITS };

	for (; *keys != '\0'; keys++, cmd.digits.n++) {
		cmd.digits.digit[cmd.digits.n] = telephone_event_code(*keys);
		cmd.digits.ms[cmd.digits.n] = 80;
	}
	return cmd;
}

static inline struct dp_cmd rig_plain(enum dp_cmd_kind kind)
{
	return (struct dp_cmd){ .kind = (uint16_t)kind };
}
