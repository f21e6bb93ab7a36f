// SPDX-License-Identifier: BSD-3-Clause
#include "control/park/lot.h"

#include "control/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void lot_free(struct lot *lot)
{
	for (uint32_t i = 0; i <= lot->last - lot->first; i++)
		clock_disarm(lot->tenant->x->plan.clock, &lot->slot[i].timer);
	TAILQ_REMOVE(&lot->tenant->lots, lot, link);
	media_track_release(lot->tenant->x->plan.media, lot->music);
	free(lot->slot);
	free(lot->name);
	free(lot);
}

static struct lot *lot_new(struct tenant *t, const struct lot_plan *plan)
{
	uint32_t slots = plan->last - plan->first + 1;
	struct lot *lot = calloc(1, sizeof(*lot));

	if (lot == NULL)
		return NULL;
	lot->slot = calloc(slots, sizeof(*lot->slot));
	lot->name = strdup(plan->name);
	if (lot->slot == NULL || lot->name == NULL) {
		free(lot->slot);
		free(lot->name);
		free(lot);
		return NULL;
	}
	lot->tenant = t;
	lot->first = plan->first;
	lot->last = plan->last;
	for (uint32_t i = 0; i < slots; i++)
		slot_init(&lot->slot[i], lot, plan->first + i);
	TAILQ_INSERT_TAIL(&t->lots, lot, link);
	return lot;
}

static struct lot *lot_find(struct tenant *t, const struct lot_plan *plan)
{
	struct lot *lot;

	TAILQ_FOREACH(lot, &t->lots, link)
		if (lot->first == plan->first && lot->last == plan->last &&
			strcmp(lot->name, plan->name) == 0)
			return lot;
	return NULL;
}

static void lot_adopt(struct tenant *t, const struct lot_plan *plan)
{
	struct media *media = t->x->plan.media;
	struct lot *lot = lot_find(t, plan);
	uint64_t before;
	char error[256];

	if (lot == NULL)
		lot = lot_new(t, plan);
	if (lot == NULL) {
		log_error("account %s: no memory for lot %s", t->name, plan->name);
		return;
	}
	lot->closed = false;
	lot->timeout_s = plan->timeout_s;
	before = lot->music;
	lot->music = 0;
	if (plan->music != NULL) {
		lot->music = media_track(media, plan->music, error, sizeof(error));
		if (lot->music == 0)
			log_warning("account %s, lot %s: %s; the account's music plays", t->name,
				lot->name, error);
	}
	media_track_release(media, before);
	// In the order of the plan: the first lot takes the parks.
	TAILQ_REMOVE(&t->lots, lot, link);
	TAILQ_INSERT_TAIL(&t->lots, lot, link);
}

void lots_update(struct tenant *t)
{
	struct lot *lot, *next;

	TAILQ_FOREACH(lot, &t->lots, link)
		lot->closed = true;
	for (uint32_t i = 0; i < t->plan->lots; i++)
		lot_adopt(t, &t->plan->lot[i]);
	for (lot = TAILQ_FIRST(&t->lots); lot != NULL; lot = next) {
		next = TAILQ_NEXT(lot, link);
		if (lot->closed && lot->taken == 0)
			lot_free(lot);
	}
}

void lots_free(struct tenant *t)
{
	struct lot *lot = TAILQ_FIRST(&t->lots);

	while (lot != NULL) {
		struct lot *next = TAILQ_NEXT(lot, link);

		lot_free(lot);
		lot = next;
	}
}

static bool taken_elsewhere(const struct tenant *t, const struct lot *but, uint32_t number)
{
	const struct lot *lot;

	TAILQ_FOREACH(lot, &t->lots, link)
		if (lot != but && lot->closed && number >= lot->first && number <= lot->last &&
			lot->slot[number - lot->first].state != PARK_FREE)
			return true;
	return false;
}

static const struct lot *parking_lot(const struct tenant *t)
{
	const struct lot *lot;

	TAILQ_FOREACH(lot, &t->lots, link)
		if (!lot->closed)
			return lot;
	return NULL;
}

struct slot *lots_lowest_free(const struct tenant *t)
{
	const struct lot *lot = parking_lot(t);

	if (lot == NULL || lot->taken > lot->last - lot->first)
		return NULL;
	for (uint32_t i = 0; i <= lot->last - lot->first; i++)
		if (lot->slot[i].state == PARK_FREE && !taken_elsewhere(t, lot, lot->first + i))
			return &lot->slot[i];
	return NULL;
}

struct slot *lots_slot(const struct tenant *t, uint32_t number)
{
	const struct lot *lot;
	struct slot *found = NULL;

	TAILQ_FOREACH(lot, &t->lots, link) {
		if (number < lot->first || number > lot->last)
			continue;
		struct slot *s = &lot->slot[number - lot->first];
		if (s->state != PARK_FREE)
			return s;
		if (!lot->closed)
			found = s;
	}
	return found;
}

uint64_t slot_music(const struct slot *s)
{
	return s->lot->music != 0 ? s->lot->music : call_music(s->call);
}
