// SPDX-License-Identifier: BSD-3-Clause
//
// What fuzz_engine has told an engine, and whether what leaves agrees with it. For that one file.
#pragma once

#include "dataplane/srtp.h"
#include "tests/support/rig.h"

#include <stdlib.h>

enum {
	FAR = 101,  // a jump of more lost packets than this is not passed on
	PORTS = 16, // the far ends' ports are 4000 to 4015
};

// What the engine was told about a flow, and what it has sent for it.
struct told {
	uint32_t gen;
	bool open, known, sent;
	struct dp_cmd remote;
	uint32_t heard_from; // bit n: RTP came from the allowed address, port 4000 + n
	uint32_t reported_from;
	uint32_t ssrc;
	uint16_t seq;
	uint64_t window;
	struct srtp in;  // as the far end has it
	struct srtp out; // the same
	uint16_t said_seq;
	uint32_t said_ts;
};

static struct srtp_ciphers *ciphers;
static struct told told[RIG_FLOWS];

static void broken(const char *what, int line)
{
	fprintf(stderr, "line %d: %s\n", line, what);
	abort();
}

#define must(holds) ((holds) ? (void)0 : broken(#holds, __LINE__))

static bool port_in(uint32_t set, uint16_t port)
{
	return port >= 4000 && port < 4000 + PORTS && (set >> (port - 4000) & 1);
}

static bool one_port(const struct told *t)
{
	return t->remote.remote.rtcp_port == t->remote.remote.rtp_port;
}

// Where RTP has a port of its own its payload type may look like a report.
static bool is_report(const struct told *t, const struct rig_packet *p)
{
	return p->local_port % 2 == 1 || (one_port(t) && p->rtcp);
}

static void check_target(const struct told *t, const struct rig_packet *p)
{
	bool rtcp = is_report(t, p);
	const uint8_t *ip = flow_target_ip(&t->remote);

	must(memcmp(p->ip, ip, 16) == 0);
	if (!flow_is_nat(&t->remote))
		must(p->remote_port ==
			(rtcp ? t->remote.remote.rtcp_port : t->remote.remote.rtp_port));
	else if (rtcp && one_port(t))
		must(port_in(t->heard_from, p->remote_port));
	else if (rtcp)
		must(port_in(t->heard_from, (uint16_t)(p->remote_port - 1)) ||
			port_in(t->reported_from, p->remote_port));
	else
		must(port_in(t->heard_from, p->remote_port));
}

static void check_number(struct told *t, const struct rtp *rtp)
{
	int16_t step = (int16_t)(rtp->seq - t->seq);

	if (!t->sent) {
		*t = (struct told){ .gen = t->gen,
			.open = t->open,
			.known = t->known,
			.remote = t->remote,
			.heard_from = t->heard_from,
			.reported_from = t->reported_from,
			.in = t->in,
			.out = t->out,
			.said_seq = t->said_seq,
			.said_ts = t->said_ts,
			.sent = true,
			.ssrc = rtp->ssrc,
			.seq = rtp->seq,
			.window = 1 };
		return;
	}
	must(rtp->ssrc == t->ssrc);
	must(step != 0 && step <= FAR && step >= -FAR);
	if (step > 0) {
		t->window = step < 64 ? t->window << step | 1 : 1;
		t->seq = rtp->seq;
	} else if (step > -64) {
		must((t->window >> -step & 1) == 0);
		t->window |= UINT64_C(1) << -step;
	}
}

static bool has_keys(const struct told *t)
{
	return t->in.suite != DP_SUITE_NONE || t->out.suite != DP_SUITE_NONE;
}

static void check_sealed(struct told *t, const struct rig_packet *p)
{
	uint8_t data[RIG_ROOM];
	size_t len = p->len;

	memcpy(data, p->data, p->len);
	must(t->out.suite != DP_SUITE_NONE);
	enum srtp_error error = is_report(t, p) ? srtp_open_rtcp(&t->out, ciphers, data, &len)
						: srtp_open_rtp(&t->out, ciphers, data, &len);
	must(error == SRTP_OK || error == SRTP_TOO_OLD);
}

static void on_left(struct rig *, const struct rig_packet *p)
{
	struct told *t = &told[p->flow];

	must(t->open && t->known);
	bool opaque = t->remote.remote.codec == DP_CODEC_OPAQUE;

	check_target(t, p);
	must(!opaque || p->local_port % 2 == 0); // it has no reports
	if (has_keys(t) && !opaque)
		check_sealed(t, p);
	if (!opaque && is_report(t, p))
		return;
	must((t->remote.remote.flags & DP_REMOTE_MUTE) == 0);
	if (opaque)
		return;

	struct rtp rtp;
	must(rtp_read(&rtp, p->data, p->len) == RTP_OK);
	must(rtp.pt == t->remote.remote.pt_tx || rtp.pt == t->remote.remote.dtmf_tx ||
		rtp.pt == t->remote.remote.cn);
	check_number(t, &rtp);
}

// The far end has the same keys, and takes them as the engine does.
static void note_keys(struct told *t, const struct dp_cmd *cmd)
{
	struct srtp *s = cmd->keys.send ? &t->out : &t->in;

	if (cmd->keys.suite == DP_SUITE_NONE)
		srtp_forget(s, ciphers);
	else
		must(srtp_key(s, ciphers, cmd->keys.suite, cmd->keys.key));
}

static void note(struct told *t, const struct dp_cmd *cmd)
{
	if (cmd->kind == DP_CMD_OPEN && !t->open)
		*t = (struct told){ .gen = cmd->flow.gen, .open = true };
	if (cmd->kind == DP_CMD_CLOSE)
		t->open = false;
	if (cmd->kind == DP_CMD_KEYS)
		note_keys(t, cmd);
	if (cmd->kind == DP_CMD_REMOTE) {
		if (!t->known || memcmp(flow_target_ip(&t->remote), flow_target_ip(cmd), 16) != 0)
			t->heard_from = t->reported_from = 0;
		t->remote = *cmd;
		t->known = true;
	}
}

// The engine may only use what it hears from who may speak; that is noted before it hears it.
static void hear(uint32_t flow, uint8_t party, uint16_t port, bool rtcp)
{
	struct told *t = &told[flow];
	uint8_t ip[16];

	rig_ip(ip, party);
	if (!t->known || memcmp(ip, flow_target_ip(&t->remote), 16) != 0)
		return;
	if (rtcp)
		t->reported_from |= 1U << (port - 4000);
	else
		t->heard_from |= 1U << (port - 4000);
}
