// SPDX-License-Identifier: BSD-3-Clause
//
// The rules for the card, before a card that is made up: the software ports here refuse them.
#include "dataplane/dpdk/steer.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <string.h>

static const struct steer_target target[] = {
	{ .ip = { [10] = 0xff, 0xff, 192, 0, 2, 7 }, .queue = 0 },
	{ .ip = { [10] = 0xff, 0xff, 192, 0, 2, 8 }, .queue = 3, .vlan = 0x123 },
	{ .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 }, .queue = 1 },
};
enum { TARGETS = 3 };

static uint32_t validated, created, destroyed;
static uint32_t refuse_validate = UINT32_MAX, refuse_create = UINT32_MAX;
static const char *sentence = "no such rules here";

// Every word of the rule: nothing more is matched, nothing else is done.
static void expect_rule(uint16_t id, uint32_t n, const struct rte_flow_attr *attr,
	const struct rte_flow_item item[], const struct rte_flow_action action[])
{
	const struct steer_target *t = &target[n];
	const struct rte_flow_item_vlan *tag = item[1].spec, *tag_mask = item[1].mask;
	static const struct rte_flow_item_ipv4 no_v4;
	static const struct rte_flow_item_ipv6 no_v6;
	static const uint8_t ones[16] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255 };

	cr_expect_eq(id, 4);
	cr_expect(attr->ingress == 1 && attr->egress == 0 && attr->transfer == 0);
	cr_expect(attr->group == 0 && attr->priority == 0);
	cr_expect(item[0].type == RTE_FLOW_ITEM_TYPE_ETH && item[0].spec == NULL);
	if (t->vlan != 0) {
		cr_expect_eq(item[1].type, RTE_FLOW_ITEM_TYPE_VLAN);
		cr_expect(tag->tci == htons(0x123) && tag_mask->tci == htons(0xfff));
		cr_expect(tag->inner_type == 0 && tag_mask->inner_type == 0);
		item++;
	}
	const struct rte_flow_item_ipv4 *v4 = item[1].spec, *v4_mask = item[1].mask;
	const struct rte_flow_item_ipv6 *v6 = item[1].spec, *v6_mask = item[1].mask;
	cr_expect_null(item[1].last);
	cr_expect_eq(item[2].type, RTE_FLOW_ITEM_TYPE_END);
	if (n < 2) {
		struct rte_flow_item_ipv4 rest = *v4, rest_mask = *v4_mask;

		cr_expect_eq(item[1].type, RTE_FLOW_ITEM_TYPE_IPV4);
		cr_expect_eq(memcmp(&v4->hdr.dst_addr, t->ip + 12, 4), 0);
		cr_expect_eq(v4_mask->hdr.dst_addr, UINT32_MAX);
		rest.hdr.dst_addr = rest_mask.hdr.dst_addr = 0;
		cr_expect_eq(memcmp(&rest, &no_v4, sizeof(rest)), 0);
		cr_expect_eq(memcmp(&rest_mask, &no_v4, sizeof(rest)), 0);
	} else {
		struct rte_flow_item_ipv6 rest_mask = *v6_mask;

		cr_expect_eq(item[1].type, RTE_FLOW_ITEM_TYPE_IPV6);
		cr_expect_eq(memcmp(v6->hdr.dst_addr, t->ip, 16), 0);
		cr_expect_eq(memcmp(v6_mask->hdr.dst_addr, ones, 16), 0);
		memset(rest_mask.hdr.dst_addr, 0, 16);
		cr_expect_eq(memcmp(&rest_mask, &no_v6, sizeof(rest_mask)), 0);
	}
	cr_expect_eq(action[0].type, RTE_FLOW_ACTION_TYPE_QUEUE);
	cr_expect_eq(((const struct rte_flow_action_queue *)action[0].conf)->index, t->queue);
	cr_expect_eq(action[1].type, RTE_FLOW_ACTION_TYPE_END);
}

static int validate(uint16_t id, const struct rte_flow_attr *attr,
	const struct rte_flow_item item[], const struct rte_flow_action action[],
	struct rte_flow_error *error)
{
	cr_expect_eq(created, 0, "all are checked before one is made");
	expect_rule(id, validated, attr, item, action);
	error->message = sentence;
	return validated++ == refuse_validate ? -1 : 0;
}

static struct rte_flow *create(uint16_t id, const struct rte_flow_attr *attr,
	const struct rte_flow_item item[], const struct rte_flow_action action[],
	struct rte_flow_error *error)
{
	static uint8_t rule[TARGETS];

	expect_rule(id, created, attr, item, action);
	error->message = sentence;
	if (created == refuse_create)
		return NULL;
	return (void *)&rule[created++];
}

static int destroy(uint16_t id, struct rte_flow *rule, struct rte_flow_error *)
{
	cr_expect(id == 4 && rule != NULL);
	destroyed++;
	return 0;
}

static const struct steer_ops ops = { validate, create, destroy };
static struct steer steer;
static const char *why;

Test(steer, each_address_gets_a_rule_to_its_queue)
{
	cr_assert(steer_start(&steer, &ops, 4, target, TARGETS, &why));
	cr_expect(validated == TARGETS && created == TARGETS);
	steer_stop(&steer, &ops);
	cr_expect_eq(destroyed, TARGETS);
	steer_stop(&steer, &ops);
	cr_expect_eq(destroyed, TARGETS, "once is enough");
}

Test(steer, one_that_is_refused_refuses_all)
{
	refuse_validate = 2;
	cr_assert_not(steer_start(&steer, &ops, 4, target, TARGETS, &why));
	cr_expect_eq(created, 0);
	cr_expect_str_eq(why, "no such rules here");
}

Test(steer, what_was_made_before_the_refusal_is_unmade)
{
	refuse_create = 2;
	sentence = NULL;
	cr_assert_not(steer_start(&steer, &ops, 4, target, TARGETS, &why));
	cr_expect(created == 2 && destroyed == 2);
	cr_expect_str_eq(why, "it does not say why");
}
