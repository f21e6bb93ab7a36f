// SPDX-License-Identifier: BSD-3-Clause
//
// Open addressing. The keys are the operator's and bounded by his file; strangers only look up.
#include "control/account/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// FNV-1a.
static uint32_t hash(const char *key)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3;
	return (uint32_t)(h ^ h >> 32);
}

static bool make(struct index *ix, uint32_t keys)
{
	uint32_t size = 2;

	assert(keys < UINT32_MAX / 4);
	while (size < 2 * keys)
		size *= 2;
	ix->mask = size - 1;
	ix->slot = calloc(size, sizeof(*ix->slot));
	return ix->slot != NULL;
}

struct accounts_index *accounts_index_new(uint32_t accounts, uint32_t numbers)
{
	struct accounts_index *ix = calloc(1, sizeof(*ix));

	if (ix == NULL || !make(&ix->by_name, accounts) || !make(&ix->by_domain, accounts) ||
		!make(&ix->by_number, numbers))
		return accounts_index_free(ix);
	return ix;
}

struct accounts_index *accounts_index_free(struct accounts_index *ix)
{
	if (ix == NULL)
		return NULL;
	free(ix->by_name.slot);
	free(ix->by_domain.slot);
	free(ix->by_number.slot);
	free(ix);
	return NULL;
}

// The key's slot, or the free one where it belongs.
static uint32_t probe(const struct index *ix, const char *key)
{
	uint32_t at = hash(key) & ix->mask;

	while (ix->slot[at].key != NULL && strcmp(ix->slot[at].key, key) != 0)
		at = (at + 1) & ix->mask;
	return at;
}

bool index_put(struct index *ix, const char *key, uint32_t account, uint32_t number)
{
	struct index_slot *s = &ix->slot[probe(ix, key)];

	if (s->key != NULL)
		return false;
	*s = (struct index_slot){ .key = key, .account = account, .number = number };
	return true;
}

const struct index_slot *index_find(const struct index *ix, const char *key)
{
	const struct index_slot *s = &ix->slot[probe(ix, key)];

	return s->key != NULL ? s : NULL;
}
