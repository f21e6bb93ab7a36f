// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { SLOTS_MIN = 64, SLOTS_MAX = 1 << 20 };

int table_init(struct table *t, uint32_t expected)
{
	uint32_t slots = SLOTS_MIN;

	while (slots < expected && slots < SLOTS_MAX)
		slots *= 2;
	*t = (struct table){ .slot = calloc(slots, sizeof(struct entry *)), .mask = slots - 1 };
	return t->slot == NULL ? -ENOMEM : 0;
}

void table_free(struct table *t)
{
	free(t->slot);
	t->slot = NULL;
}

static struct entry **head(const struct table *t, struct key key)
{
	return &t->slot[key.a & t->mask];
}

void table_put(struct table *t, struct entry *e, struct key key)
{
	struct entry **at = head(t, key);

	assert(e->prev == NULL);
	e->key = key;
	e->next = *at;
	e->prev = at;
	if (e->next != NULL)
		e->next->prev = &e->next;
	*at = e;
	t->count++;
}

void table_drop(struct table *t, struct entry *e)
{
	if (e->prev == NULL)
		return;
	*e->prev = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	e->next = NULL;
	e->prev = NULL;
	t->count--;
}

struct entry *table_find(const struct table *t, struct key key)
{
	for (struct entry *e = *head(t, key); e != NULL; e = e->next) {
		if (key_same(e->key, key))
			return e;
	}
	return NULL;
}

struct entry *table_any(const struct table *t)
{
	for (uint32_t i = 0; t->count > 0 && i <= t->mask; i++) {
		if (t->slot[i] != NULL)
			return t->slot[i];
	}
	return NULL;
}
