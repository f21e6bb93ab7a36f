// SPDX-License-Identifier: BSD-3-Clause
//
// What is said on the UNIX socket (SOCK_SEQPACKET) between layby-media, which listens, and
// layby-core, which connects. One core at a time; its connection's end says that it is gone.
// Everything that happens per call goes through the bridge instead.
//
//   media → core   HELLO       with two descriptors: the bridge's memfd, the wake-up eventfd
//   core → media   TRACK_ADD   with one descriptor: a memfd holding one encoding of it
//   core → media   TRACK_DROP
//   media → core   TRACK       the answer to each TRACK_ADD and TRACK_DROP, in order
//   core → media   MOVE        another worker is to poll a queue
//   media → core   MOVED       the answer to each MOVE, in order
//   core → media   PLAN        who does what?
//   media → core   PLAN        the answer, with one descriptor: a memfd holding JSON (len bytes)
//   media → core   STALLED     unasked: a worker stands still, or (outcome OK) goes on
//   core → media   RECORD_BEGIN  a file is to be begun; then DP_CMD_RECORD may name it
//   media → core   RECORDING     the answer to each RECORD_BEGIN: it may, or why not
//   core → media   RECORD_END
//   media → core   RECORDED      a recording that was begun has ended, as told or by itself: once
//   media → core   BUSY        another core is attached; the connection is closed after it
#pragma once

#include <assert.h>
#include <stdint.h>

enum attach_kind {
	ATTACH_HELLO = 1,
	ATTACH_BUSY,
	ATTACH_TRACK_ADD,
	ATTACH_TRACK_DROP,
	ATTACH_TRACK,
	ATTACH_MOVE,
	ATTACH_MOVED,
	ATTACH_PLAN,
	ATTACH_STALLED,
	ATTACH_RECORD_BEGIN,
	ATTACH_RECORDING,
	ATTACH_RECORD_END,
	ATTACH_RECORDED,
};

enum attach_outcome {
	ATTACH_OK = 0,
	ATTACH_NO_MEMORY, // over the media's track budget; the sentence is in its log
	ATTACH_BAD_TRACK, // length, codec or descriptor is wrong
	ATTACH_IN_USE,    // a flow still plays it
	ATTACH_UNKNOWN,   // no such track, port, queue or worker
	ATTACH_DISK_FULL,
	ATTACH_DISK_ERROR, // the file cannot be made or written
	ATTACH_TOO_LONG,   // more than a WAV file holds
	ATTACH_NO_ROOM,    // as many recordings as there may be at once are under way
};

enum { ATTACH_VERSION = 2 };

// A track is known by the hash of its content as linear audio; each encoding of it is added on its
// own. Adding what is there already is answered with OK at once. The descriptor holds the payload.
// In Opus there stands before it how many packets there are and where each ends in the payload,
// all as uint32_t in the order of the machine.
struct attach_message {
	uint32_t version; // ATTACH_VERSION
	uint16_t kind;    // enum attach_kind
	uint16_t outcome; // enum attach_outcome, in TRACK, MOVED, STALLED, RECORDING, RECORDED
	uint64_t track; // content hash, never 0; of a recording: its id, never 0, never used twice
	uint64_t len;   // bytes in the descriptor; in RECORDED: the milliseconds of the file
	uint32_t codec; // of a track: its encoding, TRACK_* of codecs/track.h; in RECORD_BEGIN: Hz,
			// 8000 or 16000
	uint32_t units; // of a track: its length, the same in every encoding
};
static_assert(sizeof(struct attach_message) == 32, "a message has one size");

// In MOVE, MOVED and STALLED (which has the worker alone): which queue is meant, and whose it is
// to be. All are counted from 0, as the plan does.
struct attach_queue {
	uint32_t port;
	uint32_t queue;
	uint32_t worker;
};

static inline struct attach_queue attach_queue_of(const struct attach_message *m)
{
	return (struct attach_queue){
		.port = (uint32_t)(m->track >> 32), .queue = (uint32_t)m->track, .worker = m->codec
	};
}

static inline void attach_name_queue(struct attach_message *m, struct attach_queue q)
{
	m->track = (uint64_t)q.port << 32 | q.queue;
	m->codec = q.worker;
}
