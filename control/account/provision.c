// SPDX-License-Identifier: BSD-3-Clause
//
// A provisioning file, read whole: what its YAML looks like, and what must be unlike anything else
// in it. What must hold within an account: intake.c.
#include "control/account/index.h"
#include "control/account/intake.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 1024, // of what becomes no name: files, URIs
	ACCOUNTS_MAX = 1000000,
	USERS_MAX = 100000,
	LOTS_MAX = 100,
	FLOWS_MAX = 1000,
	STEPS_MAX = 32,
	RING_MAX = 64, // users of a step
};

// clang-format off
#define TEXT(key, optional, type, member, most) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (optional), struct type, member, 1, most)
#define LIST(key, optional, type, member, entry, least, most) \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | (optional), struct type, member, entry, least, most)

enum { NEEDED = 0, MAY = CYAML_FLAG_OPTIONAL };

static const cyaml_schema_value_t name_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, ACCOUNT_NAME_MAX)
};

static const cyaml_schema_field_t user_fields[] = {
	TEXT("name", NEEDED, raw_user, name, ACCOUNT_NAME_MAX),
	TEXT("password", MAY, raw_user, password, 128),
	TEXT("ha1", MAY, raw_user, ha1, 32),
	TEXT("display", MAY, raw_user, display, 128),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t user_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_user, user_fields)
};

static const cyaml_schema_field_t number_fields[] = {
	TEXT("number", NEEDED, raw_number, number, 32),
	TEXT("flow", NEEDED, raw_number, flow, ACCOUNT_NAME_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t number_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_number, number_fields)
};

static const cyaml_schema_field_t lot_fields[] = {
	TEXT("name", NEEDED, raw_lot, name, ACCOUNT_NAME_MAX),
	TEXT("slots", NEEDED, raw_lot, slots, 32),
	CYAML_FIELD_UINT_PTR("timeout", CYAML_FLAG_POINTER | MAY, struct raw_lot, timeout),
	TEXT("music", MAY, raw_lot, music, TEXT_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t lot_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_lot, lot_fields)
};

static const cyaml_schema_field_t step_fields[] = {
	LIST("dial", MAY, raw_step, dial, &name_schema, 1, RING_MAX),
	LIST("queue", MAY, raw_step, queue, &name_schema, 1, RING_MAX),
	TEXT("forward", MAY, raw_step, forward, TEXT_MAX),
	CYAML_FIELD_BOOL_PTR("hangup", CYAML_FLAG_POINTER | MAY, struct raw_step, hangup),
	CYAML_FIELD_UINT_PTR("seconds", CYAML_FLAG_POINTER | MAY, struct raw_step, seconds),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t step_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_step, step_fields)
};

static const cyaml_schema_field_t flow_fields[] = {
	TEXT("name", NEEDED, raw_flow, name, ACCOUNT_NAME_MAX),
	LIST("steps", NEEDED, raw_flow, step, &step_schema, 1, STEPS_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t flow_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_flow, flow_fields)
};

static const cyaml_schema_field_t parking_fields[] = {
	TEXT("code", MAY, raw_parking, code, 64),
	TEXT("fallback", MAY, raw_parking, fallback, ACCOUNT_NAME_MAX),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t account_fields[] = {
	TEXT("name", NEEDED, raw_account, name, ACCOUNT_NAME_MAX),
	TEXT("domain", NEEDED, raw_account, domain, ACCOUNT_DOMAIN_MAX),
	TEXT("music", MAY, raw_account, music, TEXT_MAX),
	TEXT("music-position", MAY, raw_account, music_position, ACCOUNT_NAME_MAX),
	CYAML_FIELD_MAPPING_PTR("parking", CYAML_FLAG_POINTER | MAY, struct raw_account, parking, parking_fields),
	LIST("lots", MAY, raw_account, lot, &lot_schema, 0, LOTS_MAX),
	LIST("users", MAY, raw_account, user, &user_schema, 0, USERS_MAX),
	LIST("numbers", MAY, raw_account, number, &number_schema, 0, USERS_MAX),
	LIST("flows", MAY, raw_account, flow, &flow_schema, 0, FLOWS_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t account_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_account, account_fields)
};

static const cyaml_schema_field_t accounts_fields[] = {
	LIST("accounts", NEEDED, raw_accounts, account, &account_schema, 0, ACCOUNTS_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t accounts_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_accounts, accounts_fields)
};
// clang-format on

const char *intake_at(struct intake *in, const char *fmt, ...)
{
	int n = snprintf(in->node, sizeof(in->node), "accounts[%u]", in->account);
	va_list args;

	va_start(args, fmt);
	vsnprintf(in->node + n, sizeof(in->node) - (size_t)n, fmt, args);
	va_end(args);
	return in->node;
}

bool intake_no_memory(struct intake *in)
{
	snprintf(in->error, in->error_size, "no memory for so many accounts");
	return false;
}

bool intake_copy(struct intake *in, char **out, const char *text)
{
	*out = strdup(text);
	return *out != NULL || intake_no_memory(in);
}

// Puts the account's names where no other account's may be.
static bool enlist(struct intake *in, struct accounts *all)
{
	struct account *a = &all->account[in->account];

	if (!index_put(&all->index->by_name, a->name, in->account, 0))
		return INTAKE_REFUSE(
			in, intake_at(in, ".name"), "there is an account %s already", a->name);
	if (!index_put(&all->index->by_domain, a->domain, in->account, 0))
		return INTAKE_REFUSE(in, intake_at(in, ".domain"),
			"domain %s is another account's already", a->domain);
	for (uint32_t i = 0; i < a->numbers; i++)
		if (!index_put(&all->index->by_number, a->number[i].number, in->account, i))
			return INTAKE_REFUSE(in, intake_at(in, ".numbers[%u].number", i),
				"number %s is in use already", a->number[i].number);
	return true;
}

static bool take_all(struct intake *in, const struct raw_accounts *raw, struct accounts *all)
{
	uint32_t numbers = 0;

	for (uint32_t i = 0; i < raw->account_count; i++)
		numbers += raw->account[i].number_count;
	all->account = calloc(raw->account_count + 1, sizeof(*all->account));
	all->index = accounts_index_new(raw->account_count, numbers);
	if (all->account == NULL || all->index == NULL)
		return intake_no_memory(in);
	for (uint32_t i = 0; i < raw->account_count; i++) {
		in->account = all->count++;
		if (!intake_account(in, &raw->account[i], &all->account[i]) || !enlist(in, all))
			return false;
	}
	return true;
}

struct accounts *accounts_load(const char *path, char *error, uint32_t error_size)
{
	void *raw = NULL;
	struct yaml_file *file = yaml_open(path, &accounts_schema, &raw, error, error_size);
	struct intake in = { .file = file, .error = error, .error_size = error_size };
	struct accounts *all;

	if (file == NULL)
		return NULL;
	all = calloc(1, sizeof(*all));
	if (all == NULL)
		goto refused;
	all->refs = 1;
	if (!take_all(&in, raw, all))
		goto refused;
	yaml_close(file);
	return all;

refused:
	if (all == NULL)
		snprintf(error, error_size, "%s: no memory", path);
	yaml_close(file);
	return accounts_unref(all);
}
