// SPDX-License-Identifier: BSD-3-Clause
//
// Accounts once they are loaded: finding, sharing, freeing. Where they come from: provision.c.
#include "control/account/account.h"

#include "control/account/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void clear_flow(struct callflow_plan *flow)
{
	for (uint32_t i = 0; flow->step != NULL && i < flow->steps; i++) {
		free(flow->step[i].user);
		free(flow->step[i].uri);
	}
	free(flow->step);
	free(flow->name);
}

// What is missing because loading stopped half-way is NULL.
static void clear_account(struct account *a)
{
	for (uint32_t i = 0; a->user != NULL && i < a->users; i++) {
		free(a->user[i].name);
		free(a->user[i].display);
	}
	for (uint32_t i = 0; a->number != NULL && i < a->numbers; i++)
		free(a->number[i].number);
	for (uint32_t i = 0; a->lot != NULL && i < a->lots; i++) {
		free(a->lot[i].name);
		free(a->lot[i].music);
	}
	for (uint32_t i = 0; a->flow != NULL && i < a->flows; i++)
		clear_flow(&a->flow[i]);
	free(a->user);
	free(a->number);
	free(a->lot);
	free(a->flow);
	free(a->name);
	free(a->domain);
	free(a->music);
}

struct accounts *accounts_ref(struct accounts *a)
{
	assert(a->refs > 0);
	a->refs++;
	return a;
}

struct accounts *accounts_unref(struct accounts *a)
{
	if (a == NULL)
		return NULL;
	assert(a->refs > 0);
	if (--a->refs > 0)
		return NULL;
	for (uint32_t i = 0; i < a->count; i++)
		clear_account(&a->account[i]);
	free(a->account);
	accounts_index_free(a->index);
	free(a);
	return NULL;
}

// Domains are kept in lower case (RFC 3261 section 19.1.4).
const struct account *accounts_by_domain(const struct accounts *a, const char *domain)
{
	char lower[ACCOUNT_DOMAIN_MAX + 1];
	size_t len = strlen(domain);

	if (len > ACCOUNT_DOMAIN_MAX)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		lower[i] =
			(char)(domain[i] >= 'A' && domain[i] <= 'Z' ? domain[i] | 0x20 : domain[i]);

	const struct index_slot *s = index_find(&a->index->by_domain, lower);

	return s != NULL ? &a->account[s->account] : NULL;
}

const struct account *accounts_by_name(const struct accounts *a, const char *name)
{
	const struct index_slot *s = index_find(&a->index->by_name, name);

	return s != NULL ? &a->account[s->account] : NULL;
}

const struct account *accounts_by_number(
	const struct accounts *a, const char *number, const struct number **out)
{
	const struct index_slot *s = index_find(&a->index->by_number, number);

	if (s == NULL)
		return NULL;
	*out = &a->account[s->account].number[s->number];
	return &a->account[s->account];
}

static int name_order(const void *name, const void *user)
{
	return strcmp(name, ((const struct user *)user)->name);
}

const struct user *account_user(const struct account *a, const char *name)
{
	if (a->users == 0)
		return NULL;
	return bsearch(name, a->user, a->users, sizeof(*a->user), name_order);
}

const struct lot_plan *account_lot(const struct account *a, uint32_t slot)
{
	for (uint32_t i = 0; i < a->lots; i++)
		if (slot >= a->lot[i].first && slot <= a->lot[i].last)
			return &a->lot[i];
	return NULL;
}
