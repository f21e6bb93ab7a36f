// SPDX-License-Identifier: BSD-3-Clause
//
// A leg: one SIP dialog of ours and its media flow. It knows how to call, answer, hang up,
// negotiate and speak; what its news mean is its owner's business.
#pragma once

#include "control/call/digits.h"
#include "control/call/exchange.h"
#include "control/sip/sdp.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum leg_state {
	LEG_CALLING,  // they called; we have not answered
	LEG_RINGING,  // we called; they have not answered
	LEG_ANSWERED, // we answered; their ACK is missing
	LEG_UP,
	LEG_OVER, // nothing comes of it any more; freed when the line is empty
};

enum { LEG_SAY_MAX = 8 };

// Facts that a leg reports to its owner. Any may be NULL. In `gone` and `refused` the leg is over
// already: let go of it.
struct leg_ops {
	void (*ringing)(struct leg *leg);
	void (*answered)(struct leg *leg);
	void (*refused)(struct leg *leg, uint16_t code);
	void (*acked)(struct leg *leg);
	void (*gone)(struct leg *leg);
	void (*held)(struct leg *leg); // leg->held has changed
	void (*said)(struct leg *leg); // the prompts of leg_say() are over
	void (*code)(struct leg *leg); // the feature code was dialled
	void (*music)(struct leg *leg, bool playing);
	// Digits that are no code: for whoever hears this leg, in order.
	void (*digits)(struct leg *leg, const uint8_t *digit, const uint16_t *ms, uint32_t n);
};

struct leg {
	TAILQ_ENTRY(leg) in_tenant;
	TAILQ_ENTRY(leg) in_call; // while it rings for a call
	TAILQ_ENTRY(leg) dead;    // once it is over
	struct exchange *x;
	struct tenant *tenant;
	const struct leg_ops *ops;
	void *owner; // struct call or struct slot, as ops knows

	enum leg_state state;
	bool held;            // the other side does not want to hear us
	uint8_t max_forwards; // of calls that go out for this leg
	struct sip_dialog *dialog;
	struct media_flow flow;

	char user[NAME_MAX_LEN];   // user of the account; empty: the world outside
	char number[NAME_MAX_LEN]; // how he is shown
	char name[NAME_MAX_LEN];   // display name, may be empty

	// what was agreed
	struct media_desc *offer; // theirs, until it is answered
	struct sdp_codec codec;
	int16_t dtmf_rx, dtmf_tx; // payload types, -1: none
	bool dtmf_wide;           // at 48000 Hz, as Opus
	int16_t dtmf_offered[2];  // what we offered at 8000 Hz and at 48000 Hz, or -1
	struct address rtp, rtcp; // where they last wanted it; port 0: they never said
	uint64_t session, version;

	// what it says
	uint64_t say[LEG_SAY_MAX];
	uint8_t say_n, say_at;
	bool speaking;
	struct timer say_timer;

	struct dp_quality quality; // as its worker said last
	bool judged;               // it has said something

	// digits
	bool watching;
	struct digits digits;
	struct timer digits_timer;
};

// A leg for a call that came in. offer is NULL when the INVITE had none.
struct leg *leg_new_in(struct tenant *t, struct sip_dialog *dialog, const struct sip_call_in *call,
	const char *sdp, size_t len);

// Whether leg_new_in() failed because of what the INVITE offers.
bool leg_bad_offer(const char *sdp, size_t len);

struct leg_target {
	const char *uri;
	struct address to;
	const char *user; // of the account, or NULL
	const char *to_uri;
	const char *shown_number, *shown_name;
	uint8_t max_forwards;
	const struct leg *guest; // whose codecs to offer
};
// Calls out. NULL: no port, no room, or nothing to offer.
struct leg *leg_new_out(
	struct tenant *t, const struct leg_target *target, const struct leg_ops *ops, void *owner);

void leg_give(struct leg *leg, const struct leg_ops *ops, void *owner);
// 180 to a caller, once or repeatedly.
void leg_ring(struct leg *leg);
// Answers a caller. peer: the leg he will talk to, or NULL: whatever we can speak ourselves.
// False: there is no codec for that; the leg is as it was.
[[nodiscard]] bool leg_answer(struct leg *leg, const struct leg *peer);
// Ends it in any state. code: for a caller who was not answered, 0: 480.
void leg_end(struct leg *leg, uint16_t code, const char *reason);
// Answers it if need be, plays the prompts, hangs up. The owner is rid of it.
void leg_part(struct leg *leg, const uint64_t *track, uint32_t n, uint16_t code);

void leg_music(struct leg *leg, uint64_t track);
void leg_say(struct leg *leg, const uint64_t *track, uint32_t n);
void leg_join(struct leg *to, const struct leg *from); // `to` hears `from`
// Listen for the account's park code.
void leg_watch(struct leg *leg, const char *code);
void leg_unwatch(struct leg *leg);

// The tracks that say a number, digit by digit. Returns how many were written.
uint32_t leg_number_tracks(const struct exchange *x, uint32_t number, uint64_t out[LEG_SAY_MAX]);

// Sends these digits to the leg's far end.
void leg_digits(struct leg *leg, const uint8_t *digit, const uint16_t *ms, uint32_t n);

// --- leg_voice.c, for leg.c
void leg_voice_init(struct leg *leg);
void leg_voice_stop(struct leg *leg);

// --- from outside: the endpoint's and the media's news
void leg_sip(struct leg *leg, const struct sip_event *event);
void leg_media(struct leg *leg, const struct media_event *event);
void leg_drop(struct leg *leg); // ends it, and tells its owner as if the far end had
void leg_free(struct leg *leg);

// --- leg_media.c: descriptions
[[nodiscard]] bool leg_offer(
	struct leg *leg, const struct leg *guest, char *sdp, size_t size, size_t *len);
[[nodiscard]] bool leg_take_answer(struct leg *leg, const char *body, size_t len);
// Chooses a codec of the offer for what peer speaks, and writes our answer.
[[nodiscard]] bool leg_write_answer(
	struct leg *leg, const struct leg *peer, char *sdp, size_t size, size_t *len);
// Our full offer, for a re-INVITE that came without one: the codec in use.
[[nodiscard]] bool leg_reoffer(struct leg *leg, char *sdp, size_t size, size_t *len);
[[nodiscard]] bool leg_reanswer(
	struct leg *leg, const char *body, size_t len, char *sdp, size_t size, size_t *out_len);
// What the caller's flow can play and turn into another: OTHER is only passed on.
uint8_t leg_codec(const struct sdp_codec *codec); // enum dp_codec
