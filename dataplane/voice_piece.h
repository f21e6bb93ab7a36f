// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of a voice: what voice.c, voice_settle.c and the nodes that hear and render share.
// Nobody else's business.
#pragma once

#include "dataplane/flow.h"
#include "dataplane/voice.h"

struct burst;
struct pkt;

// Where the states of the codecs in use are.
void *voice_decoder(const struct engine *e, struct voice *v);
void *voice_encoder(const struct engine *e, struct voice *v);
struct voice_line *voice_line_of(const struct engine *e, const struct voice *v);

// Takes a codec into use; there is room for its state. NULL: none any more.
void voice_use_in(struct engine *e, struct voice *v, const struct codec *codec);
void voice_use_out(struct engine *e, struct voice *v, const struct codec *codec);

// Takes into use or gives back the line on which listeners hear the flow.
void voice_use_line(struct engine *e, struct voice *v, bool used);

// Gives back what was reserved for a codec that is not used after all.
void voice_trim(struct engine *e, struct voice *v);

// Gives back the voice itself, which is empty.
void voice_give(struct engine *e, struct rtp_flow *f);

// Is the gain or the duck at work?
static inline bool voice_ramp_works(const struct mix_ramp *r)
{
	return r->left > 0 || r->at != (int32_t)((uint32_t)MIX_UNITY << 16);
}

enum { CN_MAX = 16 }; // bytes of a comfort noise payload that is passed on

// No packet of the peer's for so long: he is silent.
#define VOICE_HOLD_NS (50 * NS_PER_MS)

// Nothing lies over what is sent, and nothing changes its loudness.
bool voice_is_over(const struct voice *v);

// After something was rendered: if it is over since, it may be that nothing needs to be rendered
// any more.
void voice_rest(struct engine *e, struct rtp_flow *f, bool was_over, uint64_t now);

// The peer goes on after so many units of our clock (gap) since we heard him last; anew: or
// nobody knows.
void voice_ride_on(struct engine *e, struct rtp_flow *y, int32_t gap, bool anew, struct burst *out,
	uint64_t now);

// From here on packets may be passed on as they come: the numbers say how.
void voice_ride_off(const struct rtp_flow *x, struct rtp_flow *y, const struct voice_ear *ear);

// The peer is silent, and says how his silence sounds.
void voice_ride_noise(struct engine *e, struct rtp_flow *y, const struct pkt *p, struct burst *out);

// Samples that somebody said.
struct voice_audio {
	const int16_t *pcm;
	size_t n;
	uint32_t rate; // Hz
};

// What y sends next is made of this.
void voice_ride(struct engine *e, struct rtp_flow *y, struct voice_audio said, struct burst *out,
	uint64_t now);

// Adds a block to the packet that is being made, with all that lies over it, and sends what is
// full. At the rate of what leaves; the samples are changed. at: the time of the packet.
void voice_render(struct engine *e, struct rtp_flow *f, int16_t *pcm, size_t n, struct burst *out,
	uint64_t at);

// Sends what there is of a packet, filled up with silence.
void voice_flush(
	struct engine *e, struct rtp_flow *f, struct voice *v, struct burst *out, uint64_t at);

// 10 ms of what x receives, by our clock, at this rate; slots are counted from the beginning of
// time. NULL: silence.
const int16_t *voice_slot(struct engine *e, struct rtp_flow *x, uint64_t slot, uint32_t rate);
