// SPDX-License-Identifier: BSD-3-Clause
//
// The accounts of the world (world.h says who is in them), and how they are looked up. No index:
// there are three.
#include "tests/support/world.h"

#include <string.h>

#define T(text)      \
	(char[])     \
	{            \
		text \
	}

static struct user users[] = { { .name = T("201") }, { .name = T("202") }, { .name = T("203") },
	{ .name = T("204") } };
static const struct user *first_user[] = { &users[0] };
static const struct user *both_users[] = { &users[0], &users[2] };
static const struct user *fourth_user[] = { &users[3] };
static const struct user *queue_users[] = { &users[1], &users[2] };
static struct step main_steps[] = {
	{ .kind = STEP_DIAL, .seconds = 20, .users = 1, .user = first_user },
	{ .kind = STEP_FORWARD, .seconds = 30, .uri = T("sip:voicemail@192.0.2.9:5070") },
};
static struct step queue_steps[] = {
	{ .kind = STEP_QUEUE, .seconds = 60, .users = 2, .user = queue_users },
	{ .kind = STEP_FORWARD, .seconds = 30, .uri = T("sip:reception@192.0.2.9:5070") },
};
static struct step twice_steps[] = {
	{ .kind = STEP_DIAL, .seconds = 20, .users = 1, .user = first_user },
	{ .kind = STEP_DIAL, .seconds = 20, .users = 2, .user = both_users },
};
static struct step fallback_steps[] = {
	{ .kind = STEP_FORWARD, .seconds = 30, .uri = T("sip:fallback@192.0.2.9:5070") },
};
static struct step desk_steps[] = {
	{ .kind = STEP_DIAL, .seconds = 20, .users = 1, .user = fourth_user },
	{ .kind = STEP_QUEUE, .seconds = 60, .users = 1, .user = fourth_user },
};
static struct callflow_plan flows[] = { { .name = T("main"), .steps = 2, .step = main_steps },
	{ .name = T("support"), .steps = 2, .step = queue_steps },
	{ .name = T("fallback"), .steps = 1, .step = fallback_steps },
	{ .name = T("desk"), .steps = 2, .step = desk_steps },
	{ .name = T("twice"), .steps = 2, .step = twice_steps } };
static struct number numbers[] = { { .number = T("100200"), .flow = &flows[0] },
	{ .number = T("100300"), .flow = &flows[1] }, { .number = T("100400"), .flow = &flows[3] },
	{ .number = T("100500"), .flow = &flows[4] } };
static struct lot_plan lot = { .name = T("front"), .first = 1, .last = 4, .timeout_s = 120 };
static struct account all[] = {
	{ .name = T("acme"),
		.domain = T("acme.example"),
		.parking = true,
		.park_code = "#0",
		.fallback = &flows[2],
		.users = 4,
		.user = users,
		.numbers = 4,
		.number = numbers,
		.lots = 1,
		.lot = &lot },
	{ .name = T("other"),
		.domain = T("other.example"),
		.parking = true,
		.park_code = "#0",
		.users = 1,
		.user = users,
		.lots = 1,
		.lot = &lot },
	{ .name = T("dark"),
		.domain = T("dark.example"),
		.users = 2,
		.user = users,
		.lots = 1,
		.lot = &lot },
};
struct accounts world_accounts = { .refs = 1, .count = 3, .account = all };

struct accounts *accounts_ref(struct accounts *a)
{
	a->refs++;
	return a;
}

struct accounts *accounts_unref(struct accounts *a)
{
	if (a != NULL)
		a->refs--;
	return NULL;
}

const struct account *accounts_by_domain(const struct accounts *a, const char *domain)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (strcmp(a->account[i].domain, domain) == 0)
			return &a->account[i];
	return NULL;
}

const struct account *accounts_by_name(const struct accounts *a, const char *name)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (strcmp(a->account[i].name, name) == 0)
			return &a->account[i];
	return NULL;
}

const struct account *accounts_by_number(
	const struct accounts *a, const char *number, const struct number **out)
{
	for (uint32_t i = 0; i < a->count; i++)
		for (uint32_t n = 0; n < a->account[i].numbers; n++)
			if (strcmp(a->account[i].number[n].number, number) == 0) {
				*out = &a->account[i].number[n];
				return &a->account[i];
			}
	return NULL;
}

const struct user *account_user(const struct account *a, const char *name)
{
	for (uint32_t i = 0; i < a->users; i++)
		if (strcmp(a->user[i].name, name) == 0)
			return &a->user[i];
	return NULL;
}

const struct lot_plan *account_lot(const struct account *a, uint32_t slot)
{
	for (uint32_t i = 0; i < a->lots; i++)
		if (slot >= a->lot[i].first && slot <= a->lot[i].last)
			return &a->lot[i];
	return NULL;
}
