// SPDX-License-Identifier: BSD-3-Clause
//
// A hash table of things that carry their own link, found by a keyed hash (hash.h). Its size is
// set at birth: what it may hold is bounded by whoever fills it.
#pragma once

#include "control/sip/hash.h"

#include <stdint.h>

struct entry {
	struct entry *next;
	struct entry **prev; // NULL while in no table
	struct key key;
};

struct table {
	struct entry **slot;
	uint32_t mask;
	uint32_t count;
};

// Room for about `expected` entries at one to a slot. Returns 0 or -ENOMEM.
[[nodiscard]] int table_init(struct table *t, uint32_t expected);
void table_free(struct table *t); // the entries are not freed
void table_put(struct table *t, struct entry *e, struct key key);
void table_drop(struct table *t, struct entry *e); // harmless when it is in none
struct entry *table_find(const struct table *t, struct key key);
struct entry *table_any(const struct table *t); // one of them, or NULL: to empty it
