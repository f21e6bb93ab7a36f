// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/random.h"

static uint64_t turn_left(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

static void round_once(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turn_left(v[1], 13) ^ v[0];
	v[3] = turn_left(v[3], 16) ^ v[2];
	v[0] = turn_left(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = turn_left(v[1], 17) ^ v[2];
	v[3] = turn_left(v[3], 21) ^ v[0];
	v[2] = turn_left(v[2], 32);
}

static void take_in(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	round_once(v);
	round_once(v);
	v[0] ^= word;
}

uint64_t random_hash(const uint64_t key[2], uint64_t number)
{
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};

	take_in(v, number);
	take_in(v, UINT64_C(8) << 56); // the length of what was hashed
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		round_once(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t random_draw(struct random *r)
{
	return random_hash(r->key, r->drawn++);
}
