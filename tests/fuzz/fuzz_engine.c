// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes are a life of an engine: commands, packets from friends and strangers, time. Whatever
// they say,
//   every command is answered once,
//   every packet that came in is sent or dropped,
//   nothing leaves for a flow that is closed, on hold, or whose far end is not named,
//   each flow sends one SSRC, no sequence number twice, and none far from the one before,
//   and only where the last REMOTE says; behind NAT, only to a port that it was heard from,
//   what a flow with keys sends opens with them, and without a key to send with it sends nothing.
#include "codecs/codec.h"
#include "codecs/tone.h"
#define RIG_SENT_MAX 1
#include "tests/fuzz/told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
	INPUT_MAX = 2048,
	PACKET_MAX = 1024,
	STATE = 1 << 16,
	PRESS_MS = 120,
};

static struct rig rig;
static struct tone_cursor tone; // that the far ends say
static alignas(64) uint8_t encoder[CODEC_IDS][STATE];
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

static void samples(struct dp_cmd *cmd)
{
	static const struct {
		uint8_t codec;
		uint32_t clock;
	} known[] = { { DP_CODEC_PCMU, 8000 }, { DP_CODEC_PCMA, 8000 }, { DP_CODEC_G722, 8000 },
		{ DP_CODEC_L16, 8000 }, { DP_CODEC_L16, 16000 }, { DP_CODEC_OPUS, 48000 } };
	static const uint8_t ptimes[] = { 10, 20, 30, 40, 60 };
	uint8_t which = byte() % 6, how = byte();

	cmd->remote.codec = known[which].codec;
	cmd->remote.clock = known[which].clock;
	cmd->remote.ptime = ptimes[(how & 7) % 5];
	cmd->remote.dtmf_tx = how & 8 ? DP_NO_PT : RIG_EVENT;
	cmd->remote.dtmf_rx = how & 16 ? DP_NO_PT : RIG_EVENT;
	cmd->remote.cn = how & 32 ? DP_NO_PT : 13;
	cmd->remote.flags = how >> 6 & 1;
	if (how & 128)
		cmd->remote.rtcp_port = cmd->remote.rtp_port;
}

static struct dp_cmd remote(void)
{
	struct dp_cmd cmd = rig_remote(byte() % 4);
	uint8_t how = byte();

	if (how & 1)
		rig_ip(cmd.remote.nat, byte() % 4);
	cmd.remote.codec = how >> 1 & 3;
	cmd.remote.flags = how >> 3 & 1;
	if (how == 0xf2) { // what can be made of samples
		samples(&cmd);
		return cmd;
	}
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

// Tenths of a dB: -400 to 128.
static int16_t loudness(void)
{
	int step = (int8_t)byte();

	return (int16_t)(step < 0 ? step * 400 / 128 : step);
}

static void fill_keys(struct dp_cmd *cmd)
{
	uint8_t how = byte(), seed = byte();

	cmd->keys.suite = (how & 15) % (DP_SUITE_COUNT + 1);
	cmd->keys.send = how >> 4 & 1;
	for (size_t i = 0; i < srtp_key_len(cmd->keys.suite); i++)
		cmd->keys.key[i] = (uint8_t)(seed + i);
	if (how == 0xff)
		cmd->keys.key[DP_KEY_MAX - 1] = seed;
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
	case DP_CMD_KEYS:
		fill_keys(cmd);
		break;
	case DP_CMD_MIX:
		cmd->mix.n = byte() % 6;
		for (unsigned i = 0; i < DP_MIX_MAX; i++)
			cmd->mix.heard[i] =
				(struct flow_id){ byte() % (RIG_FLOWS + 1), 1 + byte() % 2 };
		break;
	case DP_CMD_OVERLAY:
		cmd->overlay.track = track();
		cmd->overlay.id = byte() % 4;
		cmd->overlay.gain = loudness();
		cmd->overlay.duck = loudness();
		cmd->overlay.ramp = (uint16_t)(byte() * 20);
		cmd->overlay.flags = byte() % 3;
		break;
	case DP_CMD_OVERLAY_END:
		cmd->overlay_end.id = byte() % 4;
		cmd->overlay_end.ramp = (uint16_t)(byte() * 20);
		break;
	case DP_CMD_GAIN:
		cmd->gain.gain = loudness();
		cmd->gain.ramp = (uint16_t)(byte() * 20);
		break;
	case DP_CMD_RECORD:
		cmd->record.recording = byte() % 3;
		cmd->record.channel = byte() % 3;
		cmd->record.state = byte() % 4;
		break;
	default:
		break;
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

// 20 ms of a tone, in the flow's codec, where the far end's stream is. 0: the codec is not ours.
static uint16_t tone_bytes(struct told *t, uint8_t *out)
{
	const struct codec *codec =
		codec_find(t->remote.remote.codec, t->remote.remote.clock & FLOW_CLOCK_MASK);
	int16_t pcm[CODEC_SAMPLES_MAX];
	uint8_t what = byte();

	if (!t->known || codec == NULL)
		return 0;

	size_t n = codec->rate / 50;
	if (what & 16 || tone.tone == NULL || tone.rate != codec->rate)
		tone_begin_digit(&tone, what & 15, PRESS_MS, PRESS_MS, codec->rate);
	tone_render(&tone, pcm, n);
	t->said_seq = (uint16_t)(t->said_seq + (what >> 5 & 3) + 1);
	t->said_ts += codec->clock / 50 * ((what >> 5 & 3) + 1U);
	rtp_write(out, &(struct rtp){ .pt = t->remote.remote.pt_rx,
			       .seq = t->said_seq,
			       .ts = t->said_ts,
			       .ssrc = 7 });
	return (uint16_t)(12 + codec->encode(encoder[t->remote.remote.codec], out + 12,
				       PACKET_MAX - 100, pcm, n));
}

static uint8_t packet_bytes(uint8_t *out)
{
	uint8_t how = byte();
	uint8_t n = byte() % 180;

	for (unsigned i = 0; i < 12U + n; i++)
		out[i] = i < 40 ? byte() : (uint8_t)i;
	if (how & 1) {
		rtp_write(out, &(struct rtp){ .marker = how >> 7,
				       .pt = how & 2 ? RIG_EVENT : RIG_PCMU,
				       .seq = (uint16_t)(how & 4 ? out[3] : out[2] << 8 | out[3]),
				       .ts = (uint32_t)(how & 8 ? out[7] * 80
								: (uint32_t)out[4] << 24 | out[7]),
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

// As the far end seals it, if it has a key.
static uint16_t sealed(struct told *t, uint8_t *data, uint16_t len, bool rtcp)
{
	size_t n = len;
	enum srtp_error error;

	if (t->in.suite == DP_SUITE_NONE)
		return len;
	error = rtcp ? srtp_seal_rtcp(&t->in, ciphers, data, &n, PACKET_MAX)
		     : srtp_seal_rtp(&t->in, ciphers, data, &n, PACKET_MAX);
	return error == SRTP_OK ? (uint16_t)n : len;
}

static void packet(void)
{
	uint8_t data[PACKET_MAX];
	uint8_t to = byte(), party = byte() % 5;
	uint16_t port = (uint16_t)(4000 + byte() % PORTS);
	uint32_t flow = to % RIG_FLOWS, before = rig.sent;
	uint16_t len = to & 64 ? tone_bytes(&told[flow], data) : 0;
	struct burst in = { .n = 1 };
	bool rtcp = to & 128;
	uint64_t made = stat_read(&rig.stats.rendered);

	if (len == 0)
		len = packet_bytes(data);
	if (to & 32)
		len = sealed(&told[flow], data, len, rtcp || rtcp_is(data, len));

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
	if (ciphers == NULL)
		ciphers = srtp_ciphers_new();
	must(ciphers != NULL);
	rig_begin(&rig, (struct engine_capacity){ .opus = 2 }, ciphers);
	tone = (struct tone_cursor){ 0 };
	for (unsigned id = 0; id < CODEC_IDS; id++) {
		static const uint32_t clocks[CODEC_IDS] = { 8000, 8000, 8000, 16000, 48000 };

		codec_find(id, clocks[id])->encoder_init(encoder[id]);
	}
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
