// SPDX-License-Identifier: BSD-3-Clause
//
// An engine on a table: two addresses, arrays for its packets, arrays for what it says, and a
// time that moves when a test says so. For unit tests, fuzzing and benches.
#pragma once

#include "codecs/track.h"
#include "dataplane/engine.h"
#include "dataplane/flow.h"
#include "dataplane/rtcp.h"
#include "tests/support/wishes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
	RIG_FLOWS = 16, // 8 on each of two addresses
	RIG_PORT = 16384,
	RIG_SAID_MAX = 256,
	RIG_ROOM = 1500,
	RIG_TRACK_LEN = 1000, // samples; no multiple of a frame
};

// How many packets that left are kept; a fuzzer wants few.
#ifndef RIG_SENT_MAX
#define RIG_SENT_MAX 4096
#endif

#define RIG_MUSIC  UINT64_C(0xaaaa)
#define RIG_PROMPT UINT64_C(0xbbbb)
#define RIG_SHORT  UINT64_C(0xcccc) // 100 samples
#define RIG_ULAW   UINT64_C(0xdddd) // has no A-law
#define RIG_START  (UINT64_C(1000) * NS_PER_SEC)

// A packet that left, and when.
struct rig_packet {
	uint64_t at;
	uint8_t ip[16];
	uint16_t local_port;
	uint16_t remote_port;
	uint16_t address;
	uint16_t len;
	uint32_t flow;
	bool rtcp;
	struct rtp rtp; // unless it is RTCP
	uint8_t data[RIG_ROOM];
};

struct rig {
	alignas(64) uint8_t memory[1 << 21];
	struct worker_stats stats;
	struct engine *e;
	uint64_t now;
	uint32_t tag;
	uint32_t blanks; // how many blank() still gives
	bool deaf;       // tell() finds no room
	bool opaque;     // not all that leaves is RTP
	int hop;         // what hop() says
	uint32_t answers;
	struct dp_event answer; // the last one
	uint32_t told;
	struct dp_event said[RIG_SAID_MAX];
	void (*left)(struct rig *r, const struct rig_packet *p); // NULL, or sees what leaves
	uint32_t sent;
	struct rig_packet packet[RIG_SENT_MAX];
	void (*entry)(void *ctx, uint32_t flow, uint32_t gen, bool open, uint64_t owner);
	// NULL: no recording was announced
	enum record_outcome (*record)(const struct record_note *note, const uint8_t *payload);
	uint8_t buffer[BURST_MAX][RIG_ROOM];
	uint32_t used; // buffers in the burst that is being filled
	struct burst out;
	struct spent drop;
	uint8_t ulaw[4][RIG_TRACK_LEN];
	uint8_t alaw[4][RIG_TRACK_LEN];
	struct track track[4];
};

static inline void rig_take(struct rig *r, struct burst *out)
{
	for (uint32_t i = 0; i < out->n; i++) {
		const struct pkt *p = &out->pkt[i];
		struct rig_packet *to = &r->packet[r->sent % RIG_SENT_MAX];

		assert(p->len <= RIG_ROOM);
		if (p->len == 0)
			continue; // nothing leaves
		*to = (struct rig_packet){
			.at = r->now,
			.local_port = p->local_port,
			.remote_port = p->remote_port,
			.address = p->address,
			.len = p->len,
			.flow = p->flow,
			.rtcp = p->local_port % 2 == 1 || rtcp_is(p->data, p->len),
		};
		memcpy(to->ip, p->ip, sizeof(to->ip));
		memcpy(to->data, p->data, p->len);
		enum rtp_error error = to->rtcp ? RTP_OK : rtp_read(&to->rtp, to->data, to->len);
		assert(error == RTP_OK || r->opaque);
		r->sent++;
		if (r->left != NULL)
			r->left(r, to);
	}
	out->n = 0;
	r->used = 0;
}

static inline void rig_on_answer(void *ctx, const struct dp_event *event)
{
	struct rig *r = ctx;

	r->answers++;
	r->answer = *event;
}

static inline bool rig_on_tell(void *ctx, const struct dp_event *event)
{
	struct rig *r = ctx;

	if (r->deaf)
		return false;
	r->said[r->told++ % RIG_SAID_MAX] = *event;
	return true;
}

static inline uint32_t rig_on_blank(void *ctx, struct burst *out, uint32_t n)
{
	struct rig *r = ctx;
	uint32_t given = 0;

	while (given < n && r->blanks > 0 && r->used < BURST_MAX) {
		out->pkt[out->n++] = (struct pkt){ .data = r->buffer[r->used++], .room = RIG_ROOM };
		r->blanks--;
		given++;
	}
	return given;
}

static inline void rig_on_flush(void *ctx, struct burst *out)
{
	rig_take(ctx, out);
}

static inline int rig_on_hop(void *ctx, uint16_t, const uint8_t[16])
{
	return ((struct rig *)ctx)->hop;
}

static inline void rig_on_entry(void *ctx, uint32_t flow, uint32_t gen, bool open, uint64_t owner)
{
	struct rig *r = ctx;

	if (r->entry != NULL)
		r->entry(r, flow, gen, open, owner);
}

static inline enum record_outcome rig_on_record(
	void *ctx, const struct record_note *note, const uint8_t *payload)
{
	struct rig *r = ctx;

	return r->record != NULL ? r->record(note, payload) : RECORD_UNKNOWN;
}

static inline void rig_tracks(struct rig *r)
{
	static const uint64_t hash[4] = { RIG_MUSIC, RIG_PROMPT, RIG_SHORT, RIG_ULAW };
	static const uint32_t len[4] = { RIG_TRACK_LEN, RIG_TRACK_LEN, 100, RIG_TRACK_LEN };

	for (unsigned t = 0; t < 4; t++) {
		for (unsigned i = 0; i < RIG_TRACK_LEN; i++) {
			r->ulaw[t][i] = (uint8_t)(i * 7 + t * 31 + 1);
			r->alaw[t][i] = (uint8_t)(i * 5 + t * 17 + 2);
		}
		r->track[t] = (struct track){
			.hash = hash[t],
			.len = len[t],
			.payload = { r->ulaw[t], hash[t] == RIG_ULAW ? NULL : r->alaw[t] },
		};
		bool shown = engine_track_show(r->e, &r->track[t]);
		assert(shown);
	}
}

static inline void rig_begin(
	struct rig *r, struct engine_capacity capacity, const struct srtp_ciphers *ciphers)
{
	static const struct engine_address address[2] = {
		{ .ip = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 },
			.port_first = RIG_PORT,
			.flows = RIG_FLOWS / 2 },
		{ .ip = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 2 },
			.port_first = RIG_PORT,
			.flows = RIG_FLOWS / 2,
			.flow_first = RIG_FLOWS / 2 },
	};
	struct engine_plan plan = {
		.flows = RIG_FLOWS,
		.addresses = 2,
		.address = address,
		.seed = { 1, 2 },
		.wall_offset = INT64_C(1700000000) * 1000000000,
		.capacity = capacity,
		.ciphers = ciphers,
	};
	struct engine_ops ops = {
		.ctx = r,
		.answer = rig_on_answer,
		.tell = rig_on_tell,
		.blank = rig_on_blank,
		.flush = rig_on_flush,
		.hop = rig_on_hop,
		.entry = rig_on_entry,
		.record = rig_on_record,
	};

	memset(r, 0, sizeof(*r));
	assert(engine_size(&plan) <= sizeof(r->memory));
	r->now = RIG_START;
	r->blanks = UINT32_MAX;
	r->hop = 7;
	r->e = engine_init(r->memory, &plan, &ops, &r->stats, r->now);
	rig_tracks(r);
}

static inline void rig_init_with(struct rig *r, struct engine_capacity capacity)
{
	rig_begin(r, capacity, NULL);
}

static inline void rig_init(struct rig *r)
{
	rig_init_with(r, (struct engine_capacity){ 0 });
}

// Gives a command to a flow of generation 1 and says what became of it.
static inline enum dp_refusal rig_do(struct rig *r, uint32_t flow, struct dp_cmd cmd)
{
	uint32_t before = r->answers;

	cmd.tag = ++r->tag;
	cmd.flow.index = flow;
	if (cmd.flow.gen == 0)
		cmd.flow.gen = 1;
	engine_command(r->e, &cmd, r->now);
	assert(r->answers == before + 1 && r->answer.tag == cmd.tag);
	return r->answer.refusal;
}

// Opens a flow toward party flow + 1.
static inline void rig_call(struct rig *r, uint32_t flow)
{
	enum dp_refusal opened = rig_do(r, flow, rig_open());
	enum dp_refusal named = rig_do(r, flow, rig_remote((uint8_t)(flow + 1)));

	assert(opened == DP_REFUSAL_NONE && named == DP_REFUSAL_NONE);
}

// Two flows that send what the other receives.
static inline void rig_pair(struct rig *r, uint32_t a, uint32_t b)
{
	rig_call(r, a);
	rig_call(r, b);
	rig_do(r, a, rig_relay(b));
	rig_do(r, b, rig_relay(a));
}

// A packet for a flow's RTP port, as party n would send it.
static inline void rig_receive(
	struct rig *r, uint32_t flow, uint8_t party, uint16_t port, const void *data, size_t len)
{
	struct burst in = { .n = 1 };
	struct pkt *p = &in.pkt[0];
	uint8_t *buffer = r->buffer[r->used++];

	assert(len <= RIG_ROOM);
	memcpy(buffer, data, len);
	*p = (struct pkt){
		.data = buffer,
		.len = (uint16_t)len,
		.room = RIG_ROOM,
		.local_port = (uint16_t)(RIG_PORT + 2 * (flow % (RIG_FLOWS / 2))),
		.address = (uint8_t)(flow / (RIG_FLOWS / 2)),
		.remote_port = port,
	};
	rig_ip(p->ip, party);
	r->drop.n = 0;
	engine_input(r->e, &in, &r->out, &r->drop, r->now);
	assert(in.n == 0);
	rig_take(r, &r->out);
}

// RTP from the flow's own party, port 4000.
static inline void rig_rtp(
	struct rig *r, uint32_t flow, struct rtp rtp, const uint8_t *payload, size_t len)
{
	uint8_t data[RIG_ROOM];

	rtp_write(data, &rtp);
	memcpy(data + RTP_FIXED_LEN, payload, len);
	rig_receive(r, flow, (uint8_t)(flow + 1), 4000, data, RTP_FIXED_LEN + len);
}

// A party that speaks: its stream as it goes on.
struct rig_voice {
	uint32_t flow;
	uint32_t ssrc;
	uint32_t ts;
	uint16_t seq;
};

// 20 ms of audio, every byte `fill`. The stream moves on, time does not.
static inline void rig_speak(struct rig *r, struct rig_voice *v, uint8_t fill)
{
	uint8_t audio[160];

	memset(audio, fill, sizeof(audio));
	rig_rtp(r, v->flow,
		(struct rtp){ .pt = RIG_PCMU, .seq = v->seq++, .ts = v->ts, .ssrc = v->ssrc },
		audio, sizeof(audio));
	v->ts += 160;
}

// One packet of an event that began at timestamp v->ts.
static inline void rig_event(
	struct rig *r, struct rig_voice *v, uint8_t digit, uint16_t duration, bool end)
{
	uint8_t event[4] = { digit, (uint8_t)(end ? 0x8a : 0x0a), (uint8_t)(duration >> 8),
		(uint8_t)duration };

	rig_rtp(r, v->flow,
		(struct rtp){ .pt = RIG_EVENT, .seq = v->seq++, .ts = v->ts, .ssrc = v->ssrc },
		event, sizeof(event));
}

static inline void rig_tick(struct rig *r)
{
	engine_tick(r->e, &r->out, r->now);
	rig_take(r, &r->out);
}

// Lives for a while, a tick each millisecond.
static inline void rig_live(struct rig *r, uint32_t ms)
{
	for (uint32_t i = 0; i < ms; i++) {
		r->now += NS_PER_MS;
		rig_tick(r);
	}
}

// A digit of 80 ms as a phone sends it, and the time it takes.
static inline void rig_press(struct rig *r, struct rig_voice *v, uint8_t digit)
{
	for (uint16_t ms = 20; ms <= 80; ms += 20) {
		rig_event(r, v, digit, (uint16_t)(ms * 8), false);
		rig_live(r, 20);
	}
	for (unsigned i = 0; i < 3; i++)
		rig_event(r, v, digit, 640, true);
	v->ts += 640;
}

static inline bool rig_is_rtp_of(const struct rig_packet *p, uint32_t flow)
{
	return p->flow == flow && !p->rtcp;
}

// The nth packet of RTP that a flow sent, counted from 0. All zero if it sent fewer.
static inline const struct rig_packet *rig_sent(const struct rig *r, uint32_t flow, uint32_t n)
{
	static const struct rig_packet none;

	for (uint32_t i = 0; i < r->sent && i < RIG_SENT_MAX; i++) {
		if (rig_is_rtp_of(&r->packet[i], flow) && n-- == 0)
			return &r->packet[i];
	}
	return &none;
}

// How many packets of RTP a flow sent.
static inline uint32_t rig_count(const struct rig *r, uint32_t flow)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->sent && i < RIG_SENT_MAX; i++)
		n += rig_is_rtp_of(&r->packet[i], flow);
	return n;
}

static inline void rig_forget(struct rig *r)
{
	r->sent = 0;
	r->told = 0;
}
