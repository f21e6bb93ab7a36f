// SPDX-License-Identifier: BSD-3-Clause
//
// Who has which key, and what becomes of packets that no key opens. A packet that is not genuine
// is counted and changes nothing: no lock, no statistics, no call. A flow that has a key has
// nothing in the clear, in neither direction, until both keys are taken away.
#include "dataplane/node.h"
#include "dataplane/rtcp.h"
#include "dataplane/srtp.h"

#include <assert.h>

// A flow's two keys. A piece of a pool, while it has any.
struct crypto {
	struct srtp in;
	struct srtp out;
};

size_t crypto_size(void)
{
	return sizeof(struct crypto);
}

static struct crypto *crypto_of(const struct engine *e, const struct rtp_flow *f)
{
	return pool_at(&e->cryptos, cold_of(e, f)->crypto);
}

// What the bits of the hot lines say: opened and sealed, or neither. Without a key to send with,
// nothing leaves.
static void mark(const struct engine *e, struct rtp_flow *f)
{
	bool sealed = cold_of(e, f)->crypto != POOL_NONE;
	bool dumb = sealed && crypto_of(e, f)->out.suite == DP_SUITE_NONE;

	uint8_t tx = f->tx & (uint8_t) ~(FLOW_SEALED_OUT | FLOW_KEYLESS);
	f->tx = tx | (sealed ? FLOW_SEALED_OUT : 0) | (dumb ? FLOW_KEYLESS : 0);
	if (sealed)
		f->rx |= FLOW_SEALED_IN;
	else
		f->rx &= 0x3f & ~FLOW_SEALED_IN;
}

void crypto_forget(struct engine *e, struct rtp_flow *f)
{
	struct flow_cold *cold = cold_of(e, f);

	if (cold->crypto == POOL_NONE)
		return;
	srtp_forget(&crypto_of(e, f)->in, e->ciphers);
	srtp_forget(&crypto_of(e, f)->out, e->ciphers);
	pool_give(&e->cryptos, cold->crypto);
	cold->crypto = POOL_NONE;
	mark(e, f);
}

static void take_away(struct engine *e, struct rtp_flow *f, bool send)
{
	if (cold_of(e, f)->crypto == POOL_NONE)
		return;

	struct crypto *c = crypto_of(e, f);
	srtp_forget(send ? &c->out : &c->in, e->ciphers);
	if (c->in.suite == DP_SUITE_NONE && c->out.suite == DP_SUITE_NONE)
		crypto_forget(e, f);
	mark(e, f);
}

// A suite that there is, and a key of its length: what is behind it is zero.
static bool suite_in_range(const struct dp_cmd *cmd)
{
	size_t len = srtp_key_len(cmd->keys.suite);
	uint8_t rest = 0;

	for (size_t i = len; i < DP_KEY_MAX; i++)
		rest |= cmd->keys.key[i];
	return (len > 0 || cmd->keys.suite == DP_SUITE_NONE) && rest == 0;
}

// Whoever misses our first packets can still tell how often our numbers went round, if they do
// not go round soon (RFC 3711, 3.3.1).
static void begin_low(struct rtp_flow *f)
{
	if (f->tx_packets == 0)
		f->out_seq &= 0x7fff;
}

enum dp_refusal node_srtp_keys(struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd)
{
	struct flow_cold *cold = cold_of(e, f);
	bool send = cmd->keys.send == 1;

	if (cmd->keys.send > 1)
		return DP_REFUSAL_BAD_VALUE;
	if (!suite_in_range(cmd))
		return DP_REFUSAL_BAD_SUITE;
	if (cmd->keys.suite == DP_SUITE_NONE) {
		take_away(e, f, send);
		return DP_REFUSAL_NONE;
	}
	if (cold->crypto == POOL_NONE)
		cold->crypto = pool_take(&e->cryptos); // without ciphers there are none
	if (cold->crypto == POOL_NONE)
		return DP_REFUSAL_NO_ROOM;

	struct crypto *c = crypto_of(e, f);
	bool good = srtp_key(send ? &c->out : &c->in, e->ciphers, cmd->keys.suite, cmd->keys.key);
	mark(e, f);
	if (good && send)
		begin_low(f);
	return good ? DP_REFUSAL_NONE : DP_REFUSAL_NO_ROOM;
}

_Atomic uint64_t *node_srtp_open(struct engine *e, struct rtp_flow *f, struct pkt *p, bool rtcp)
{
	struct srtp *in = &crypto_of(e, f)->in;
	size_t len = p->len;
	enum srtp_error error = rtcp ? srtp_open_rtcp(in, e->ciphers, p->data, &len)
				     : srtp_open_rtp(in, e->ciphers, p->data, &len);

	switch (error) {
	case SRTP_OK:
		p->len = (uint16_t)len;
		return NULL;
	case SRTP_SEEN:
	case SRTP_TOO_OLD:
		return &e->stats->rx_srtp_again;
	case SRTP_NO_KEY:
	case SRTP_SHORT:
	case SRTP_BAD:
	case SRTP_FORGED:
	case SRTP_WORN:
	case SRTP_NO_SPACE:
	case SRTP_BROKEN:
	case SRTP_ERROR_COUNT:
		break;
	}
	return &e->stats->rx_bad_srtp;
}

// By its type, so that both may share a port (RFC 5761, 4): the payload types that would look like
// a report are reserved (RFC 3551, table 4).
static bool is_rtcp(const struct pkt *p)
{
	return p->data[1] >= RTCP_SR && p->data[1] <= RTCP_APP;
}

static void seal(struct engine *e, const struct rtp_flow *f, struct pkt *p)
{
	struct srtp *out = &crypto_of(e, f)->out;
	size_t len = p->len;
	enum srtp_error error = is_rtcp(p) ? srtp_seal_rtcp(out, e->ciphers, p->data, &len, p->room)
					   : srtp_seal_rtp(out, e->ciphers, p->data, &len, p->room);

	p->summed = false;
	p->len = error == SRTP_OK ? (uint16_t)len : 0;
	if (error != SRTP_OK)
		stat_add(&e->stats->tx_unsealed, 1);
}

void node_srtp_seal(struct engine *e, struct burst *out)
{
	for (uint32_t i = e->sealed; i < out->n && e->cryptos.used > 0; i++) {
		struct pkt *p = &out->pkt[i];
		const struct rtp_flow *f = &e->flows[p->flow];

		if (f->tx & FLOW_SEALED_OUT)
			seal(e, f, p);
	}
	e->sealed = out->n;
}
