// SPDX-License-Identifier: BSD-3-Clause
//
// From one party of a pair to the other. The far end hears one source, ours: sequence numbers
// and timestamps are moved by a constant as long as the source stays the same, so that a gap or
// a wrong order stays what it was; with every change of source they go on where we were.
#include "codecs/g711.h"
#include "dataplane/node.h"

#include <string.h>

enum {
	GAP_MAX = 100,    // farther from where we are than this is not loss, nor late
	FLOOR_BEHIND = 64 // how far a packet may come late
};

struct rtp_flow *relay_target(const struct engine *e, const struct rtp_flow *f)
{
	if (f->heard_by >= FLOW_FAR)
		return NULL;

	// A hint only: the other may have turned to something else since, or be gone.
	struct rtp_flow *y = &e->flows[f->heard_by];
	bool relays = y->open && y->mode == FLOW_RELAY && y->peer == place_of(e, f);

	return relays ? y : NULL;
}

// Nothing of this source has been sent yet, or it began anew since: its numbers mean nothing to
// us, and what came before them is not known any more.
static bool is_new(const struct rtp_flow *x, const struct rtp_flow *y, const struct rtp *rtp)
{
	return (y->tx & FLOW_FRESH) || rtp->ssrc != y->relay_ssrc || x->in_run != y->relay_run;
}

// A packet of the peer's that the far end is not to miss: those that follow close up.
void relay_close_gap(const struct rtp_flow *x, struct rtp_flow *y, const struct rtp *rtp)
{
	int16_t ahead = (int16_t)(rtp->seq + y->seq_delta - y->out_seq);

	if (is_new(x, y, rtp) || ahead < 0)
		return;
	y->seq_delta--;
	y->seq_floor = (uint16_t)(rtp->seq + 1);
}

// Is this the same source as before, near enough in number and time?
static bool goes_on(const struct rtp_flow *x, const struct rtp_flow *y, const struct rtp *rtp,
	enum relay_what what, uint64_t now)
{
	int16_t gap = (int16_t)(rtp->seq + y->seq_delta - y->out_seq);
	int32_t early = (int32_t)(rtp->ts + y->ts_delta - flow_ts(y, now));
	int32_t most = (int32_t)(2 * y->clock);

	if (is_new(x, y, rtp) || gap > GAP_MAX || gap < -GAP_MAX)
		return false;
	// An event keeps its timestamp however long it lasts.
	return what == RELAY_EVENT || (early < most && early > -most);
}

// Its number was given to something else meanwhile. Much farther behind is another stream.
static bool too_late(const struct rtp_flow *x, const struct rtp_flow *y, const struct rtp *rtp)
{
	uint16_t behind = (uint16_t)(y->seq_floor - rtp->seq);

	return !is_new(x, y, rtp) && behind > 0 && behind <= GAP_MAX;
}

static void take_over(
	const struct rtp_flow *x, struct rtp_flow *y, const struct rtp *rtp, uint64_t now)
{
	y->ts_delta = flow_ts(y, now) - rtp->ts;
	y->seq_delta = (uint16_t)(y->out_seq - rtp->seq);
	y->seq_floor = rtp->seq;
	y->relay_ssrc = rtp->ssrc;
	y->relay_run = x->in_run;
	y->tx &= (uint8_t)~FLOW_FRESH;
}

// Moves on what comes next, unless this packet came late.
static void move_on(struct rtp_flow *y, const struct rtp *out, uint32_t units, uint64_t until)
{
	uint32_t end = out->ts + units;

	if (!rtp_seq_before(out->seq, y->out_seq))
		y->out_seq = (uint16_t)(out->seq + 1);
	if ((int32_t)(end - y->out_ts) > 0) {
		y->out_ts = end;
		y->out_at = until;
	}
}

static void raise_floor(struct rtp_flow *y, uint16_t seq)
{
	uint16_t floor = (uint16_t)(seq - FLOOR_BEHIND);

	if (rtp_seq_before(y->seq_floor, floor))
		y->seq_floor = floor;
}

static void translate(const struct rtp_flow *x, const struct rtp_flow *y, uint8_t *audio, size_t n)
{
	if (x->codec == y->codec)
		return;
	g711_translate(y->codec == DP_CODEC_PCMA ? g711_alaw_of_ulaw : g711_ulaw_of_alaw, audio, n);
}

// How long a packet of audio is, in units of the clock. Where only a decoder knows it is as long as
// it was agreed to be.
static uint32_t length(const struct rtp_flow *y, const struct rtp *rtp)
{
	switch (y->codec) {
	case DP_CODEC_PCMU:
	case DP_CODEC_PCMA:
	case DP_CODEC_G722: // whose clock counts half its samples (RFC 3551, 4.5.2)
		return rtp->payload_len;
	case DP_CODEC_L16:
		return rtp->payload_len / 2;
	default:
		return y->ptime * (uint32_t)y->clock / 1000;
	}
}

// What comes next begins where this packet ends.
static void reckon(struct rtp_flow *y, const struct rtp *out, const struct pkt *p,
	enum relay_what what, uint64_t now)
{
	const uint8_t *payload = p->data + RTP_FIXED_LEN;

	if (what == RELAY_NOISE)
		move_on(y, out, 0, now);
	else if (what == RELAY_EVENT)
		move_on(y, out, (uint32_t)(payload[2] << 8 | payload[3]), now);
	else
		move_on(y, out, length(y, out), now + length(y, out) * NS_PER_SEC / y->clock);
}

// Turns the packet as it came into the one that leaves.
static void rewrite(const struct rtp_flow *x, struct rtp_flow *y, struct pkt *p,
	enum relay_what what, uint64_t now)
{
	bool first = !goes_on(x, y, &p->rtp, what, now);

	if (first)
		take_over(x, y, &p->rtp, now);

	struct rtp out = {
		.marker = first || p->rtp.marker,
		.pt = what == RELAY_EVENT   ? y->dtmf_tx
		      : what == RELAY_NOISE ? y->cn_tx
					    : y->pt_tx,
		.seq = (uint16_t)(p->rtp.seq + y->seq_delta),
		.ts = p->rtp.ts + y->ts_delta,
		.ssrc = y->out_ssrc,
		.payload_len = p->rtp.payload_len,
	};
	// Sources and extensions of the other leg mean nothing on this one.
	if (p->rtp.payload_off != RTP_FIXED_LEN)
		memmove(p->data + RTP_FIXED_LEN, p->data + p->rtp.payload_off, out.payload_len);
	rtp_write(p->data, &out);
	p->len = (uint16_t)(RTP_FIXED_LEN + out.payload_len);
	if (what == RELAY_AUDIO)
		translate(x, y, p->data + RTP_FIXED_LEN, out.payload_len);
	raise_floor(y, p->rtp.seq);
	reckon(y, &out, p, what, now);
	flow_sent(y, out.payload_len);
}

static bool clash(const struct rtp_flow *x, const struct rtp_flow *y)
{
	bool other = !dp_codec_is_g711(x->codec) || !dp_codec_is_g711(y->codec);

	return x->clock != y->clock || (other && x->codec != y->codec);
}

// Why y cannot send now what x received, or NULL.
static _Atomic uint64_t *obstacle(
	struct worker_stats *s, const struct rtp_flow *x, const struct rtp_flow *y)
{
	if (!flow_may_send(y))
		return &s->relay_muted;
	if (y->tx & FLOW_TYPING)
		return &s->relay_held;
	if (y->tx & FLOW_RENDERED)
		return x->rx & FLOW_HEARD ? NULL : &s->relay_clash;
	return clash(x, y) ? &s->relay_clash : NULL;
}

// A packet that nobody is to hear as audio although it was taken: noise, or an event that is withheld.
_Atomic uint64_t *relay_keep(struct engine *e, struct rtp_flow *x, const struct rtp_flow *y,
	const struct pkt *p, uint64_t now)
{
	if (p->rtp.pt == x->dtmf_rx) {
		bool pass = node_digits(e, x, p, now);

		return pass && (y == NULL || y->dtmf_tx != DP_NO_PT) ? NULL
								     : &e->stats->events_kept;
	}
	if (x->digits_run)
		digits_audio(e, x, &p->rtp, now);
	if (p->rtp.pt != x->pt_rx)
		return &e->stats->rx_comfort_noise;
	flow_jitter(x, p->rtp.ts, now);
	if (x->rx & FLOW_RECORDED)
		node_record(e, x, p, now);
	return NULL;
}

void relay_overhear(struct engine *e, struct rtp_flow *x, struct pkt *p,
	const _Atomic uint64_t *kept, uint64_t now)
{
	if ((x->rx & FLOW_HEARD) == 0)
		return;
	if (kept == &e->stats->rx_comfort_noise)
		node_voice_noise(e, x, NULL, p, NULL, now);
	else if (kept == NULL && p->rtp.pt != x->dtmf_rx)
		(void)node_voice(e, x, NULL, p, NULL, now);
}

// y's packets are made of what x says. Returns the counter of what became of the packet; NULL: it
// was made into one of y's.
static _Atomic uint64_t *ride(struct engine *e, struct rtp_flow *y, struct pkt *p,
	_Atomic uint64_t *kept, struct burst *out, uint64_t now)
{
	struct rtp_flow *x = &e->flows[p->flow];
	_Atomic uint64_t *blocked = obstacle(e->stats, x, y);

	if (blocked != NULL) {
		voice_turn(e, y); // time passes that it knows nothing of
		relay_overhear(e, x, p, kept, now);
		return kept != NULL ? kept : blocked;
	}
	if (kept == &e->stats->rx_comfort_noise)
		node_voice_noise(e, x, y, p, out, now);
	if (kept != NULL)
		return kept;
	if (p->rtp.pt != x->dtmf_rx)
		return node_voice(e, x, y, p, out, now);
	voice_ride_event(e, x, y, p, now);
	return NULL;
}

_Atomic uint64_t *relay_send(struct engine *e, const struct rtp_flow *x, struct rtp_flow *y,
	struct pkt *p, enum relay_what what, uint64_t now)
{
	_Atomic uint64_t *kept = obstacle(e->stats, x, y);

	if (kept != NULL)
		return kept;
	if (too_late(x, y, &p->rtp))
		return &e->stats->rx_too_old;
	rewrite(x, y, p, what, now);
	engine_aim(e, p, y);
	return NULL;
}

_Atomic uint64_t *relay_noise(
	struct engine *e, const struct rtp_flow *x, struct rtp_flow *y, struct pkt *p, uint64_t now)
{
	if (y->cn_tx == DP_NO_PT) {
		relay_close_gap(x, y, &p->rtp);
		return &e->stats->rx_comfort_noise;
	}
	return relay_send(e, x, y, p, RELAY_NOISE, now);
}

// Sends one packet on. Returns the counter of why not, or NULL.
static _Atomic uint64_t *relay(struct engine *e, struct pkt *p, struct burst *out, uint64_t now)
{
	struct rtp_flow *x = &e->flows[p->flow];
	struct rtp_flow *y = relay_target(e, x);

	if (x->rx & FLOW_OPAQUE)
		return y != NULL ? opaque_send(e, y, p) : &e->stats->rx_swallowed;

	_Atomic uint64_t *kept = relay_keep(e, x, y, p, now);

	if (y != NULL && (y->tx & FLOW_RENDERED))
		return ride(e, y, p, kept, out, now);
	relay_overhear(e, x, p, kept, now);
	if (y == NULL)
		return kept != NULL ? kept : &e->stats->rx_swallowed;
	if (kept == &e->stats->rx_comfort_noise)
		return relay_noise(e, x, y, p, now);
	if (kept != NULL) {
		relay_close_gap(x, y, &p->rtp);
		return kept;
	}
	return relay_send(e, x, y, p, p->rtp.pt == x->dtmf_rx ? RELAY_EVENT : RELAY_AUDIO, now);
}

void node_relay(
	struct engine *e, struct burst *taken, struct burst *out, struct spent *drop, uint64_t now)
{
	for (uint32_t i = 0; i < taken->n; i++) {
		struct pkt *p = &taken->pkt[i];

		if (far_pass(e, p, now))
			continue;

		_Atomic uint64_t *kept = relay(e, p, out, now);
		if (kept == NULL) {
			stat_add(&e->stats->relayed, 1);
			engine_put(e, out, p);
		} else {
			stat_add(kept, 1);
			spend(drop, p);
		}
	}
	taken->n = 0;
}
