// SPDX-License-Identifier: BSD-3-Clause
//
// The far end of a port that is a pair of rings: the network and all callers behind it. It says
// what callers say, and looks at every packet that the worker sends: whose it is, sequence,
// timestamp, SSRC, payload, checksums. It lives on the worker's core, in turn with it, and says
// how many cycles it took, so that they are not counted as the worker's. Written from the RFCs;
// nothing of the worker's own code looks at packets here.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rte_mempool;
struct rte_ring;

enum { CROWD_RING = 1024, CROWD_FEED = 256, CROWD_DEVICE_MAX = 128 };

// What is wrong with a packet, the first that is found.
#define CROWD_WRONG_LIST(X)                                  \
	X(frame, "not a good frame, or a checksum is wrong") \
	X(flow, "from a port of ours that no flow has")      \
	X(target, "not sent to whose flow it is")            \
	X(header, "the RTP header is not the one agreed")    \
	X(seq, "the sequence number is not the next one")    \
	X(ts, "the timestamp is not 160 later")              \
	X(ssrc, "the SSRC is another one")                   \
	X(payload, "the audio is not what is due")

enum crowd_wrong {
	CROWD_GOOD = -1,
#define X(name, help) CROWD_WRONG_##name,
	CROWD_WRONG_LIST(X)
#undef X
		CROWD_WRONGS,
};

// What callers send, apart from their audio.
enum crowd_speech {
	CROWD_NOTHING,
	CROWD_AUDIO,
	CROWD_REPORTS, // RTCP: SR and RR
};

// What a packet that is no good packet of its flow's caller has wrong, and where the worker is to
// count it.
#define CROWD_SPOILT_LIST(X)                                \
	X(rx_bad_source, "another source")                  \
	X(rx_bad_version, "RTP version 1")                  \
	X(rx_bad_pt, "a payload type that was not agreed")  \
	X(rx_bad_csrc, "more sources than there are bytes") \
	X(rx_short, "shorter than a header")                \
	X(rx_not_ours, "to an address that is not ours")    \
	X(rx_no_flow, "to a port that has no flow")         \
	X(rx_bad_checksum, "a bit that fell over")

enum crowd_spoilt {
#define X(counter, help) CROWD_SPOILT_##counter,
	CROWD_SPOILT_LIST(X)
#undef X
		CROWD_SPOILTS,
};

struct crowd_flow {
	uint32_t ssrc; // of what the worker sends, once heard
	uint32_t ts;   // the next
	uint32_t at;   // of the track, or of the peer's audio
	uint32_t sent; // packets of the caller's
	uint16_t seq;  // the next
	bool heard;
};

struct crowd {
	struct rte_ring *to, *from; // the worker
	struct rte_mempool *pool;
	uint8_t mac[6]; // the worker's
	uint32_t n;     // which worker it is
	struct crowd_flow *flow;
	uint32_t flows;
	const uint32_t *order; // in which callers speak
	uint32_t next;         // in order
	const uint8_t *audio;
	enum crowd_speech speech;
	bool relay;   // what comes out is what the peer said, else the track
	uint32_t bad; // of 100 packets that callers send, so many are somebody else's or broken
	uint32_t luck;

	uint64_t cycles; // that the far end took
	uint64_t sent, sent_bad, no_room;
	uint64_t heard, checked, wrong, rtcp, arp, other;
	uint64_t wrong_by[CROWD_WRONGS];
	uint64_t spoilt[CROWD_SPOILTS];
};

// Makes the rings; device is what a configuration's vdev is to say.
void crowd_make(struct crowd *far, uint32_t n, char device[CROWD_DEVICE_MAX]);

// Once the port is there: callers, and a look at each burst before it goes into the ring, so
// that the ring never runs over and the packets are as near as a card's would be.
void crowd_meet(struct crowd *far, uint16_t port, uint32_t flows, const uint8_t *audio);
void crowd_end(struct crowd *far);

// Callers speak, up to CROWD_FEED packets. Returns how many.
uint32_t crowd_say(struct crowd *far);

// Takes out and checks what the worker has sent.
void crowd_hear(struct crowd *far);

// crowd_write.c: a caller's next packet at `frame`; returns its length. crowd_check.c: what is wrong.
uint32_t crowd_write(struct crowd *far, uint32_t flow, uint8_t *frame);
uint32_t crowd_write_report(struct crowd *far, uint32_t flow, uint8_t *frame);
void crowd_spoil(enum crowd_spoilt how, uint8_t *frame, uint32_t *len, uint32_t luck);
void crowd_check(struct crowd *far, const uint8_t *frame, uint32_t len);

// What callers say at their n-th packet.
static inline uint32_t crowd_speech_at(uint32_t flow, uint32_t n)
{
	return (flow * 7919 + n * 160) % (60 * 8000 - 160);
}
