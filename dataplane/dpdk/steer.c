// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/steer.h"

#include <arpa/inet.h>
#include <string.h>

enum { ITEMS = 4, ACTIONS = 2, VLAN_ID = 0x0fff };

const struct steer_ops steer_card = {
	.validate = rte_flow_validate,
	.create = rte_flow_create,
	.destroy = rte_flow_destroy,
};

// One rule and all that it points to.
struct rule {
	struct rte_flow_item_vlan vlan, vlan_mask;
	struct rte_flow_item_ipv4 ipv4, ipv4_mask;
	struct rte_flow_item_ipv6 ipv6, ipv6_mask;
	struct rte_flow_action_queue queue;
	struct rte_flow_item pattern[ITEMS];
	struct rte_flow_action action[ACTIONS];
};

static const struct rte_flow_attr incoming = { .ingress = 1 };

static bool is_ipv4(const uint8_t ip[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

static struct rte_flow_item item(enum rte_flow_item_type type, const void *spec, const void *mask)
{
	return (struct rte_flow_item){ .type = type, .spec = spec, .mask = mask };
}

static void write_rule(struct rule *r, const struct steer_target *t)
{
	uint32_t n = 0;

	*r = (struct rule){ .queue = { .index = t->queue } };
	r->pattern[n++].type = RTE_FLOW_ITEM_TYPE_ETH;
	if (t->vlan != 0) {
		r->vlan.tci = htons(t->vlan);
		r->vlan_mask.tci = htons(VLAN_ID);
		r->pattern[n++] = item(RTE_FLOW_ITEM_TYPE_VLAN, &r->vlan, &r->vlan_mask);
	}
	if (is_ipv4(t->ip)) {
		memcpy(&r->ipv4.hdr.dst_addr, t->ip + 12, sizeof(r->ipv4.hdr.dst_addr));
		r->ipv4_mask.hdr.dst_addr = UINT32_MAX;
		r->pattern[n++] = item(RTE_FLOW_ITEM_TYPE_IPV4, &r->ipv4, &r->ipv4_mask);
	} else {
		memcpy(r->ipv6.hdr.dst_addr, t->ip, sizeof(r->ipv6.hdr.dst_addr));
		memset(r->ipv6_mask.hdr.dst_addr, 0xff, sizeof(r->ipv6_mask.hdr.dst_addr));
		r->pattern[n++] = item(RTE_FLOW_ITEM_TYPE_IPV6, &r->ipv6, &r->ipv6_mask);
	}
	r->pattern[n].type = RTE_FLOW_ITEM_TYPE_END;
	r->action[0] =
		(struct rte_flow_action){ .type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &r->queue };
	r->action[1].type = RTE_FLOW_ACTION_TYPE_END;
}

void steer_stop(struct steer *s, const struct steer_ops *ops)
{
	struct rte_flow_error error;

	while (s->n > 0)
		ops->destroy(s->id, s->rule[--s->n], &error);
}

bool steer_start(struct steer *s, const struct steer_ops *ops, uint16_t id,
	const struct steer_target *target, uint32_t n, const char **why)
{
	struct rte_flow_error error = { .message = NULL };
	struct rule rule;

	*s = (struct steer){ .id = id };
	for (uint32_t i = 0; i < n; i++) {
		write_rule(&rule, &target[i]);
		if (ops->validate(id, &incoming, rule.pattern, rule.action, &error) != 0)
			goto refused;
	}
	for (uint32_t i = 0; i < n; i++) {
		write_rule(&rule, &target[i]);
		s->rule[i] = ops->create(id, &incoming, rule.pattern, rule.action, &error);
		if (s->rule[i] == NULL)
			goto refused;
		s->n++;
	}
	return true;

refused:
	*why = error.message != NULL ? error.message : "it does not say why";
	steer_stop(s, ops);
	return false;
}
