// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that we send, as if somebody pressed them (RFC 4733, section 2.5.1):
//
//   ms       0    20    40    60    80   100   120   140   160
//   packet   M     u     u     E     E     E     -     M     u     two digits of 80 ms
//
// M the first, marked; u an update; E the end, three times. This one is up at 80 ms, and the next
// one is down at 140: at least 50 ms of pause, in steps of 20.
#include "codecs/telephone_event.h"
#include "dataplane/node.h"

#include <string.h>

enum {
	ENDS = 3,
	REST = 1, // empty steps after the ends
};

bool keys_can(const struct rtp_flow *f)
{
	return f->dtmf_tx != DP_NO_PT || tones_can(f);
}

static bool needs_voice(const struct rtp_flow *f)
{
	return f->dtmf_tx == DP_NO_PT && !flow_is_plain(f);
}

static bool take_keys(struct engine *e, struct rtp_flow *f)
{
	uint32_t piece = pool_take(&e->keys);

	if (piece == POOL_NONE)
		return false;
	if (needs_voice(f) && !voice_type(e, f)) {
		pool_give(&e->keys, piece);
		return false;
	}
	cold_of(e, f)->keys = (uint16_t)piece;
	f->tx |= FLOW_TYPING;
	return true;
}

bool keys_add(struct engine *e, struct rtp_flow *f, uint8_t digit, uint16_t ms)
{
	if ((f->tx & FLOW_TYPING) == 0 && !take_keys(e, f))
		return false;

	struct flow_keys *k = keys_of(e, f);
	if (k->n == FLOW_KEYS_MAX)
		return false;
	k->digit[k->n] = digit;
	k->ms[k->n] = ms;
	k->n++;
	return true;
}

static void give_keys(struct engine *e, struct rtp_flow *f)
{
	struct flow_cold *c = cold_of(e, f);

	pool_give(&e->keys, c->keys);
	c->keys = FLOW_NO_PIECE;
	f->tx &= (uint8_t)~FLOW_TYPING;
}

void keys_forget(struct engine *e, struct rtp_flow *f)
{
	if ((f->tx & FLOW_TYPING) == 0)
		return;
	give_keys(e, f);
	voice_type_end(e, f);
}

// Is there still a way, and what it takes?
static bool can_go_on(struct engine *e, struct rtp_flow *f)
{
	if (!keys_can(f))
		return false;
	if (needs_voice(f))
		return voice_type(e, f);
	voice_type_end(e, f);
	return true;
}

void keys_review(struct engine *e, struct rtp_flow *f)
{
	if ((f->tx & FLOW_TYPING) == 0)
		return;
	if (!can_go_on(e, f)) {
		keys_forget(e, f);
		return;
	}

	struct flow_keys *k = keys_of(e, f);
	if (k->as_tone == (f->dtmf_tx == DP_NO_PT) &&
		(!k->as_tone || k->tone.rate == tones_rate(f)))
		return;
	k->step = 0;
	k->ends = 0;
}

static void begin(struct rtp_flow *f, struct flow_keys *k, uint64_t at)
{
	f->out_ts = flow_ts(f, at);
	f->out_at = at > f->out_at ? at : f->out_at;
	k->ts = f->out_ts;
}

void keys_next(struct engine *e, struct rtp_flow *f, struct flow_keys *k)
{
	f->tx |= FLOW_FRESH;
	if (k->n == 1) {
		give_keys(e, f); // the last packet of a tone may need the voice yet
		return;
	}
	k->n--;
	k->step = 0;
	k->ends = 0;
	memmove(k->digit, k->digit + 1, sizeof(k->digit) - sizeof(k->digit[0]));
	memmove(k->ms, k->ms + 1, sizeof(k->ms) - sizeof(k->ms[0]));
}

static void write(
	struct rtp_flow *f, const struct flow_keys *k, struct pkt *p, uint32_t ms, bool end)
{
	// A digit longer than the duration field goes on in a new segment (2.5.1.3).
	uint32_t units = ms * (uint32_t)(f->clock / 1000);
	uint32_t segment = units / TELEPHONE_EVENT_MAX;

	rtp_write(p->data, &(struct rtp){
				   .marker = k->step == 0,
				   .pt = f->dtmf_tx,
				   .seq = f->out_seq++,
				   .ts = k->ts + segment * TELEPHONE_EVENT_MAX,
				   .ssrc = f->out_ssrc,
			   });
	telephone_event_write(p->data + RTP_FIXED_LEN,
		&(struct telephone_event){
			.code = k->digit[0],
			.volume = TELEPHONE_EVENT_VOLUME,
			.end = end,
			.duration = (uint16_t)(units - segment * TELEPHONE_EVENT_MAX),
		});
	p->len = RTP_FIXED_LEN + TELEPHONE_EVENT_LEN;
	flow_sent(f, TELEPHONE_EVENT_LEN);
}

static void send(struct engine *e, struct rtp_flow *f, const struct flow_keys *k, struct burst *out,
	uint32_t ms, bool end)
{
	if (!flow_may_send(f))
		return;

	struct pkt *p = engine_blank(e, out, f);
	if (p == NULL)
		return;
	write(f, k, p, ms, end);
	stat_add(&e->stats->digit_packets, 1);
}

static void press(
	struct engine *e, struct rtp_flow *f, struct flow_keys *k, struct burst *out, uint64_t at)
{
	uint32_t ms = (k->step + 1U) * FLOW_EVENT_PTIME;
	bool end = ms >= k->ms[0];

	if (k->step == 0)
		begin(f, k, at);
	if (k->ends < ENDS)
		send(e, f, k, out, end ? k->ms[0] : ms, end);
	if (end)
		k->ends++;
	k->step++;
	if (k->ends == ENDS + REST)
		keys_next(e, f, k);
}

void node_keys(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	struct flow_keys *k = keys_of(e, f);

	if (k->step == 0)
		k->as_tone = f->dtmf_tx == DP_NO_PT;
	if (k->as_tone)
		node_tones(e, f, out, at);
	else
		press(e, f, k, out, at);
}
