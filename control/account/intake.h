// SPDX-License-Identifier: BSD-3-Clause
//
// A provisioning file on its way in: the text as YAML has it, and what turns it into accounts.
// Private to provisioning.
#pragma once

#include "control/account/account.h"
#include "dataplane/yaml.h"

#include <stdbool.h>
#include <stdint.h>

// NULL wherever the file says nothing.
struct raw_user {
	char *name, *password, *ha1, *display;
};

struct raw_number {
	char *number, *flow;
};

struct raw_lot {
	char *name, *slots, *music;
	uint32_t *timeout;
};

// Exactly one of dial, queue, forward and hangup is there.
struct raw_step {
	char **dial, **queue;
	uint32_t dial_count, queue_count;
	char *forward;
	bool *hangup;
	uint32_t *seconds;
};

struct raw_flow {
	char *name;
	struct raw_step *step;
	uint32_t step_count;
};

struct raw_parking {
	char *code, *fallback;
};

struct raw_account {
	char *name, *domain, *music, *music_position;
	struct raw_parking *parking;
	struct raw_user *user;
	struct raw_number *number;
	struct raw_lot *lot;
	struct raw_flow *flow;
	uint32_t user_count, number_count, lot_count, flow_count;
};

struct raw_accounts {
	struct raw_account *account;
	uint32_t account_count;
};

enum { INTAKE_NODE_MAX = 128 };

// Whose complaint it would be: the file, the account being read, and where the complaint goes.
struct intake {
	const struct yaml_file *file;
	uint32_t account; // its place in the file
	char *error;
	uint32_t error_size;
	char node[INTAKE_NODE_MAX];
};

// The path of a node of this account: intake_at(in, ".users[%u].name", i).
__attribute__((format(printf, 2, 3))) const char *intake_at(
	struct intake *in, const char *fmt, ...);

// Complains about a node; false.
#define INTAKE_REFUSE(in, node, ...) \
	yaml_complain((in)->file, (in)->error, (in)->error_size, (node), __VA_ARGS__)

// A copy of text in *out. False: no memory, and the complaint says so.
[[nodiscard]] bool intake_copy(struct intake *in, char **out, const char *text);
[[nodiscard]] bool intake_no_memory(struct intake *in);

// Letters, digits and some of - _ . +, which need no quoting in a URI, a log or a table.
bool intake_is_name(const char *text);

// Each fills its part of *out. False: the complaint is written; what is there is freed with *out.
[[nodiscard]] bool intake_account(
	struct intake *in, const struct raw_account *raw, struct account *out);
[[nodiscard]] bool intake_flows(
	struct intake *in, const struct raw_account *raw, struct account *out);
const struct callflow_plan *intake_flow(const struct account *a, const char *name);
