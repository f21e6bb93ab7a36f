// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/recorder.h"

#include "dataplane/dpdk/recording.h"

#include <stdio.h>
#include <string.h>

enum { PIECES_A_CHANNEL = 16 }; // some 300 ms of packets of 20 ms

bool recorder_init(
	struct recorder *r, const char *directory, const uint32_t channels[], uint32_t workers)
{
	uint32_t all = 0;

	memset(r, 0, sizeof(*r));
	snprintf(r->directory, sizeof(r->directory), "%s", directory);
	for (uint32_t i = 0; i < workers; i++) {
		if (!record_ring_init(&r->ring[i], PIECES_A_CHANNEL * channels[i]))
			return false;
		r->rings++;
		all += channels[i];
	}
	r->slots = all < RECORDER_MAX ? all : RECORDER_MAX;
	return true;
}

// --- the workers'

static bool is_announced(const struct recorder *r, uint64_t id)
{
	for (uint32_t i = 0; i < r->slots && id != 0; i++)
		if (atomic_load_explicit(&r->announced[i], memory_order_acquire) == id)
			return true;
	return false;
}

enum record_outcome recorder_note(
	struct recorder *r, uint16_t worker, const struct record_note *note, const uint8_t *payload)
{
	bool begins = note->kind == RECORD_ON || note->kind == RECORD_PAUSED;

	if (begins && !is_announced(r, note->recording))
		return RECORD_UNKNOWN;
	return record_ring_put(&r->ring[worker], note, payload) ? RECORD_TAKEN : RECORD_FULL;
}

// --- the main thread's

static enum recorder_state state_of(const struct recorder_slot *s)
{
	return (enum recorder_state)atomic_load_explicit(&s->state, memory_order_acquire);
}

static void hand_over(struct recorder_slot *s, enum recorder_state state)
{
	atomic_store_explicit(&s->state, state, memory_order_release);
}

static struct recorder_slot *find(struct recorder *r, uint64_t id)
{
	for (uint32_t i = 0; i < r->slots; i++)
		if (state_of(&r->slot[i]) != RECORDER_FREE && r->slot[i].id == id)
			return &r->slot[i];
	return NULL;
}

enum attach_outcome recorder_begin(struct recorder *r, uint64_t id, uint32_t rate)
{
	struct recorder_slot *s = NULL;

	if (id == 0 || (rate != RECORDER_HZ && rate != RECORDER_WIDE_HZ))
		return ATTACH_UNKNOWN;
	if (find(r, id) != NULL)
		return ATTACH_IN_USE;
	for (uint32_t i = 0; i < r->slots && s == NULL; i++)
		if (state_of(&r->slot[i]) == RECORDER_FREE)
			s = &r->slot[i];
	if (s == NULL)
		return ATTACH_NO_ROOM;
	s->id = id;
	s->rate = rate;
	s->began = false;
	s->told = false;
	atomic_store_explicit(&s->end, false, memory_order_relaxed);
	hand_over(s, RECORDER_ASKED);
	return ATTACH_OK;
}

bool recorder_end(struct recorder *r, uint64_t id)
{
	struct recorder_slot *s = find(r, id);

	if (s != NULL)
		atomic_store_explicit(&s->end, true, memory_order_release);
	return s != NULL;
}

void recorder_end_all(struct recorder *r)
{
	for (uint32_t i = 0; i < r->slots; i++)
		if (state_of(&r->slot[i]) != RECORDER_FREE)
			atomic_store_explicit(&r->slot[i].end, true, memory_order_release);
}

static struct attach_message message(
	const struct recorder_slot *s, enum attach_kind kind, enum attach_outcome outcome)
{
	return (struct attach_message){ .version = ATTACH_VERSION,
		.kind = (uint16_t)kind,
		.outcome = (uint16_t)outcome,
		.track = s->id };
}

// What of this slot the core does not know yet: first that it began, or why not; then that it
// is over.
static bool hear_slot(struct recorder_slot *s, struct attach_message *out)
{
	enum recorder_state state = state_of(s);

	if (state == RECORDER_FREE || state == RECORDER_ASKED)
		return false;
	if (!s->told && (state == RECORDER_OPEN || s->began)) {
		s->told = true;
		*out = message(s, ATTACH_RECORDING, ATTACH_OK);
		return true;
	}
	if (state != RECORDER_OVER)
		return false;
	*out = message(s, s->began ? ATTACH_RECORDED : ATTACH_RECORDING, s->outcome);
	out->len = s->began ? s->ms : 0;
	hand_over(s, RECORDER_FREE);
	return true;
}

bool recorder_hear(struct recorder *r, struct attach_message *out)
{
	uint32_t news = atomic_load_explicit(&r->news, memory_order_acquire);

	if (news == r->news_seen && !r->looking)
		return false;
	r->news_seen = news;
	r->looking = true;
	for (; r->looked < r->slots; r->looked++)
		if (hear_slot(&r->slot[r->looked], out))
			return true; // and look at the same one again
	r->looked = 0;
	r->looking = false;
	return false;
}

// --- the recorder's

static void is_news(struct recorder *r)
{
	atomic_fetch_add_explicit(&r->news, 1, memory_order_release);
}

static void open_slot(struct recorder *r, uint32_t i)
{
	struct recorder_slot *s = &r->slot[i];

	s->recording = recording_new(r->directory, s->id, s->rate, &s->outcome);
	s->began = s->recording != NULL;
	if (s->began)
		atomic_store_explicit(&r->announced[i], s->id, memory_order_release);
	hand_over(s, s->began ? RECORDER_OPEN : RECORDER_OVER);
	is_news(r);
}

static void close_slot(struct recorder *r, uint32_t i, uint64_t now)
{
	struct recorder_slot *s = &r->slot[i];

	atomic_store_explicit(&r->announced[i], 0, memory_order_release);
	s->outcome = recording_end(s->recording, now, &s->ms);
	s->recording = NULL;
	hand_over(s, RECORDER_OVER);
	is_news(r);
}

static struct recording *recording_of(struct recorder *r, uint64_t id)
{
	for (uint32_t i = 0; i < r->slots; i++)
		if (r->slot[i].recording != NULL && r->slot[i].recording->id == id)
			return r->slot[i].recording;
	return NULL;
}

static void drain(struct recorder *r, struct record_ring *ring)
{
	struct recording *last = NULL;
	uint32_t most = ring->reader.mask + 1; // others have their turn

	for (const struct record_piece *p; most > 0 && (p = record_ring_peek(ring)) != NULL;
		most--) {
		if (last == NULL || last->id != p->note.recording)
			last = recording_of(r, p->note.recording);
		if (last != NULL)
			recording_take(last, p);
		else
			r->strays++;
		record_ring_release(ring);
	}
}

static void turn_slot(struct recorder *r, uint32_t i, uint64_t now)
{
	struct recorder_slot *s = &r->slot[i];
	enum recorder_state state = state_of(s);

	if (state == RECORDER_ASKED)
		open_slot(r, i);
	if (state != RECORDER_OPEN)
		return;
	recording_turn(s->recording, now);
	if (s->recording->outcome != ATTACH_OK ||
		atomic_load_explicit(&s->end, memory_order_acquire))
		close_slot(r, i, now);
}

void recorder_turn(struct recorder *r, uint64_t now)
{
	for (uint32_t i = 0; i < r->rings; i++)
		drain(r, &r->ring[i]);
	for (uint32_t i = 0; i < r->slots; i++)
		turn_slot(r, i, now);
}

void recorder_clear(struct recorder *r, uint64_t now)
{
	recorder_end_all(r);
	recorder_turn(r, now);
	recorder_turn(r, now); // what had only been asked for
	for (uint32_t i = 0; i < r->rings; i++)
		record_ring_clear(&r->ring[i]);
	r->rings = 0;
	r->slots = 0;
}
