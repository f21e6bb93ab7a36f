// SPDX-License-Identifier: BSD-3-Clause
//
// What a leg offers and answers: descriptions on one side, the flow's REMOTE on the other.
//
// Codecs: G.711 of either law joins with G.711 of either law, because the worker turns one into
// the other; any other codec passes only to a leg that has the same one. Where calls are parked,
// G.711 goes before the others: music and prompts are there in nothing else.
#include "control/call/leg.h"

#include <string.h>

enum { DTMF_PT_FIRST = 101, PT_DYNAMIC_LAST = 127, PTIME_MS = 20 };

static const struct sdp_codec pcmu = { .pt = 0, .channels = 1, .clock = 8000, .name = "PCMU" };
static const struct sdp_codec pcma = { .pt = 8, .channels = 1, .clock = 8000, .name = "PCMA" };

uint8_t leg_codec(const struct sdp_codec *codec)
{
	if (sdp_is_pcmu(codec))
		return DP_CODEC_PCMU;
	return sdp_is_pcma(codec) ? DP_CODEC_PCMA : DP_CODEC_OTHER;
}

static bool is_g711(const struct sdp_codec *codec)
{
	return leg_codec(codec) != DP_CODEC_OTHER;
}

struct offered {
	struct sdp_codec codec[SDP_CODECS_MAX];
	uint8_t n;
};

static void add(struct offered *o, const struct sdp_codec *codec)
{
	for (uint8_t i = 0; i < o->n; i++)
		if (sdp_same_codec(&o->codec[i], codec))
			return;
	if (o->n < SDP_CODECS_MAX)
		o->codec[o->n++] = *codec;
}

// What a caller who is not answered yet offers to whoever will be. True: G.711 is among it.
static bool add_theirs(struct offered *o, const struct media_desc *theirs, bool parking)
{
	bool g711 = sdp_g711(theirs) != NULL;

	for (uint8_t i = 0; i < theirs->codecs; i++)
		if (!g711 || !parking || is_g711(&theirs->codec[i]))
			add(o, &theirs->codec[i]);
	return g711;
}

// What we offer so that whoever takes one of it can talk to the guest.
static void choose_offer(struct offered *o, const struct leg *guest)
{
	bool g711 = true;

	if (guest != NULL && guest->codec.name[0] != '\0') {
		add(o, &guest->codec);
		g711 = is_g711(&guest->codec);
	} else if (guest != NULL && guest->offer != NULL) {
		g711 = add_theirs(o, guest->offer, guest->tenant->plan->parking);
	}
	if (g711) {
		add(o, &pcma);
		add(o, &pcmu);
	}
}

static int16_t free_pt(const struct offered *o)
{
	for (int pt = DTMF_PT_FIRST; pt <= PT_DYNAMIC_LAST; pt++) {
		bool taken = false;

		for (uint8_t i = 0; i < o->n; i++)
			taken = taken || o->codec[i].pt == pt;
		if (!taken)
			return (int16_t)pt;
	}
	return -1;
}

static void describe(struct leg *leg, struct sdp_local *out, const struct sdp_codec *codec,
	uint8_t codecs, uint8_t direction)
{
	*out = (struct sdp_local){ .session = leg->session,
		.version = ++leg->version,
		.direction = direction,
		.ptime = PTIME_MS,
		.codecs = codecs,
		.dtmf_pt = leg->dtmf_rx,
		.codec = codec };
	media_local(leg->x->plan.media, leg->flow, &out->rtp);
}

bool leg_offer(struct leg *leg, const struct leg *guest, char *sdp, size_t size, size_t *len)
{
	struct offered offered = { .n = 0 };
	struct sdp_local local;

	choose_offer(&offered, guest);
	if (offered.n == 0)
		return false;
	leg->dtmf_rx = free_pt(&offered);
	describe(leg, &local, offered.codec, offered.n, SDP_SENDRECV);
	*len = sdp_write_offer(sdp, size, &local);
	return *len != 0;
}

// Where they want their media. RFC 3264's old hold says 0.0.0.0: then the last real address stays.
// Who never said one is never sent anything, not even reports.
static bool take_address(struct leg *leg, const struct media_desc *theirs)
{
	bool nowhere = address_is_any(theirs->rtp.ip) || theirs->rtp.port == 0;

	if (!nowhere) {
		leg->rtp = theirs->rtp;
		leg->rtcp = theirs->rtcp;
	} else if (leg->rtp.port == 0) {
		leg->rtp = *sip_source(leg->dialog);
		leg->rtcp = leg->rtp;
		leg->rtcp.port = 0;
	}
	return !nowhere;
}

// Comfort noise (RFC 3389), if they say that they know it and give its number to nothing else.
static uint8_t noise(const struct leg *leg, const struct media_desc *theirs)
{
	for (uint8_t i = 0; i < theirs->codecs; i++) {
		const struct sdp_codec *c = &theirs->codec[i];

		if (strcasecmp(c->name, "CN") == 0 && c->clock == leg->codec.clock &&
			c->pt != leg->codec.pt && c->pt != leg->dtmf_tx && c->pt != leg->dtmf_rx)
			return c->pt;
	}
	return DP_NO_PT;
}

// Tells the worker where the media goes. pt_rx is what we asked them to send.
static void set_remote(struct leg *leg, const struct media_desc *theirs, uint8_t pt_rx)
{
	bool somewhere = take_address(leg, theirs);
	struct media_remote remote = { .rtp = leg->rtp,
		.rtcp = leg->rtcp,
		.clock = leg->codec.clock,
		.pt_tx = leg->codec.pt,
		.pt_rx = pt_rx,
		.dtmf_tx = leg->dtmf_tx < 0 ? DP_NO_PT : (uint8_t)leg->dtmf_tx,
		.dtmf_rx = leg->dtmf_rx < 0 ? DP_NO_PT : (uint8_t)leg->dtmf_rx,
		.codec = leg_codec(&leg->codec),
		.ptime = PTIME_MS,
		.cn = noise(leg, theirs) };
	const struct address *source = sip_source(leg->dialog);

	leg->held = !somewhere || !(theirs->direction & SDP_RECVONLY);
	remote.mute = leg->held;
	if (sip_behind_nat(leg->dialog) && address_is_private(leg->rtp.ip) &&
		!address_same_ip(leg->rtp.ip, source->ip))
		memcpy(remote.nat, source->ip, sizeof(remote.nat));
	media_remote(leg->x->plan.media, leg->flow, &remote);
}

bool leg_take_answer(struct leg *leg, const char *body, size_t len)
{
	struct media_desc theirs;

	if (body == NULL || sdp_read(&theirs, body, len) != SDP_OK || theirs.codecs == 0)
		return false;
	leg->codec = theirs.codec[0];
	leg->dtmf_tx = theirs.dtmf_pt;
	if (theirs.dtmf_pt < 0)
		leg->dtmf_rx = -1;
	set_remote(leg, &theirs, leg->codec.pt);
	return true;
}

// The codec of an offer with which its writer can talk to peer; NULL: none.
static const struct sdp_codec *choose(const struct media_desc *offer, const struct leg *peer)
{
	if (peer != NULL && peer->codec.name[0] != '\0')
		for (uint8_t i = 0; i < offer->codecs; i++)
			if (sdp_same_codec(&offer->codec[i], &peer->codec))
				return &offer->codec[i];
	if (peer == NULL || peer->codec.name[0] == '\0' || is_g711(&peer->codec))
		return sdp_g711(offer);
	return NULL;
}

// Answers an offer with this codec of it: from here on it is what the leg speaks.
static bool agree(struct leg *leg, const struct media_desc *offer, const struct sdp_codec *codec,
	char *sdp, size_t size, size_t *len)
{
	struct sdp_local local;

	leg->codec = *codec;
	leg->dtmf_rx = leg->dtmf_tx = offer->dtmf_pt;
	describe(leg, &local, &leg->codec, 1, sdp_answer_direction(offer->direction, SDP_SENDRECV));
	*len = sdp_write_answer(sdp, size, &local, offer);
	if (*len == 0)
		return false;
	set_remote(leg, offer, leg->codec.pt);
	return true;
}

bool leg_write_answer(struct leg *leg, const struct leg *peer, char *sdp, size_t size, size_t *len)
{
	// An INVITE without an offer: ours is in the answer, theirs will be in the ACK.
	if (leg->offer == NULL)
		return leg_offer(leg, peer, sdp, size, len);

	const struct sdp_codec *codec = choose(leg->offer, peer);

	return codec != NULL && agree(leg, leg->offer, codec, sdp, size, len);
}

bool leg_reoffer(struct leg *leg, char *sdp, size_t size, size_t *len)
{
	struct sdp_local local;

	describe(leg, &local, &leg->codec, 1, SDP_SENDRECV);
	*len = sdp_write_offer(sdp, size, &local);
	return *len != 0;
}

bool leg_reanswer(
	struct leg *leg, const char *body, size_t len, char *sdp, size_t size, size_t *out_len)
{
	struct media_desc theirs;
	const struct sdp_codec *codec;

	if (sdp_read(&theirs, body, len) != SDP_OK)
		return false;
	codec = choose(&theirs, leg); // what it speaks now, if that is still there
	return codec != NULL && agree(leg, &theirs, codec, sdp, size, out_len);
}
