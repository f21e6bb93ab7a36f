// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_worker.h"

#include <assert.h>
#include <stdlib.h>

enum { NO_SLOT = UINT16_MAX };

static_assert((MEDIA_UNANSWERED_MAX & (MEDIA_UNANSWERED_MAX - 1)) == 0, "a tag's lower bits");
static_assert((int)MEDIA_UNANSWERED_MAX < (int)NO_SLOT, "a slot's number is 16 bits");

bool media_worker_init(struct media_worker *w, const struct bridge_worker *b)
{
	*w = (struct media_worker){ .cmds = b->cmds, .events = b->events };
	STAILQ_INIT(&w->waiting);
	lane_writer_init(&w->down, b->down, BRIDGE_LANE_SIZE);
	lane_reader_init(&w->up, b->up, BRIDGE_LANE_SIZE);
	w->unanswered = calloc(MEDIA_UNANSWERED_MAX, sizeof(*w->unanswered));
	if (w->unanswered == NULL)
		return false;
	for (uint32_t i = 0; i < MEDIA_UNANSWERED_MAX; i++) {
		w->unanswered[i].tag = i;
		w->unanswered[i].next_free = (uint16_t)(i + 1);
	}
	w->unanswered[MEDIA_UNANSWERED_MAX - 1].next_free = NO_SLOT;
	return true;
}

void media_worker_clear(struct media_worker *w)
{
	struct waiting_cmd *c;

	while (w->waits > 0) {
		c = STAILQ_FIRST(&w->waiting);
		STAILQ_REMOVE_HEAD(&w->waiting, link);
		free(c);
		w->waits--;
	}
	free(w->unanswered);
	media_ports_clear(&w->ports);
	*w = (struct media_worker){ .unanswered = NULL };
}

// A slot's tags are its number plus a multiple of the table's size; never 0.
static struct unanswered *ask(struct media_worker *w, const struct dp_cmd *cmd)
{
	struct unanswered *u = &w->unanswered[w->first_free];

	w->first_free = u->next_free;
	u->tag += MEDIA_UNANSWERED_MAX;
	if (u->tag == 0) // slot 0, after 2^21 rounds
		u->tag += MEDIA_UNANSWERED_MAX;
	u->asked = true;
	u->kind = cmd->kind;
	u->flow = cmd->flow;
	return u;
}

static bool put(struct media_worker *w, const struct dp_cmd *cmd)
{
	uint32_t at;

	if (w->first_free == NO_SLOT || !lane_reserve(&w->down, &at))
		return false;
	w->cmds[at] = *cmd;
	w->cmds[at].tag = ask(w, cmd)->tag;
	lane_commit(&w->down);
	w->sent++;
	return true;
}

bool media_worker_send(struct media_worker *w, const struct dp_cmd *cmd)
{
	struct waiting_cmd *c;

	if (w->waits == 0 && put(w, cmd))
		return true;
	if (w->waits == MEDIA_WAITING_MAX)
		return false;
	c = malloc(sizeof(*c));
	if (c == NULL)
		return false;
	c->cmd = *cmd;
	STAILQ_INSERT_TAIL(&w->waiting, c, link);
	w->waits++;
	w->delayed++;
	return true;
}

void media_worker_flush(struct media_worker *w)
{
	struct waiting_cmd *c;

	while (w->waits > 0 && put(w, &STAILQ_FIRST(&w->waiting)->cmd)) {
		c = STAILQ_FIRST(&w->waiting);
		STAILQ_REMOVE_HEAD(&w->waiting, link);
		free(c);
		w->waits--;
	}
}

bool media_worker_hear(struct media_worker *w, struct dp_event *out)
{
	uint32_t at;

	if (!lane_peek(&w->up, &at))
		return false;
	*out = w->events[at];
	lane_release(&w->up);
	return true;
}

bool media_worker_answered(struct media_worker *w, uint32_t tag, struct unanswered *out)
{
	uint16_t slot = (uint16_t)(tag % MEDIA_UNANSWERED_MAX);
	struct unanswered *u = &w->unanswered[slot];

	if (!u->asked || u->tag != tag)
		return false;
	*out = *u;
	u->asked = false;
	u->next_free = w->first_free;
	w->first_free = slot;
	return true;
}

bool media_worker_broken(const struct media_worker *w)
{
	return w->down.broken || w->up.broken;
}
