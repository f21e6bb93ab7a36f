// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_worker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool worker_end_init(struct worker_end *end, const struct bridge_worker *b, uint32_t places)
{
	end->cmds = b->cmds;
	end->places = places;
	end->place = calloc(places, sizeof(*end->place));
	end->free_place = calloc(places, sizeof(*end->free_place));
	end->rest = calloc(places, sizeof(*end->rest));
	lane_writer_init(&end->down, b->down, BRIDGE_LANE_SIZE);
	lane_reader_init(&end->up, b->up, BRIDGE_LANE_SIZE);
	return end->place != NULL && end->free_place != NULL && end->rest != NULL;
}

void worker_end_clear(struct worker_end *end)
{
	free(end->place);
	free(end->free_place);
	free(end->rest);
	free(end->pending);
}

bool worker_send(struct worker_end *end, const struct dp_cmd *cmd)
{
	uint32_t at;

	if (end->answers.n == ASKED_MAX || !lane_reserve(&end->down, &at))
		return false;
	end->cmds[at] = *cmd;
	lane_commit(&end->down);
	end->asked[(end->answers.first + end->answers.n++) % ASKED_MAX] =
		(struct asked){ .tag = cmd->tag,
			.index = cmd->flow.index,
			.gen = cmd->flow.gen,
			.kind = (uint8_t)cmd->kind };
	return true;
}

void worker_put_off(struct worker_end *end, const struct dp_cmd *cmd)
{
	if (end->pending_first + end->pending_n == end->pending_size) {
		uint32_t size = (end->pending_n + 1) * 2 + 64;
		struct dp_cmd *grown = malloc(size * sizeof(*grown));

		assert(grown != NULL);
		if (end->pending_n > 0)
			memcpy(grown, end->pending + end->pending_first,
				end->pending_n * sizeof(*grown));
		free(end->pending);
		end->pending = grown;
		end->pending_size = size;
		end->pending_first = 0;
	}
	end->pending[end->pending_first + end->pending_n++] = *cmd;
}

bool worker_answered(struct worker_end *end, uint32_t tag, struct asked *out)
{
	*out = end->asked[end->answers.first];
	if (end->answers.n == 0 || out->tag != tag)
		return false;
	end->answers.first = (end->answers.first + 1) % ASKED_MAX;
	end->answers.n--;
	return true;
}

void worker_set_free(struct worker_end *end, uint32_t place)
{
	end->free_place[(end->free.first + end->free.n++) % end->places] = place;
}

void worker_set_resting(struct worker_end *end, uint32_t place, uint64_t until_ms)
{
	end->rest[(end->resting.first + end->resting.n++) % end->places] =
		(struct resting){ .place = place, .until_ms = until_ms };
}

static void wake_rested(struct worker_end *end, uint64_t now_ms)
{
	while (end->resting.n > 0 && end->rest[end->resting.first].until_ms <= now_ms) {
		worker_set_free(end, end->rest[end->resting.first].place);
		end->resting.first = (end->resting.first + 1) % end->places;
		end->resting.n--;
	}
}

void worker_shuffle(struct worker_end *end)
{
	for (uint32_t i = end->free.n; i > 1; i--) {
		uint32_t j = arc4random_uniform(i), place = end->free_place[i - 1];

		end->free_place[i - 1] = end->free_place[j];
		end->free_place[j] = place;
	}
}

struct place *worker_take(struct worker_end *end, uint64_t now_ms, uint32_t *index)
{
	struct place *p;

	wake_rested(end, now_ms);
	if (end->free.n == 0)
		return NULL;
	*index = end->free_place[end->free.first];
	end->free.first = (end->free.first + 1) % end->places;
	end->free.n--;
	p = &end->place[*index];
	if (++p->gen == 0)
		p->gen = 1;
	return p;
}
