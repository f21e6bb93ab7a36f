// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/hash.h"

struct sipround {
	uint64_t v0, v1, v2, v3;
	uint64_t word; // bytes that wait for a full word
	size_t total;
};

static uint64_t rotl(uint64_t x, int b)
{
	return (x << b) | (x >> (64 - b));
}

static void rounds(struct sipround *s, int n)
{
	for (int i = 0; i < n; i++) {
		s->v0 += s->v1;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static void absorb(struct sipround *s, uint64_t word)
{
	s->v3 ^= word;
	rounds(s, 2);
	s->v0 ^= word;
}

static void feed(struct sipround *s, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		s->word |= (uint64_t)p[i] << (8 * (s->total % 8));
		s->total++;
		if (s->total % 8 == 0) {
			absorb(s, s->word);
			s->word = 0;
		}
	}
}

static struct sipround start(const uint64_t seed[2])
{
	return (struct sipround){
		.v0 = seed[0] ^ 0x736f6d6570736575U,
		.v1 = seed[1] ^ 0x646f72616e646f6dU ^ 0xee, // 0xee: the 128-bit variant
		.v2 = seed[0] ^ 0x6c7967656e657261U,
		.v3 = seed[1] ^ 0x7465646279746573U,
	};
}

static struct key end(struct sipround *s)
{
	struct key out;

	absorb(s, s->word | (uint64_t)(s->total & 0xff) << 56);
	s->v2 ^= 0xee;
	rounds(s, 4);
	out.a = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
	s->v1 ^= 0xdd;
	rounds(s, 4);
	out.b = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
	return out;
}

struct key key_of(const uint64_t seed[2], const struct span *parts, size_t n)
{
	struct sipround s = start(seed);

	for (size_t i = 0; i < n; i++) {
		uint32_t len = (uint32_t)parts[i].len;

		feed(&s, &len, sizeof(len));
		feed(&s, parts[i].at, parts[i].len);
	}
	return end(&s);
}

uint64_t chance_word(struct chance *c)
{
	struct sipround s = start(c->seed);

	c->drawn++;
	feed(&s, &c->drawn, sizeof(c->drawn));
	return end(&s).a;
}

uint32_t chance_below(struct chance *c, uint32_t most)
{
	return most == 0 ? 0 : (uint32_t)(chance_word(c) % most);
}

void token_text(char out[TOKEN_TEXT], uint64_t word)
{
	for (int i = 0; i < TOKEN_TEXT - 1; i++) {
		out[i] = "abcdefghijkmnpqrstuvwxyz23456789"[word & 31];
		word >>= 5;
	}
	out[TOKEN_TEXT - 1] = '\0';
}
