// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/digest_nonce.h"

#include "control/sip/digest.h"
#include "control/sip/hash.h"

#include <inttypes.h>
#include <stdio.h>

// A number is the millisecond of its birth and a serial number within it, so that no two are the
// same and the later one is the higher. More in a millisecond than fit run ahead of the time.
enum { SERIAL_BITS = 16, NUMBER_TEXT = 16 };

// The seed makes other keys too: the label keeps these apart from them.
static struct key prove(const struct nonces *n, uint64_t number, const struct address *from)
{
	const struct span parts[] = {
		span_of("nonce"),
		{ (const char *)&number, sizeof(number) },
		{ (const char *)from->ip, sizeof(from->ip) },
		{ (const char *)&from->port, sizeof(from->port) },
	};

	return key_of(n->seed, parts, sizeof(parts) / sizeof(parts[0]));
}

static void write_nonce(char out[NONCE_TEXT + 1], const struct nonces *n, uint64_t number,
	const struct address *from)
{
	struct key proof = prove(n, number, from);

	snprintf(out, NONCE_TEXT + 1, "%016" PRIx64 "%016" PRIx64 "%016" PRIx64, number, proof.a,
		proof.b);
}

void nonce_issue(
	struct nonces *n, char out[NONCE_TEXT + 1], const struct address *from, uint64_t now_ms)
{
	uint64_t now = now_ms << SERIAL_BITS;

	n->last = now > n->last ? now : n->last + 1;
	write_nonce(out, n, n->last, from);
}

static uint64_t value_of(char c)
{
	if (c >= '0' && c <= '9')
		return (uint64_t)(c - '0');
	return c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10 : 0;
}

static uint64_t number_of(const char *text)
{
	uint64_t number = 0;

	for (int i = 0; i < NUMBER_TEXT; i++) {
		// What is no digit makes a number that is written otherwise: not ours.
		number = number << 4 | value_of(text[i]);
	}
	return number;
}

// Whether it is ours, for this source. Looks at all of it whatever it finds, so that the time
// taken does not tell how much of a forgery is right.
static bool is_ours(
	const struct nonces *n, uint64_t number, struct span text, const struct address *from)
{
	char right[NONCE_TEXT + 1];
	unsigned char wrong = 0;

	write_nonce(right, n, number, from);
	for (int i = 0; i < NONCE_TEXT; i++)
		wrong |= (unsigned char)(right[i] ^ text.at[i]);
	return wrong == 0;
}

static bool is_old(uint64_t number, uint64_t now_ms)
{
	return (number >> SERIAL_BITS) + DIGEST_NONCE_MS < now_ms;
}

static struct nonce_record *find(struct nonce_set *set, uint64_t number)
{
	for (int i = 0; i < NONCE_WAYS; i++)
		if (set->way[i].number == number)
			return &set->way[i];
	return NULL;
}

// Room for one more: a free record, or the oldest.
static struct nonce_record *make_room(struct nonce_set *set, uint64_t now_ms)
{
	struct nonce_record *oldest = &set->way[0];

	for (int i = 1; i < NONCE_WAYS; i++)
		if (set->way[i].number < oldest->number)
			oldest = &set->way[i];
	if (!is_old(oldest->number, now_ms) && oldest->number > set->forgotten)
		set->forgotten = oldest->number;
	return oldest;
}

bool nonce_use(struct nonces *n, struct span text, const struct address *from, uint32_t nc,
	uint64_t now_ms)
{
	if (text.len != NONCE_TEXT || nc == 0)
		return false;

	uint64_t number = number_of(text.at);
	struct nonce_set *set = &n->set[prove(n, number, from).a % NONCE_SETS];
	struct nonce_record *record;

	if (!is_ours(n, number, text, from) || is_old(number, now_ms))
		return false;
	record = find(set, number);
	if (record != NULL && nc <= record->nc)
		return false;
	if (record == NULL && number <= set->forgotten)
		return false;
	if (record == NULL)
		record = make_room(set, now_ms);
	*record = (struct nonce_record){ .number = number, .nc = nc };
	return true;
}
