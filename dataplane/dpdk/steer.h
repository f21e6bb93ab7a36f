// SPDX-License-Identifier: BSD-3-Clause
//
// Rules for the card: what is for this address of ours goes to that queue. Exact matches on the
// destination, checked all before any is made; made all or none. A card that refuses them leaves
// the work to hand-off.
#pragma once

#include "dataplane/bridge.h"

#include <rte_flow.h>

#include <stdbool.h>
#include <stdint.h>

// rte_flow_*, or a test's.
struct steer_ops {
	int (*validate)(uint16_t id, const struct rte_flow_attr *attr,
		const struct rte_flow_item pattern[], const struct rte_flow_action action[],
		struct rte_flow_error *error);
	struct rte_flow *(*create)(uint16_t id, const struct rte_flow_attr *attr,
		const struct rte_flow_item pattern[], const struct rte_flow_action action[],
		struct rte_flow_error *error);
	int (*destroy)(uint16_t id, struct rte_flow *rule, struct rte_flow_error *error);
};
extern const struct steer_ops steer_card;

struct steer_target {
	uint8_t ip[16]; // IPv4 mapped
	uint16_t queue;
	uint16_t vlan; // 0: untagged
};

struct steer {
	uint16_t id; // DPDK's number of the port
	uint32_t n;
	struct rte_flow *rule[BRIDGE_ADDRESSES_MAX];
};

// False: the card has none of them, and *why is what it says, if it says anything.
[[nodiscard]] bool steer_start(struct steer *s, const struct steer_ops *ops, uint16_t id,
	const struct steer_target *target, uint32_t n, const char **why);
void steer_stop(struct steer *s, const struct steer_ops *ops);
