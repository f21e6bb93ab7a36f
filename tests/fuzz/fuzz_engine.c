// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes are a life of an engine: commands, packets from friends and strangers, time. Whatever
// they say,
//   every command is answered once,
//   every packet that came in is sent or dropped,
//   nothing leaves for a flow that is closed, on hold, or whose far end is not named,
//   each flow sends one SSRC, no sequence number twice, and none far from the one before,
//   and only where the last REMOTE says; behind NAT, only to a port that it was heard from.
#define RIG_SENT_MAX 1
#include "tests/support/rig.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
	INPUT_MAX = 2048,
	FAR = 101, // a jump of more lost packets than this is not passed on
	PORTS = 16 // the far ends' ports are 4000 to 4015
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
};

static struct rig rig;
static struct told told[RIG_FLOWS];
static const uint8_t *bytes;
static size_t left;

static uint8_t byte(void)
{
	if (left == 0)
		return 0;
	left--;
	return *bytes++;
}

static uint16_t word(void)
{
	return (uint16_t)(byte() << 8 | byte());
}

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

static void on_left(struct rig *, const struct rig_packet *p)
{
	struct told *t = &told[p->flow];

	must(t->open && t->known);
	bool opaque = t->remote.remote.codec == DP_CODEC_OPAQUE;

	check_target(t, p);
	must(!opaque || p->local_port % 2 == 0); // it has no reports
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

static struct dp_cmd remote(void)
{
	struct dp_cmd cmd = rig_remote(byte() % 4);
	uint8_t how = byte();

	if (how & 1)
		rig_ip(cmd.remote.nat, byte() % 4);
	cmd.remote.codec = how >> 1 & 3;
	cmd.remote.flags = how >> 3 & 1;
	if (how == 0xf0) { // what has no bit of its own
		cmd.remote.codec = byte() % DP_CODEC_COUNT;
		cmd.remote.rtcp_port = cmd.remote.rtp_port;
		cmd.remote.cn = byte();
		return cmd;
	}
	if (how & 16)
		cmd.remote.dtmf_tx = byte();
	if (how & 32)
		cmd.remote.ptime = byte();
	if (how & 64)
		cmd.remote.rtp_port = (uint16_t)(4000 + byte() % PORTS);
	if (how & 128)
		cmd.remote.clock = word();
	return cmd;
}

static uint64_t track(void)
{
	static const uint64_t tracks[] = { 0, RIG_MUSIC, RIG_PROMPT, RIG_SHORT, RIG_ULAW, 1 };

	return tracks[byte() % 6];
}

static void fill(struct dp_cmd *cmd)
{
	switch (cmd->kind) {
	case DP_CMD_REMOTE:
		*cmd = remote();
		break;
	case DP_CMD_MUSIC:
		cmd->music.track = track();
		break;
	case DP_CMD_PROMPT:
		for (unsigned i = 0; i < DP_PROMPT_MAX; i++)
			cmd->prompt.track[i] = track();
		break;
	case DP_CMD_RELAY:
		cmd->relay.peer = (struct flow_id){ byte() % RIG_FLOWS, 1 + byte() % 2 };
		break;
	case DP_CMD_WATCH:
		cmd->watch.digits = word();
		break;
	case DP_CMD_DIGITS:
		cmd->digits.n = byte() % 10;
		for (unsigned i = 0; i < DP_DIGITS_MAX; i++) {
			cmd->digits.digit[i] = byte() % 17;
			cmd->digits.ms[i] = (uint16_t)(byte() * 4);
		}
		break;
	default:
		break;
	}
}

static void note(struct told *t, const struct dp_cmd *cmd)
{
	if (cmd->kind == DP_CMD_OPEN && !t->open)
		*t = (struct told){ .gen = cmd->flow.gen, .open = true };
	if (cmd->kind == DP_CMD_CLOSE)
		t->open = false;
	if (cmd->kind == DP_CMD_REMOTE) {
		if (!t->known || memcmp(flow_target_ip(&t->remote), flow_target_ip(cmd), 16) != 0)
			t->heard_from = t->reported_from = 0;
		t->remote = *cmd;
		t->known = true;
	}
}

static void command(void)
{
	struct dp_cmd cmd = { .kind = byte() % (DP_CMD_COUNT + 1) };
	uint32_t flow = byte() % (RIG_FLOWS + 1);

	fill(&cmd);
	cmd.flow.gen = 1 + byte() % 2;
	if (rig_do(&rig, flow, cmd) == DP_REFUSAL_NONE) {
		cmd.flow.index = flow;
		note(&told[flow], &cmd);
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

static uint8_t packet_bytes(uint8_t *out)
{
	uint8_t how = byte();
	uint8_t n = byte() % 180;

	for (unsigned i = 0; i < 12U + n; i++)
		out[i] = i < 40 ? byte() : (uint8_t)i;
	if (how & 1) {
		rtp_write(out,
			&(struct rtp){ .marker = how >> 7,
				.pt = how & 2 ? RIG_EVENT : RIG_PCMU,
				.seq = (uint16_t)(how & 4 ? out[3] : out[2] << 8 | out[3]),
				.ts = (uint32_t)(how & 8 ? out[7] * 80 : out[4] << 24 | out[7]),
				.ssrc = how & 16 ? out[8] : 7 });
		out[12] &= 0x0f;
	}
	if ((how & 96) == 96) { // a report, of a length that may be right
		out[0] = 0x81;
		out[1] = 200 + (how & 1);
		out[2] = 0;
		out[3] = (uint8_t)(n / 4 + 2);
	}
	return (uint8_t)(12 + n);
}

static void packet(void)
{
	uint8_t data[256];
	uint8_t to = byte(), party = byte() % 5;
	uint16_t port = (uint16_t)(4000 + byte() % PORTS);
	uint8_t len = packet_bytes(data);
	struct burst in = { .n = 1 };
	uint32_t flow = to % RIG_FLOWS, before = rig.sent;
	bool rtcp = to & 128;
	uint64_t made = stat_read(&rig.stats.rendered);

	hear(flow, party, port, rtcp);
	in.pkt[0] = (struct pkt){ .data = data,
		.len = len,
		.room = sizeof(data),
		.local_port = (uint16_t)(RIG_PORT + 2 * (flow % (RIG_FLOWS / 2)) + rtcp),
		.address = (uint8_t)(flow / (RIG_FLOWS / 2)),
		.remote_port = port };
	rig_ip(in.pkt[0].ip, party);
	rig.drop.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	rig_take(&rig, &rig.out);
	// What is rendered may make several packets of one, or drop the one that it read.
	bool rendered = stat_read(&rig.stats.rendered) != made;
	must(in.n == 0 && rig.drop.n <= 1 && rig.drop.n + (rig.sent - before) >= 1);
	must(rendered || rig.drop.n + (rig.sent - before) == 1);
}

static void wait(void)
{
	uint16_t ms = byte();

	rig.now += (ms < 250 ? ms : (ms - 249) * UINT64_C(3000)) * NS_PER_MS;
	rig_tick(&rig);
	must(engine_next_due(rig.e, rig.now) > rig.now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bytes = data;
	left = len < INPUT_MAX ? len : INPUT_MAX;
	rig_init(&rig);
	rig.left = on_left;
	rig.opaque = true;
	memset(told, 0, sizeof(told));
	while (left > 0) {
		uint8_t what = byte();

		rig.deaf = what & 8;
		rig.blanks = what & 16 ? what & 7 : UINT32_MAX;
		if (what % 4 == 0)
			command();
		else if (what % 4 == 1)
			wait();
		else
			packet();
	}
	return 0;
}
