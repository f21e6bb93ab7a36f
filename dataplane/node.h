// SPDX-License-Identifier: BSD-3-Clause
//
// The packet graph. It never changes at run time, so it is written down as calls:
//
//   in ──► classify ──┬─ inband          the audio of those whose digits may come as tones
//                     ├──► relay ──┬──► out        a packet goes to whoever relays its flow
//                     │      │     └──► drop       nobody does: swallowed
//                     │      └─ digits             what the events among them mean
//                     ├──► report                  RTCP
//                     └──► drop                    refused, each for a reason that is counted
//
//                     a flow that a flow of another worker relays: ──► far ──► that worker
//   another worker ──► far ──► out, drop
//
//   pacer ──┬──► moh ───► out                      music and prompts
//           ├──► mix ───► out                      what is rendered
//           ├──► keys ──► out                      digits given back
//           ├──► digits                            an event whose end was lost
//           └──► report ► out                      RTCP
//
// Where others come in. Each place is one test of a bit of the flow's hot lines; who has no bit
// set pays no more than that.
//
//   rx & FLOW_SEALED_IN   node_classify.c, take(): before rtp_read(), the packet is opened;
//                         RTCP in node_report.c
//   rx & FLOW_LISTENED    node_inband.c: audio goes to a detector, and may be silenced
//   rx & FLOW_RECORDED    node_relay.c, relay_keep(): audio that was taken is copied
//   rx & FLOW_HEARD       node_relay.c, keep(): audio that was taken is decoded
//   tx & FLOW_RENDERED    node_moh.c, node_moh(), for what the tick makes; node_relay.c, relay(),
//                         before rewrite(), for what rides on the peer's packets
//   tx & FLOW_SEALED_OUT  node_srtp.c, for each burst that leaves, whoever made its packets: by
//                         then they are whole, and name the flow that sends them (pkt.flow)
//
// A node takes a burst, or one flow that is due, does one thing, and says where each packet goes
// by putting it into one of its output bursts. Nodes do not log, allocate, lock or call the
// kernel. What they share is here; it is the engine's inside and nobody else's business.
#pragma once

#include "dataplane/engine.h"
#include "dataplane/flow.h"
#include "dataplane/inband.h"
#include "dataplane/pacer.h"
#include "dataplane/pool.h"
#include "dataplane/random.h"
#include "dataplane/tracks.h"
#include "dataplane/voice.h"

struct engine {
	struct engine_ops ops;
	struct worker_stats *stats; // the caller's; we alone write it
	struct rtp_flow *flows;
	struct flow_cold *cold; // of the same places
	struct pacer media;     // by ms: who sends a packet of our own making (FLOW_PACED)
	struct pacer events;    // by ms: pieces of `event` to be looked at
	struct pacer reports;   // by REPORT_TICK_NS: whose RTCP is due (FLOW_REPORTED)
	struct pool keys;       // struct flow_keys
	struct pool prompts;    // struct flow_prompt
	struct pool event;      // struct flow_event_in
	struct pool detectors;  // struct inband
	struct pacer listens;   // by ms: pieces of `detectors` to be looked at
	struct dtmf_batch ears; // what they hear together
	struct pool cryptos;    // keys of SRTP; node_srtp.c's
	struct pool records;    // struct record_channel
	const struct srtp_ciphers *ciphers; // the plan's
	uint32_t sealed; // so many of the burst that is being filled are ready to leave
	uint32_t flow_count;
	uint32_t address_count;
	uint32_t burst_most;      // of the plan
	bool full;                // ticks are not done in time: no new streams
	uint64_t behind_since;    // ms; 0: ticks are done in time
	uint16_t worker;          // which one we are
	uint16_t workers;         // of how many
	struct far_place *far;    // of each flow; NULL when we are alone
	struct rtp_flow far_peer; // a picture of a peer elsewhere, of what relay_send() looks at
	int64_t wall_offset;
	struct random random;
	struct engine_address address[BRIDGE_ADDRESSES_MAX];
	struct tracks tracks;
	struct voices voices;
};

#define REPORT_TICK_NS (UINT64_C(64) * NS_PER_MS)

static inline uint64_t to_ms(uint64_t ns)
{
	return ns / NS_PER_MS;
}

static inline uint32_t place_of(const struct engine *e, const struct rtp_flow *f)
{
	return (uint32_t)(f - e->flows);
}

static inline struct flow_cold *cold_of(const struct engine *e, const struct rtp_flow *f)
{
	return &e->cold[place_of(e, f)];
}

// The digits that a flow sends: only while FLOW_TYPING is set.
static inline struct flow_keys *keys_of(const struct engine *e, const struct rtp_flow *f)
{
	return pool_at(&e->keys, cold_of(e, f)->keys);
}

// Only in mode PROMPT.
static inline struct flow_prompt *prompt_of(const struct engine *e, const struct rtp_flow *f)
{
	return pool_at(&e->prompts, cold_of(e, f)->prompt);
}

// The burst is the caller's: he may have sent what it had.
static inline void engine_begin(struct engine *e, const struct burst *out)
{
	e->sealed = out->n;
}

// Puts a packet into a burst that leaves; sends the burst first if it is full.
void engine_put(struct engine *e, struct burst *out, const struct pkt *p);

// An empty packet at the end of out, addressed to the flow's RTP, or NULL: counted.
struct pkt *engine_blank(struct engine *e, struct burst *out, const struct rtp_flow *f);

// Up to n empty packets at the end of out, the first of them at *first, not addressed yet. Returns
// how many; those that are missing are counted.
uint32_t engine_blanks(struct engine *e, struct burst *out, uint32_t n, uint32_t *first);

// Fills in where a packet of this flow goes.
void engine_aim(const struct engine *e, struct pkt *p, const struct rtp_flow *f);

// Says something that nobody asked for. Kept in mind if there is no room for it.
void engine_tell(struct engine *e, struct rtp_flow *f, struct dp_event *event);

// Says something and remembers nothing: the answer to a command always finds room.
void engine_answer(struct engine *e, struct rtp_flow *f, struct dp_event *event);

// A flow names these tracks now; they cannot be hidden until it turns to another mode.
void engine_use_tracks(struct engine *e, const uint16_t *track, unsigned n);

// What a flow sends from now on. Lets go of the tracks of the old mode.
void engine_set_mode(struct engine *e, struct rtp_flow *f, enum flow_mode mode);

// Makes the pacer know whether this flow has something of our own making to send.
void engine_pace(struct engine *e, struct rtp_flow *f, uint64_t now);

// Stops a flow and lets its ports rest.
void engine_close(struct engine *e, struct rtp_flow *f, uint64_t now);

// Finds the flow of each packet and reads it. What may be sent on or acted upon stays, in order;
// RTCP is dealt with; all else goes to drop.
void node_classify(struct engine *e, struct burst *in, struct spent *drop, uint64_t now);

// The keys of SRTP (DP_CMD_KEYS). A flow that has one has nothing in the clear, in either
// direction.
enum dp_refusal node_srtp_keys(struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd);

// Opens a packet of a flow with FLOW_SEALED_IN in place. Returns the counter of why not, or NULL.
_Atomic uint64_t *node_srtp_open(struct engine *e, struct rtp_flow *f, struct pkt *p, bool rtcp);

// Seals what a burst has that is to be sealed, from packet e->sealed on. What cannot be is counted
// and made empty: nothing of it leaves.
void node_srtp_seal(struct engine *e, struct burst *out);

// The flow is closed: no trace is left of its keys.
void crypto_forget(struct engine *e, struct rtp_flow *f);

// Bytes of a flow's keys.
size_t crypto_size(void);

// Sends each packet to the flow that relays its own.
void node_relay(
	struct engine *e, struct burst *taken, struct burst *out, struct spent *drop, uint64_t now);

// The flow that sends what f receives, or NULL.
struct rtp_flow *relay_target(const struct engine *e, const struct rtp_flow *f);

// What concerns the one who is heard: digits, noise, the books. Returns the counter of why nobody
// is to hear this packet, or NULL. y is who would send it on, or NULL.
_Atomic uint64_t *relay_keep(struct engine *e, struct rtp_flow *x, const struct rtp_flow *y,
	const struct pkt *p, uint64_t now);

// Shows a packet of x to those who hear x without relaying it. kept: what relay_keep() said.
void relay_overhear(struct engine *e, struct rtp_flow *x, struct pkt *p,
	const _Atomic uint64_t *kept, uint64_t now);

// A packet of x that the far end of y is not to miss.
void relay_close_gap(const struct rtp_flow *x, struct rtp_flow *y, const struct rtp *rtp);

// What a packet is that one flow sends for another.
enum relay_what {
	RELAY_AUDIO,
	RELAY_EVENT, // RFC 4733
	RELAY_NOISE, // RFC 3389
};

// Turns a packet of x into one of y. Returns the counter of why not, or NULL. Of x it looks at
// codec, clock and in_run alone.
_Atomic uint64_t *relay_send(struct engine *e, const struct rtp_flow *x, struct rtp_flow *y,
	struct pkt *p, enum relay_what what, uint64_t now);

// Comfort noise of a flow that y relays: the same, to a far end that has agreed on it.
_Atomic uint64_t *relay_noise(struct engine *e, const struct rtp_flow *x, struct rtp_flow *y,
	struct pkt *p, uint64_t now);

// RELAY of a flow of another worker, and its end.
bool far_is_elsewhere(const struct engine *e, const struct dp_cmd *cmd);
enum dp_refusal far_relay(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);
void far_let_go(struct engine *e, struct rtp_flow *f);

// A flow was opened: perhaps it is awaited.
void far_opened(struct engine *e, struct rtp_flow *f);

// Passes a packet to the worker that relays its flow. False: none does.
bool far_pass(struct engine *e, struct pkt *p, uint64_t now);

// What an event packet means. Returns whether it is to be relayed.
bool node_digits(struct engine *e, struct rtp_flow *f, const struct pkt *p, uint64_t now);

// What is to become of a digit that is pressed now; of one that may yet be none. The first says
// that it and all that follow are withheld, if they are.
enum flow_digit digit_decide(const struct engine *e, struct rtp_flow *f, uint8_t code);
enum flow_digit digit_suspect(const struct engine *e, const struct rtp_flow *f, uint8_t code);

// Key-up: tells of it, and queues it for the peer if that was the verdict.
void digit_up(struct engine *e, struct rtp_flow *f, uint8_t code, enum flow_digit verdict,
	uint16_t ms, uint64_t now);

// What the detectors say (dtmf.h).
void inband_news(void *ctx, struct dtmf_channel *ear, const struct dtmf_event *event);

// An audio packet came: an event that it has left behind is over.
void digits_audio(struct engine *e, struct rtp_flow *f, const struct rtp *rtp, uint64_t now);

// A piece of `event` is to be looked at: no update for a while, or nothing at all.
void digits_late(struct engine *e, uint32_t piece, uint64_t now);

// The flow is closed.
void digits_forget(struct engine *e, struct rtp_flow *f);

// A prompt waits a moment for the far end to be found; PROMPT only.
bool prompt_waits(const struct engine *e, const struct rtp_flow *f, uint64_t at);

// The last track has been sent.
void prompt_finish(struct engine *e, struct rtp_flow *f, uint64_t now);

// What this flow receives is a channel of a recording (record.h).
enum dp_refusal obey_record(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);

// An audio packet of x that somebody wants to hear (FLOW_HEARD). y: the flow that relays it and
// is rendered, if it may send now, else NULL. Returns the counter of what became of it. A tone in it
// that is withheld becomes silence (inband_hear()); else the packet stays as it is.
_Atomic uint64_t *node_voice(struct engine *e, struct rtp_flow *x, struct rtp_flow *y,
	struct pkt *p, struct burst *out, uint64_t now);

// The same of comfort noise.
void node_voice_noise(struct engine *e, struct rtp_flow *x, struct rtp_flow *y, const struct pkt *p,
	struct burst *out, uint64_t now);

// A packet of an event of x's for y, which is rendered: becomes one of y's.
void voice_ride_event(struct engine *e, const struct rtp_flow *x, struct rtp_flow *y, struct pkt *p,
	uint64_t now);

// What a rendered flow (FLOW_RENDERED) sends at `at`.
void node_mix(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at);

// Is all that this flow sends music that goes on, with nothing to be done to it?
static inline bool music_is_plain(const struct rtp_flow *f)
{
	const unsigned other =
		FLOW_RENDERED | FLOW_SEALED_OUT | FLOW_MUTED | FLOW_FRESH | FLOW_TYPING;

	return f->mode == FLOW_MUSIC && (f->tx & other) == 0 && f->send_port != 0;
}

// The place in its track of one whose position is shared, if it does not just go on; MUSIC only.
void music_find_place(const struct engine *e, struct rtp_flow *f, uint64_t at);

// Asks for the audio of its next packet to be brought into the cache.
void music_fetch(const struct engine *e, const struct rtp_flow *f);

// A packet of each of at most BURST_MAX flows whose music is plain, and whose time is `at`.
void node_music(struct engine *e, struct rtp_flow *const *flows, uint32_t n, struct burst *out,
	uint64_t at);

// The next frame of music or of a prompt, whose time is `at`.
void node_moh(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at);

// The next packet of the digits given back, whose time is `at`.
void node_keys(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at);

// Adds a digit to those that wait. False: there is no room.
[[nodiscard]] bool keys_add(struct engine *e, struct rtp_flow *f, uint8_t digit, uint16_t ms);

// Is there a way to send digits to the far end?
bool keys_can(const struct rtp_flow *f);

// A REMOTE came: forgets them if there is no way any more; begins the one under way anew if it is
// to go another way.
void keys_review(struct engine *e, struct rtp_flow *f);

// The digit is sent: the next one, or none.
void keys_next(struct engine *e, struct rtp_flow *f, struct flow_keys *k);

// The next packet of digits as tones; and can the flow send them so?
void node_tones(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at);
bool tones_can(const struct rtp_flow *f);

// Hz of their samples; only if the flow can.
uint32_t tones_rate(const struct rtp_flow *f);

// Forgets those that wait.
void keys_forget(struct engine *e, struct rtp_flow *f);

// Takes in one RTCP packet, which ends here. Returns the counter of what it was.
_Atomic uint64_t *node_report_in(struct engine *e, struct rtp_flow *f, struct pkt *p, uint64_t now);

// A place of the report wheel is due: sends a report, if a flow is still there.
void node_report(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t now);

// The flow is about to be closed: takes leave of its far end.
void report_end(struct engine *e, struct rtp_flow *f, uint64_t now);

// What is known of the flow's two directions.
void report_quality(const struct engine *e, const struct rtp_flow *f, struct dp_quality *out);

// A datagram of a flow with FLOW_OPAQUE, from where the source rule allows: whose, and how many.
// Returns the counter of why it goes no further, or NULL.
_Atomic uint64_t *node_opaque(struct engine *e, struct rtp_flow *f, struct pkt *p, uint64_t now);

// Makes it one of y's, byte for byte. Returns the counter of why not, or NULL.
_Atomic uint64_t *opaque_send(struct engine *e, struct rtp_flow *y, struct pkt *p);

// Tells that media came from where the source rule allows.
void engine_locked(struct engine *e, struct rtp_flow *f, const struct pkt *p);

// Reports of this flow are due from now on.
void report_begin(struct engine *e, struct rtp_flow *f, uint64_t now);
