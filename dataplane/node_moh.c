// SPDX-License-Identifier: BSD-3-Clause
//
// Music and prompts: packets of flows that are due. Tracks are there in the flow's codec, so this
// is a header and a copy; music that just goes on is done by bursts.
#include "dataplane/node.h"

#include <endian.h>
#include <string.h>

enum { LOCK_WAIT_MS = 1000, LINE = 64, UNIT_NS = 125000 };

// The units of a track in a packet.
static uint32_t frame_units(const struct rtp_flow *f)
{
	return f->ptime * (uint32_t)TRACK_UNITS_PER_MS;
}

static void send(struct rtp_flow *f, struct pkt *p, uint32_t len, uint64_t at)
{
	flow_stamp(f, p->data,
		&(struct flow_frame){ .at = at,
			.ns = f->ptime * NS_PER_MS,
			.units = frame_units(f) * track_clock(f->encoding),
			.bytes = len });
	p->len = (uint16_t)(RTP_FIXED_LEN + len);
}

// Without a buffer nothing is sent and the track waits; what comes then is later by that much.
static struct pkt *next_blank(struct engine *e, struct rtp_flow *f, struct burst *out)
{
	struct pkt *p = engine_blank(e, out, f);

	if (p == NULL)
		f->tx |= FLOW_FRESH;
	return p;
}

// Writes a packet's payload of music and moves on. Returns its bytes.
static uint32_t read_music(const struct track *t, struct rtp_flow *f, uint8_t *dst)
{
	uint32_t units = frame_units(f), len = units * (uint32_t)track_unit(f->encoding);

	if (f->encoding != TRACK_OPUS) {
		f->track_at = track_loop(t, f->encoding, f->track_at, dst, units);
		return len;
	}
	const uint8_t *packet = track_packet(t, f->track_at, &len, &f->track_at);

	memcpy(dst, packet, len);
	if (f->track_at == t->len)
		f->track_at = 0;
	return len;
}

// Who shares a track's position is where the time says, from its first packet on and after each
// pause; between, time and track go on together.
void music_find_place(const struct engine *e, struct rtp_flow *f, uint64_t at)
{
	uint32_t grid = f->encoding == TRACK_OPUS ? TRACK_PACKET : TRACK_BLOCK;

	if (!cold_of(e, f)->shared || (f->tx & FLOW_FRESH) == 0)
		return;

	uint64_t place = at / UNIT_NS % e->tracks.track[f->track]->len;
	f->track_at = (uint32_t)(place - place % grid);
}

static void music(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	// Who is on hold, or not found yet behind his NAT, misses nothing of the track.
	if (!flow_may_send(f))
		return;

	struct pkt *p = next_blank(e, f, out);
	if (p == NULL)
		return;
	music_find_place(e, f, at);
	send(f, p, read_music(e->tracks.track[f->track], f, p->data + RTP_FIXED_LEN), at);
	stat_add(&e->stats->music_packets, 1);
}

static void end_of_track(struct rtp_flow *f, struct flow_prompt *prompt)
{
	prompt->at++;
	f->track_at = 0;
}

// A packet of Opus belongs to one track.
static uint32_t read_packet(
	const struct engine *e, struct rtp_flow *f, struct flow_prompt *prompt, uint8_t *dst)
{
	const struct track *t = e->tracks.track[prompt->track[prompt->at]];
	uint32_t len;
	const uint8_t *packet = track_packet(t, f->track_at, &len, &f->track_at);

	memcpy(dst, packet, len);
	if (f->track_at == t->len)
		end_of_track(f, prompt);
	return len;
}

// Fills a frame from track after track; what is left after the last one is silence. Returns its
// bytes.
static uint32_t read_prompt(
	const struct engine *e, struct rtp_flow *f, struct flow_prompt *prompt, uint8_t *dst)
{
	size_t n = frame_units(f);
	size_t bytes = n * track_unit(f->encoding);

	if (f->encoding == TRACK_OPUS)
		return read_packet(e, f, prompt, dst);

	size_t unit = track_unit(f->encoding);

	while (n > 0 && prompt->at < prompt->n) {
		const struct track *t = e->tracks.track[prompt->track[prompt->at]];
		size_t got = track_once(t, f->encoding, f->track_at, dst, n);

		f->track_at += (uint32_t)got;
		dst += got * unit;
		n -= got;
		if (f->track_at == t->len)
			end_of_track(f, prompt);
	}
	memset(dst, track_silence(f->encoding), n * unit);
	return (uint32_t)bytes;
}

void prompt_finish(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct dp_event played = { .kind = DP_EVENT_PLAYED };

	engine_set_mode(e, f, FLOW_SILENT);
	voice_settle(e, f, now);
	engine_tell(e, f, &played);
}

// A prompt waits a moment for the far end to be found behind its NAT. After that it runs, heard
// or not, so that PLAYED always comes.
bool prompt_waits(const struct engine *e, const struct rtp_flow *f, uint64_t at)
{
	struct flow_prompt *prompt = prompt_of(e, f);
	bool waits = !prompt->begun && cold_of(e, f)->nat && f->send_port == 0 &&
		     at < prompt->since + LOCK_WAIT_MS * NS_PER_MS;

	if (!waits)
		prompt->begun = true;
	return waits;
}

static void play_prompt(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	struct flow_prompt *prompt = prompt_of(e, f);
	uint8_t unheard[TRACK_FRAME_MAX];
	struct pkt *p = NULL;

	if (prompt_waits(e, f, at))
		return;
	if (flow_may_send(f)) {
		p = next_blank(e, f, out);
		if (p == NULL)
			return;
		stat_add(&e->stats->prompt_packets, 1);
	}

	uint32_t len = read_prompt(e, f, prompt, p != NULL ? p->data + RTP_FIXED_LEN : unheard);
	if (p != NULL)
		send(f, p, len, at);
	if (prompt->at == prompt->n)
		prompt_finish(e, f, at);
}

static const uint8_t *audio_of(const struct track *t, const struct rtp_flow *f)
{
	return t->payload[f->encoding] + f->track_at * track_unit(f->encoding);
}

void music_fetch(const struct engine *e, const struct rtp_flow *f)
{
	const struct track *t = e->tracks.track[f->track];
	const uint8_t *audio;
	uint32_t len = frame_units(f) * (uint32_t)track_unit(f->encoding), next;

	if (f->encoding == TRACK_OPUS)
		audio = track_packet(t, f->track_at, &len, &next);
	else
		audio = audio_of(t, f);
	for (size_t at = 0; at < len + LINE; at += LINE)
		__builtin_prefetch(audio + at);
}

// Frames are whole blocks in every encoding.
static void copy_blocks(uint8_t *dst, const uint8_t *src, size_t len)
{
	for (; len >= TRACK_BLOCK; len -= TRACK_BLOCK) {
		memcpy(dst, src, TRACK_BLOCK);
		dst += TRACK_BLOCK;
		src += TRACK_BLOCK;
	}
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// The header's three words, the first two in one piece; returns their sum.
static uint64_t write_header(const struct rtp_flow *f, uint8_t *to)
{
	uint32_t first = (uint32_t)RTP_VERSION << 30 | (uint32_t)f->pt_tx << 16 | f->out_seq;
	uint64_t both = htobe64((uint64_t)first << 32 | f->out_ts);
	uint32_t ssrc = htobe32(f->out_ssrc);

	memcpy(to, &both, sizeof(both));
	memcpy(to + sizeof(both), &ssrc, sizeof(ssrc));
	return (both >> 32) + (both & UINT32_MAX) + ssrc;
}

static void move_on(struct rtp_flow *f, uint32_t units, uint32_t bytes, uint64_t at)
{
	f->out_seq++;
	f->out_ts += units * track_clock(f->encoding);
	f->out_at = (at > f->out_at ? at : f->out_at) + f->ptime * NS_PER_MS;
	flow_sent(f, bytes);
}

static void aim(struct pkt *p, const struct engine *e, const struct rtp_flow *f)
{
	memcpy(p->ip, f->to_ip, sizeof(p->ip));
	p->flow = place_of(e, f);
	p->local_port = f->local_port;
	p->remote_port = f->send_port;
	p->address = f->address;
	p->hop = f->hop;
}

static void play_on(const struct engine *e, struct rtp_flow *f, struct pkt *p, uint64_t at)
{
	const struct track *t = e->tracks.track[f->track];
	uint32_t units = frame_units(f);
	uint32_t bytes = units * (uint32_t)track_unit(f->encoding);
	uint64_t header = write_header(f, p->data);
	uint32_t sum;

	aim(p, e, f);
	if (f->encoding == TRACK_OPUS) {
		bytes = read_music(t, f, p->data + RTP_FIXED_LEN);
		p->len = (uint16_t)(RTP_FIXED_LEN + bytes);
		move_on(f, units, bytes, at);
		return;
	}
	p->len = (uint16_t)(RTP_FIXED_LEN + bytes);
	if (track_sum(t, f->encoding, f->track_at, units, &sum)) {
		p->payload_sum = fold(header + sum);
		p->summed = true;
	}
	if (units < t->len - f->track_at) {
		copy_blocks(p->data + RTP_FIXED_LEN, audio_of(t, f), bytes);
		f->track_at += units;
	} else {
		f->track_at =
			track_loop(t, f->encoding, f->track_at, p->data + RTP_FIXED_LEN, units);
	}
	move_on(f, units, bytes, at);
}

void node_music(
	struct engine *e, struct rtp_flow *const *flows, uint32_t n, struct burst *out, uint64_t at)
{
	uint32_t first, got;

	if (n == 0)
		return;
	got = engine_blanks(e, out, n, &first);
	for (uint32_t i = 0; i < got; i++)
		play_on(e, flows[i], &out->pkt[first + i], at);
	for (uint32_t i = got; i < n; i++)
		flows[i]->tx |= FLOW_FRESH;
	stat_add(&e->stats->music_packets, got);
}

void node_moh(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	if (f->tx & FLOW_RENDERED)
		node_mix(e, f, out, at);
	else if (f->mode == FLOW_MUSIC)
		music(e, f, out, at);
	else if (f->mode == FLOW_PROMPT)
		play_prompt(e, f, out, at);
}
