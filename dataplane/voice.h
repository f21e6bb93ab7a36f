// SPDX-License-Identifier: BSD-3-Clause
//
// What a flow has besides its lines when it is heard or rendered: decoder, encoder and what else
// of it is in use, all from pools. Here is who gets and gives back what; what is done with it, by
// the packet and by the tick, is node_voice.c's and node_mix.c's.
//
// A command first makes sure that all is there that it will take (voice_reserve_*), which can
// fail and changes nothing that is heard; then it changes the flow; then voice_settle() puts to
// use what was reserved and gives back what is not needed any more, which cannot fail.
#pragma once

#include "codecs/codec.h"
#include "codecs/resample.h"
#include "dataplane/cmd.h"
#include "dataplane/event.h"
#include "dataplane/jitter.h"
#include "dataplane/overlay.h"
#include "dataplane/pool.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;
struct engine_capacity;
struct rtp_flow;

enum {
	VOICE_DECODER = 4096, // bytes of a state that a voice has room for: all but Opus's, which
	VOICE_ENCODER = 1024, // is of a pool of its own
	VOICE_BLOCK_MS = 10,
	VOICE_BLOCK_MAX = CODEC_RATE_MAX / 1000 * VOICE_BLOCK_MS,
	VOICE_SLOTS = 8, // of 10 ms that are kept for listeners with long packets
};

// A codec in use by one direction.
struct voice_codec {
	const struct codec *codec; // NULL: none
	uint32_t piece;            // of the pool of large states, or POOL_NONE
};

// Where in the stream that comes in the ear is.
struct voice_ear {
	uint32_t ssrc;
	uint32_t ts;  // of the sample that comes next
	uint16_t seq; // of the packet that comes next
	uint8_t run;  // the flow's in_run
	bool known;
};

// What a rendered relay knows of the peer it hears, in units of our own RTP clock.
struct voice_ride {
	uint64_t heard_at;  // when the peer's last audio came
	int32_t covered;    // made by the tick since then
	int32_t lead;       // how far we are ahead of the peer's clock
	uint32_t event_in;  // timestamp of the event that is passed on,
	uint32_t event_out; // and what it is with us
	bool event_known;
	bool quiet; // the peer said that he is silent
	bool mark;  // he began to speak
};

struct voice {
	// what comes in
	struct voice_codec in;
	struct voice_ear ear;
	uint32_t line;      // piece, or POOL_NONE: nobody mixes it
	uint16_t listeners; // how many MIX lists name the flow
	bool detected;      // a detector wants to hear it

	// what leaves
	struct voice_codec out;
	uint32_t overlays; // the first one's piece, or POOL_NONE
	struct mix_ramp gain;
	struct mix_ramp duck;
	struct voice_ride ride;
	struct resample_up up;     // what is relayed or played
	struct resample_down down; // what is relayed
	struct resample_up over;   // overlays
	uint8_t n;                 // MIX: how many are heard
	uint16_t filled;           // samples in frame
	bool typed;                // digits leave as tones in its codec
	uint16_t hushed;           // packets' time for which noise was all
	struct flow_id heard[DP_MIX_MAX];
	int16_t frame[CODEC_SAMPLES_MAX]; // of the packet that is being made

	alignas(64) uint8_t decoder[VOICE_DECODER];
	alignas(64) uint8_t encoder[VOICE_ENCODER];
};

// What of a flow is played by our clock, for all who mix it: each 10 ms is taken once.
struct voice_line {
	struct jitter jitter;
	uint64_t next;           // slot of 10 ms that is taken next; 0: none was
	bool both;               // somebody listens at the other rate, too
	bool heard[VOICE_SLOTS]; // false: silence
	int16_t own[VOICE_SLOTS][VOICE_BLOCK_MAX];
	int16_t other[VOICE_SLOTS][VOICE_BLOCK_MAX];
	struct resample_up up;
	struct resample_down down;
};

// One worker's.
struct voices {
	struct pool voice; // struct voice
	struct pool line;  // struct voice_line
	struct pool large; // encoders and decoders that are
	struct overlays overlays;
	struct jitter_filter filter;
};

// Bytes of memory for so many; laid into memory of the caller's, aligned to 64.
size_t voices_size(const struct engine_capacity *capacity);
void voices_init(struct voices *all, void *memory, const struct engine_capacity *capacity,
	struct tracks *tracks);

// The flow's voice, or NULL.
struct voice *voice_of(const struct engine *e, const struct rtp_flow *f);

// What there will be room for. codec may be NULL: it is not known yet, or none of ours.
[[nodiscard]] bool voice_reserve(struct engine *e, struct rtp_flow *f);
[[nodiscard]] bool voice_reserve_in(
	struct engine *e, struct rtp_flow *f, const struct codec *codec);
[[nodiscard]] bool voice_reserve_out(
	struct engine *e, struct rtp_flow *f, const struct codec *codec);
[[nodiscard]] bool voice_reserve_line(struct engine *e, struct rtp_flow *f);

// How what one leg receives gets to another.
enum voice_way {
	VOICE_PASSED,    // as it came
	VOICE_REGROUPED, // as it came, but in packets of another length
	VOICE_TURNED,    // decoded and encoded
	VOICE_NO_WAY,
};

struct voice_leg {
	uint8_t codec; // enum dp_codec
	uint8_t ptime; // ms
	uint32_t clock;
};

enum voice_way voice_way(const struct voice_leg *from, const struct voice_leg *to);
struct voice_leg voice_leg(const struct rtp_flow *f);

// Whose packets f sends, and makes of samples if it must: of this worker. NULL: nobody's.
struct rtp_flow *voice_peer(const struct engine *e, const struct rtp_flow *f);

// Can this flow's codec be made of samples, and samples of it?
const struct codec *voice_codec_of(const struct rtp_flow *f);

// Puts to use what the flow needs now and gives back the rest, and the same for those it hears.
void voice_settle(struct engine *e, struct rtp_flow *f, uint64_t now);

// Only what is heard of it, or what it sends.
void voice_settle_in(struct engine *e, struct rtp_flow *f);
void voice_settle_out(struct engine *e, struct rtp_flow *f, uint64_t now);

// What the flow sends next is not the continuation of what it sent.
void voice_turn(const struct engine *e, struct rtp_flow *f);

// The flow leaves mode MIX.
void voice_leave_mix(struct engine *e, struct rtp_flow *f);

// The flow is closed: everything of it is given back.
void voice_forget(struct engine *e, struct rtp_flow *f);

// Before REMOTE changes the flow: is there room for what the new codec takes?
enum dp_refusal voice_fit_remote(struct engine *e, struct rtp_flow *f, const struct voice_leg *leg);

// Before RELAY of peer.
enum dp_refusal voice_fit_relay(struct engine *e, struct rtp_flow *f, struct rtp_flow *peer);

// Before MUSIC or PROMPT of a track that is not there in the flow's codec.
enum dp_refusal voice_fit_track(struct engine *e, struct rtp_flow *f, const struct track *t);

// A detector wants the decoded audio of this flow (inband_hear()), or not. False: there is no
// room, and it goes without.
[[nodiscard]] bool voice_detect(struct engine *e, struct rtp_flow *f, bool wanted);

// Digits are to leave as tones in the flow's codec, or no more. False: there is no room.
[[nodiscard]] bool voice_type(struct engine *e, struct rtp_flow *f);
void voice_type_end(struct engine *e, struct rtp_flow *f);

// Encodes samples of such digits. Returns how many bytes; 0: the voice is not there, or not in the
// flow's codec any more.
size_t voice_typed(const struct engine *e, const struct rtp_flow *f, uint8_t *payload, size_t room,
	const int16_t *pcm, size_t n);

// The commands.
enum dp_refusal obey_mix(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);
enum dp_refusal obey_overlay(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);
enum dp_refusal obey_overlay_end(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);
enum dp_refusal obey_gain(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);
