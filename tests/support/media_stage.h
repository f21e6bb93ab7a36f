// SPDX-License-Identifier: BSD-3-Clause
//
// Our side of the bridge on a stage: a loop, a struct media, and a layby-media that does what the
// test wants (fake_media.h). One stage a test; each test is a process of its own.
#pragma once

#include "control/call/media.h"
#include "tests/support/fake_media.h"

#include <stdbool.h>
#include <stdint.h>

enum { STAGE_EVENTS_MAX = 100000 };

struct stage {
	struct loop *loop;
	struct media *media;
	struct fake_media fake;
	char wav[64]; // made by stage_load()

	// what was heard
	struct media_event heard[STAGE_EVENTS_MAX];
	uint32_t events, attached, detached, orphans;
	uint32_t recorded;
	struct media_recorded file;                        // heard of last
	void (*on_event)(const struct media_event *event); // called as well
};

extern struct stage stage;
extern const struct media_ops stage_ops;
extern int stage_me; // somebody who owns flows

void stage_open_up(void);
void stage_clear(void);

// Turns the loop until what is wanted holds. False: it does not within so many ms.
bool stage_turn_until(bool (*wanted)(void), uint32_t ms);
void stage_turn(uint32_t ms);
bool stage_is_greeted(void);
bool stage_is_greeted_twice(void);
bool stage_is_attached(void);
bool stage_is_attached_again(void);
bool stage_is_detached(void);

void stage_attach(void); // within a second, or the test fails
struct media_flow stage_open(uint16_t worker);
struct media_counts stage_counts(void);
// The track of a WAV file with this audio; the file is another one each time.
uint64_t stage_load(const int16_t *audio, uint32_t samples);
