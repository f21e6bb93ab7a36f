// SPDX-License-Identifier: BSD-3-Clause
//
// One account out of a provisioning file: its names, users, numbers, lots and parking. Its call
// flows: intake_flow.c.
#include "control/account/intake.h"

#include "control/sip/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HA1_LEN = 32,
	SLOT_MAX = 999999,
	LOT_SLOTS_MAX = 10000,
	TIMEOUT_DEFAULT_S = 120,
	TIMEOUT_MIN_S = 10,
	TIMEOUT_MAX_S = 86400,
	NUMBER_DIGITS_MAX = 20,
};

static const char code_default[] = "#0";
static const struct {
	const char *name;
	uint32_t first, last;
} lot_default = { "default", 1, 4 };

static bool is_of(const char *text, const char *chars)
{
	return text[strspn(text, chars)] == '\0';
}

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

bool intake_is_name(const char *text)
{
	return is_of(text, DIGITS LETTERS "-_.+");
}

// --- users

static bool is_ha1(const char *text)
{
	return strlen(text) == HA1_LEN && is_of(text, DIGITS "abcdefABCDEF");
}

static bool take_secret(struct intake *in, uint32_t i, const struct raw_user *raw,
	const struct account *a, struct user *out)
{
	if ((raw->password == NULL) == (raw->ha1 == NULL))
		return INTAKE_REFUSE(in, intake_at(in, ".users[%u]", i),
			"user %s needs either a password or an ha1", raw->name);
	if (raw->password != NULL) {
		digest_ha1(raw->name, a->domain, raw->password, out->ha1);
		return true;
	}
	if (!is_ha1(raw->ha1))
		return INTAKE_REFUSE(in, intake_at(in, ".users[%u].ha1", i),
			"an ha1 is 32 hexadecimal digits: MD5(name:domain:password)");
	for (int k = 0; k < HA1_LEN; k++) // to lower case; harmless to a digit
		out->ha1[k] = (char)(raw->ha1[k] | 0x20);
	out->ha1[HA1_LEN] = '\0';
	return true;
}

static bool take_user(struct intake *in, uint32_t i, const struct raw_user *raw,
	const struct account *a, struct user *out)
{
	if (!intake_is_name(raw->name))
		return INTAKE_REFUSE(in, intake_at(in, ".users[%u].name", i),
			"a user's name has letters, digits and - _ . + only");
	if (raw->display != NULL && strpbrk(raw->display, "\r\n\"\\") != NULL)
		return INTAKE_REFUSE(in, intake_at(in, ".users[%u].display", i),
			"a display name has neither line ends nor \" nor \\");
	return intake_copy(in, &out->name, raw->name) &&
	       intake_copy(in, &out->display, raw->display != NULL ? raw->display : "") &&
	       take_secret(in, i, raw, a, out);
}

static int user_order(const void *a, const void *b)
{
	return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

// The place in the file of the second user with this name.
static uint32_t second_user(const struct raw_account *raw, const char *name)
{
	uint32_t i = 0;

	for (int seen = 0; i < raw->user_count; i++)
		if (strcmp(raw->user[i].name, name) == 0 && ++seen == 2)
			break;
	return i;
}

static bool take_users(struct intake *in, const struct raw_account *raw, struct account *out)
{
	out->user = calloc(raw->user_count + 1, sizeof(*out->user));
	if (out->user == NULL)
		return intake_no_memory(in);
	for (uint32_t i = 0; i < raw->user_count; i++) {
		out->users++;
		if (!take_user(in, i, &raw->user[i], out, &out->user[i]))
			return false;
	}
	qsort(out->user, out->users, sizeof(*out->user), user_order);
	for (uint32_t i = 1; i < out->users; i++) {
		const char *name = out->user[i].name;

		if (strcmp(out->user[i - 1].name, name) == 0)
			return INTAKE_REFUSE(in,
				intake_at(in, ".users[%u].name", second_user(raw, name)),
				"there is a user %s already", name);
	}
	return true;
}

// --- numbers

static bool is_number(const char *text)
{
	size_t len = strlen(text += text[0] == '+');

	return len > 0 && len <= NUMBER_DIGITS_MAX && is_of(text, DIGITS);
}

static bool take_numbers(struct intake *in, const struct raw_account *raw, struct account *out)
{
	out->number = calloc(raw->number_count + 1, sizeof(*out->number));
	if (out->number == NULL)
		return intake_no_memory(in);
	for (uint32_t i = 0; i < raw->number_count; i++) {
		const struct raw_number *from = &raw->number[i];
		struct number *to = &out->number[out->numbers++];

		if (!is_number(from->number))
			return INTAKE_REFUSE(in, intake_at(in, ".numbers[%u].number", i),
				"a number is at most %d digits, with or without a + before them",
				NUMBER_DIGITS_MAX);
		to->flow = intake_flow(out, from->flow);
		if (to->flow == NULL)
			return INTAKE_REFUSE(in, intake_at(in, ".numbers[%u].flow", i),
				"there is no call flow %s", from->flow);
		if (!intake_copy(in, &to->number, from->number))
			return false;
	}
	return true;
}

// --- lots

// "1-4", or "7" for a single one.
static bool read_slots(const char *text, uint32_t *first, uint32_t *last)
{
	char *end;

	if (!is_of(text, DIGITS "-") || text[0] == '-')
		return false;
	unsigned long a = strtoul(text, &end, 10), b = a;

	if (*end == '-' && end[1] != '\0' && end[1] != '-')
		b = strtoul(end + 1, &end, 10);
	if (*end != '\0' || a == 0 || b < a || b > SLOT_MAX || b - a >= LOT_SLOTS_MAX)
		return false;
	*first = (uint32_t)a;
	*last = (uint32_t)b;
	return true;
}

static bool take_timeout(struct intake *in, uint32_t i, const struct raw_lot *raw, uint32_t *out)
{
	uint32_t s = raw->timeout != NULL ? *raw->timeout : TIMEOUT_DEFAULT_S;

	if (s != 0 && (s < TIMEOUT_MIN_S || s > TIMEOUT_MAX_S))
		return INTAKE_REFUSE(in, intake_at(in, ".lots[%u].timeout", i),
			"a timeout is %d-%d seconds, or 0 for never", TIMEOUT_MIN_S, TIMEOUT_MAX_S);
	*out = s;
	return true;
}

// A slot that is dialled like a user could never be reached.
static const struct user *user_in_slots(const struct account *a, const struct lot_plan *lot)
{
	for (uint32_t i = 0; i < a->users; i++) {
		const char *name = a->user[i].name;

		if (name[0] == '0' || strlen(name) > 6 || !is_of(name, DIGITS))
			continue;
		unsigned long n = strtoul(name, NULL, 10);

		if (n >= lot->first && n <= lot->last)
			return &a->user[i];
	}
	return NULL;
}

// Against the lots before it and the users.
static bool lot_is_alone(
	struct intake *in, uint32_t i, const struct account *a, const struct lot_plan *lot)
{
	const struct user *user = user_in_slots(a, lot);

	for (uint32_t k = 0; k < i; k++) {
		const struct lot_plan *other = &a->lot[k];

		if (strcmp(other->name, lot->name) == 0)
			return INTAKE_REFUSE(in, intake_at(in, ".lots[%u].name", i),
				"there is a lot %s already", lot->name);
		if (lot->first <= other->last && other->first <= lot->last)
			return INTAKE_REFUSE(in, intake_at(in, ".lots[%u].slots", i),
				"slots %u-%u overlap those of lot %s", lot->first, lot->last,
				other->name);
	}
	if (user != NULL)
		return INTAKE_REFUSE(in, intake_at(in, ".lots[%u].slots", i),
			"slot %s of lot %s is also a user's name", user->name, lot->name);
	return true;
}

static bool take_lot(struct intake *in, uint32_t i, const struct raw_lot *raw, struct account *out)
{
	struct lot_plan *lot = &out->lot[out->lots++];

	if (!intake_is_name(raw->name))
		return INTAKE_REFUSE(in, intake_at(in, ".lots[%u].name", i),
			"a lot's name has letters, digits and - _ . + only");
	if (!read_slots(raw->slots, &lot->first, &lot->last))
		return INTAKE_REFUSE(in, intake_at(in, ".lots[%u].slots", i),
			"slots are a range like 1-4, within 1-%d, at most %d of them", SLOT_MAX,
			LOT_SLOTS_MAX);
	return intake_copy(in, &lot->name, raw->name) &&
	       (raw->music == NULL || intake_copy(in, &lot->music, raw->music)) &&
	       take_timeout(in, i, raw, &lot->timeout_s) && lot_is_alone(in, i, out, lot);
}

// Parking without a word about lots: one lot.
static bool make_default_lot(struct intake *in, struct account *out)
{
	struct lot_plan *lot = &out->lot[out->lots++];

	lot->first = lot_default.first;
	lot->last = lot_default.last;
	lot->timeout_s = TIMEOUT_DEFAULT_S;
	if (!intake_copy(in, &lot->name, lot_default.name))
		return false;

	const struct user *user = user_in_slots(out, lot);

	return user == NULL ||
	       INTAKE_REFUSE(in, intake_at(in, ".parking"),
		       "user %s is also a slot of the default lot, %u-%u: give lots of your own",
		       user->name, lot->first, lot->last);
}

static bool take_lots(struct intake *in, const struct raw_account *raw, struct account *out)
{
	out->lot = calloc(raw->lot_count + 1, sizeof(*out->lot));
	if (out->lot == NULL)
		return intake_no_memory(in);
	for (uint32_t i = 0; i < raw->lot_count; i++)
		if (!take_lot(in, i, &raw->lot[i], out))
			return false;
	return out->lots > 0 || !out->parking || make_default_lot(in, out);
}

// --- parking

static bool take_parking(struct intake *in, const struct raw_account *raw, struct account *out)
{
	const struct raw_parking *parking = raw->parking;

	out->parking = parking != NULL;
	if (!out->parking)
		return true;

	const char *code = parking->code != NULL ? parking->code : code_default;

	if (strlen(code) >= sizeof(out->park_code) || !is_of(code, DIGITS "*#"))
		return INTAKE_REFUSE(in, intake_at(in, ".parking.code"),
			"a code is 1-%zu of 0-9 * #", sizeof(out->park_code) - 1);
	memcpy(out->park_code, code, strlen(code) + 1);
	if (parking->fallback != NULL) {
		out->fallback = intake_flow(out, parking->fallback);
		if (out->fallback == NULL)
			return INTAKE_REFUSE(in, intake_at(in, ".parking.fallback"),
				"there is no call flow %s", parking->fallback);
	}
	return true;
}

// --- the account

static bool take_music(struct intake *in, const struct raw_account *raw, struct account *out)
{
	const char *position = raw->music_position;

	out->music_shared = position != NULL && strcmp(position, "shared") == 0;
	if (position != NULL && !out->music_shared && strcmp(position, "own") != 0)
		return INTAKE_REFUSE(in, intake_at(in, ".music-position"),
			"music-position is own (each caller hears it from its beginning) or "
			"shared (all are at one place of it)");
	return raw->music == NULL || intake_copy(in, &out->music, raw->music);
}

static bool take_names(struct intake *in, const struct raw_account *raw, struct account *out)
{
	if (!intake_is_name(raw->name))
		return INTAKE_REFUSE(in, intake_at(in, ".name"),
			"an account's name has letters, digits and - _ . + only");
	if (!is_of(raw->domain, DIGITS LETTERS "-."))
		return INTAKE_REFUSE(in, intake_at(in, ".domain"),
			"a domain is a host name: letters, digits, - and .");
	if (!intake_copy(in, &out->name, raw->name) || !intake_copy(in, &out->domain, raw->domain))
		return false;
	for (char *c = out->domain; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	return take_music(in, raw, out);
}

bool intake_account(struct intake *in, const struct raw_account *raw, struct account *out)
{
	return take_names(in, raw, out) && take_users(in, raw, out) && intake_flows(in, raw, out) &&
	       take_numbers(in, raw, out) && take_parking(in, raw, out) && take_lots(in, raw, out);
}
