// SPDX-License-Identifier: BSD-3-Clause
//
// From a text to an account, and to a number of it. Filled while a file is loaded, then only
// read. Keys stay the property of whoever put them in, and must stay where they are.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct index_slot {
	const char *key; // NULL: free
	uint32_t account;
	uint32_t number; // of the account's numbers, in the index of numbers
};

// Open addressing, at most half full.
struct index {
	struct index_slot *slot;
	uint32_t mask;
};

struct accounts_index {
	struct index by_name, by_domain, by_number;
};

[[nodiscard]] struct accounts_index *accounts_index_new(uint32_t accounts, uint32_t numbers);
struct accounts_index *accounts_index_free(struct accounts_index *ix); // returns NULL

// False: the key is there already.
[[nodiscard]] bool index_put(struct index *ix, const char *key, uint32_t account, uint32_t number);
const struct index_slot *index_find(const struct index *ix, const char *key);
