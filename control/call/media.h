// SPDX-License-Identifier: BSD-3-Clause
//
// Our side of the media: which ports are free, what each flow is asked to do, what it answered.
// Wishes become commands in the lane of the flow's worker; answers and events come back to the
// flow's owner. Commands that find the lane full wait here, in order.
#pragma once

#include "control/address.h"
#include "control/call/media_record.h"
#include "control/clock.h"
#include "dataplane/cmd.h"
#include "dataplane/event.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct media;

// A flow of ours. Copied freely; worker is meaningless while id.gen is 0 ("no flow").
struct media_flow {
	struct flow_id id;
	uint16_t worker;
};

// What the owner of a flow hears.
struct media_event {
	enum {
		MEDIA_DIGIT,
		MEDIA_PLAYED,
		MEDIA_LOCKED,
		MEDIA_DONE,
		MEDIA_FAILED,
		MEDIA_CLOSED,
		MEDIA_QUALITY // raw->quality
	} kind;
	void *owner;
	uint8_t digit;        // DIGIT: RFC 4733 code, 0-15
	bool withheld;        // DIGIT
	uint16_t duration_ms; // DIGIT
	uint8_t cmd;          // DONE, FAILED: enum dp_cmd_kind
	uint8_t refusal;      // FAILED: enum dp_refusal
	const struct dp_event *raw;
};

struct media_ops {
	void *ctx;
	void (*happen)(void *ctx, const struct media_event *event); // not for CLOSED flows' owners
	// layby-media has come (flows of nobody were found and closed: orphans) or gone (every
	// flow is lost; owners must let go of them, without media_close()).
	void (*attached)(void *ctx, uint32_t orphans);
	void (*detached)(void *ctx);
	// What became of a recording. May be NULL.
	void (*recorded)(void *ctx, const struct media_recorded *what);
};

// Connects to layby-media's socket and keeps trying every second; everything else happens in the
// loop. socket_path is copied.
[[nodiscard]] struct media *media_new(
	struct loop *loop, const char *socket_path, const struct media_ops *ops);
struct media *media_free(struct media *m);
bool media_attached(const struct media *m);
uint32_t media_workers(const struct media *m);

// Registers a file as a track; loaded now, encoded and sent to layby-media when the first flow of
// a codec wants it. The same file twice is the same track. 0: error says why not.
uint64_t media_track(struct media *m, const char *path, char *error, uint32_t error_size);
// Whoever registered it does so no more. When nobody does, layby-media forgets it. 0 is harmless.
void media_track_release(struct media *m, uint64_t hash);
// It is there in both laws of G.711 before calls are.
void media_track_prepare(struct media *m, uint64_t hash);
// What plays while another music is being encoded, if that takes more than a moment.
void media_house_music(struct media *m, uint64_t track);
uint32_t media_track_ms(const struct media *m, uint64_t track); // its length

// Opens a flow on this worker. False: no port is free, or not attached.
[[nodiscard]] bool media_open(
	struct media *m, uint16_t worker, void *owner, struct media_flow *out);
void media_set_owner(struct media *m, struct media_flow f, void *owner);
// Closes it and clears *f; harmless when there is none. No event comes for it any more.
void media_close(struct media *m, struct media_flow *f);
// Our address and RTP port of the flow; RTCP is the port above.
void media_local(const struct media *m, struct media_flow f, struct address *out);

struct media_remote {
	struct address rtp, rtcp;
	uint8_t nat[16]; // all zero: strict
	uint32_t clock;
	uint8_t pt_tx, pt_rx, dtmf_tx, dtmf_rx, codec, ptime, cn; // as in dp_cmd.remote
	bool mute;
};
void media_remote(struct media *m, struct media_flow f, const struct media_remote *remote);
void media_silent(struct media *m, struct media_flow f);
// shared: all who hear it are at one place of it.
void media_music(struct media *m, struct media_flow f, uint64_t track, bool shared);
void media_prompt(struct media *m, struct media_flow f, const uint64_t *track, uint32_t n);
// One direction: f sends what peer receives.
void media_relay(struct media *m, struct media_flow f, struct media_flow peer);
void media_watch(struct media *m, struct media_flow f, uint16_t digits);
void media_digits(
	struct media *m, struct media_flow f, const uint8_t *digit, const uint16_t *ms, uint32_t n);

// Asks how it is heard: MEDIA_QUALITY comes for it.
void media_query(struct media *m, struct media_flow f);
// Asks for a file of this rate; flows may be its channels once it is heard that it began. The id in
// `what` is the caller's choice, never to be used twice. False: not now.
[[nodiscard]] bool media_record_begin(
	struct media *m, const struct media_recorded *what, uint32_t hz);
// channel 0: left, 1: right; state: enum dp_record. Harmless for no flow.
void media_record_channel(
	struct media *m, struct media_flow f, uint64_t id, uint8_t channel, uint8_t state);
void media_record_end(struct media *m, uint64_t id);

struct media_counts {
	uint32_t flows_open, flows_free, flows_resting, tracks;
	uint64_t commands, refusals, waiting; // waiting: commands for which a lane had no room
	uint64_t strange;                     // events that no honest worker sends, ignored
};
void media_counts(const struct media *m, struct media_counts *out);
// The counters of a worker, for laybyctl; NULL when not attached.
const struct worker_stats *media_stats(const struct media *m, uint16_t worker);

// What layby-media says of its cores, as JSON; NULL: it has not said yet.
const char *media_plan_text(const struct media *m);
// Asks that another worker polls a queue; all are counted from 0. False: not now. The answer is
// seen in what became of the last one that was asked for.
[[nodiscard]] bool media_move(struct media *m, uint32_t port, uint32_t queue, uint32_t worker);
const char *media_moved(const struct media *m); // "none", "asked", "done", "refused"
