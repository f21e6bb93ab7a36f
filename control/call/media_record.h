// SPDX-License-Identifier: BSD-3-Clause
//
// The recordings that layby-media was asked for, until it has said that they are over: an end
// that finds no room on the socket is sent later, and whoever is told of one is told whose it was.
#pragma once

#include "control/call/media_link.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum { RECORDED_NAME = 64 };

// What became of a recording: first that it began, unless it could not; last that it is over.
struct media_recorded {
	uint64_t id;
	bool over;
	uint16_t outcome; // enum attach_outcome
	uint64_t ms;      // of its file
	char account[RECORDED_NAME];
	char ref[RECORDED_NAME]; // of the call
};

struct known_recording;

struct media_record {
	TAILQ_HEAD(known_recordings, known_recording) all;
};

void media_record_init(struct media_record *r);

// False: not now. What is said of it is copied.
[[nodiscard]] bool media_record_ask(struct media_record *r, struct media_link *link,
	const struct media_recorded *what, uint32_t hz);
void media_record_stop(struct media_record *r, struct media_link *link, uint64_t id);
void media_record_writable(struct media_record *r, struct media_link *link);

// What layby-media says. False: it concerns nobody.
[[nodiscard]] bool media_record_said(
	struct media_record *r, const struct attach_message *m, struct media_recorded *out);

// layby-media is gone: one after the other is over. False: there is none left.
[[nodiscard]] bool media_record_lost(struct media_record *r, struct media_recorded *out);
