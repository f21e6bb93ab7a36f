// SPDX-License-Identifier: BSD-3-Clause
//
// The connection to layby-media: attach, hand-over of the bridge, tracks. What is done with the
// bridge is media.c's.
#pragma once

#include "control/clock.h"
#include "control/loop.h"
#include "dataplane/attach.h"
#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>

enum link_state {
	LINK_AWAY,      // no connection; tried again every second
	LINK_HELLO,     // connected, waiting for the bridge
	LINK_DIRECTORY, // the bridge is mapped, the workers write the flow directory
	LINK_TRACKS,    // our tracks are being handed over
	LINK_UP,
};

// A track as we keep it: encoded, ready to be handed over at every attach.
struct link_track {
	char *path;
	uint64_t hash;
	uint32_t len;        // samples
	uint8_t *encoded[2]; // by enum dp_codec
	uint8_t told;        // encodings that layby-media has answered for, since this attach
	bool refused;        // … and one of them with no
};

struct link_ops {
	void *ctx;
	void (*up)(void *ctx);    // everything is there
	void (*down)(void *ctx);  // it was up, and is no more
	void (*wake)(void *ctx);  // events are in the lanes
	void (*track)(void *ctx); // an answer for a track that was added while up
};

struct link {
	struct loop *loop;
	char *path;
	struct link_ops ops;
	enum link_state state;
	bool complained; // the reason is in the log already
	int fd, wake_fd;
	struct watch *watch, *wake_watch;
	struct timer timer; // AWAY: try again; DIRECTORY: look again; else: give up waiting
	uint64_t since_ms;
	struct bridge bridge; // mapped from DIRECTORY on
	struct link_track *track;
	uint32_t tracks, tracks_size;
	bool sending; // a TRACK_ADD is on its way
};

[[nodiscard]] bool link_init(
	struct link *l, struct loop *loop, const char *path, const struct link_ops *ops);
void link_clear(struct link *l);
// Something on the other side broke the contract: disconnect and begin anew.
void link_drop(struct link *l, const char *why);
// Adds a track (takes over its memory). Returns its place.
struct link_track *link_add_track(struct link *l, const struct link_track *track);
struct link_track *link_find_track(const struct link *l, uint64_t hash);
bool link_track_ready(const struct link_track *t);
