// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/digits.h"

#include <assert.h>
#include <string.h>

void digits_init(struct digits *d, const char *code, uint32_t gap_ms)
{
	static const char names[] = "0123456789*#ABCD";
	size_t len = strlen(code);

	assert(len >= 1 && len <= DIGITS_CODE_MAX);
	*d = (struct digits){ .code_len = (uint8_t)len, .gap_ms = gap_ms };
	for (size_t i = 0; i < len; i++) {
		const char *at = strchr(names, code[i]);

		assert(at != NULL);
		d->code[i] = (uint8_t)(at - names);
	}
}

bool digits_same_code(const struct digits *a, const struct digits *b)
{
	return a->code_len == b->code_len && memcmp(a->code, b->code, a->code_len) == 0;
}

uint16_t digits_watch_mask(const struct digits *d)
{
	return (uint16_t)(1U << d->code[0]);
}

uint64_t digits_deadline(const struct digits *d)
{
	return d->deadline_ms;
}

static void give(struct digits_list *out, uint8_t digit, uint16_t ms)
{
	assert(out->n < DIGITS_LIST_MAX);
	out->digit[out->n] = digit;
	out->ms[out->n++] = ms;
}

// Gives back the oldest until the rest is the beginning of the code again.
static void settle(struct digits *d, struct digits_list *out)
{
	while (d->held_len > 0 && memcmp(d->held, d->code, d->held_len) != 0) {
		give(out, d->held[0], d->held_ms[0]);
		d->held_len--;
		memmove(d->held, d->held + 1, d->held_len);
		memmove(d->held_ms, d->held_ms + 1, d->held_len * sizeof(d->held_ms[0]));
	}
}

enum digits_outcome digits_press(struct digits *d, uint8_t digit, uint16_t ms, bool withheld,
	uint64_t now_ms, struct digits_list *out)
{
	out->n = 0;
	if (!withheld)
		return DIGITS_PASS;
	d->held[d->held_len] = digit;
	d->held_ms[d->held_len++] = ms;
	settle(d, out);
	d->deadline_ms = 0;
	if (d->held_len == 0)
		return DIGITS_GIVE_BACK;
	if (d->held_len < d->code_len) {
		d->deadline_ms = now_ms + d->gap_ms;
		return DIGITS_WAIT;
	}
	d->held_len = 0;
	return DIGITS_MATCH;
}

void digits_expire(struct digits *d, uint64_t now_ms, struct digits_list *out)
{
	out->n = 0;
	if (d->deadline_ms == 0 || now_ms < d->deadline_ms)
		return;
	for (uint8_t i = 0; i < d->held_len; i++)
		give(out, d->held[i], d->held_ms[i]);
	d->held_len = 0;
	d->deadline_ms = 0;
}
