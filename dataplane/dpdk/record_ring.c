// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/record_ring.h"

#include "dataplane/dpdk/locked.h"

#include <string.h>

bool record_ring_init(struct record_ring *r, uint32_t pieces)
{
	uint32_t n = 2 * RECORD_RING_KEPT;

	while (n < pieces)
		n *= 2;
	memset(r, 0, sizeof(*r));
	r->size = n * sizeof(*r->piece);
	r->piece = locked_new(r->size);
	if (r->piece == NULL)
		return false;
	lane_writer_init(&r->writer, &r->lane, n);
	lane_reader_init(&r->reader, &r->lane, n);
	return true;
}

void record_ring_clear(struct record_ring *r)
{
	locked_free(r->piece, r->size);
	r->piece = NULL;
}

// Looks at the other end only when what was seen of it last is not enough.
static bool has_room(struct lane_writer *w, uint32_t kept)
{
	return w->mask + 1 - (w->tail - w->head_seen) > kept || lane_room(w) > kept;
}

bool record_ring_put(struct record_ring *r, const struct record_note *note, const uint8_t *payload)
{
	bool audio = note->kind == RECORD_AUDIO;
	uint32_t at;

	if (note->len > CODEC_PAYLOAD_MAX || !has_room(&r->writer, audio ? RECORD_RING_KEPT : 0) ||
		!lane_reserve(&r->writer, &at))
		return false;
	r->piece[at].note = *note;
	if (note->len > 0)
		memcpy(r->piece[at].payload, payload, note->len);
	lane_commit(&r->writer);
	return true;
}

const struct record_piece *record_ring_peek(struct record_ring *r)
{
	uint32_t at;

	return lane_peek(&r->reader, &at) ? &r->piece[at] : NULL;
}

void record_ring_release(struct record_ring *r)
{
	lane_release(&r->reader);
}
