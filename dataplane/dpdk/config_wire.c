// SPDX-License-Identifier: BSD-3-Clause
//
// A port of a configuration as its wire sees it: addresses of both families, VLANs, the ways
// out, marks and MTU.
#include "dataplane/dpdk/config_load.h"
#include "dataplane/dpdk/config_text.h"
#include "dataplane/dpdk/station.h"

#include <stdio.h>

enum {
	VLAN_MAX = 4094, // IEEE 802.1Q, 9.6
	DSCP_MAX = 63,
	MTU_MIN = 1280, // RFC 8200, section 5
	MTU_MAX = 9600,
	PREFIX6_MIN = 16,
};

static const char *at(struct load *l, uint32_t port, const char *key)
{
	snprintf(l->node, sizeof(l->node), "ports[%u].%s", port, key);
	return l->node;
}

static const char *at_address(struct load *l, uint32_t port, uint32_t address, const char *key)
{
	snprintf(l->node, sizeof(l->node), "ports[%u].addresses[%u].%s", port, address, key);
	return l->node;
}

static bool number(struct load *l, const char *node, const char *text, uint64_t low, uint64_t high,
	uint16_t *out)
{
	uint64_t n = *out;

	if (text != NULL && !text_number(text, low, high, &n))
		return COMPLAIN(l, node, "\"%s\" is not a number from %llu to %llu", text,
			(unsigned long long)low, (unsigned long long)high);
	*out = (uint16_t)n;
	return true;
}

static bool dscp(struct load *l, const char *node, const char *text, uint8_t *out)
{
	uint16_t n = *out;

	if (!number(l, node, text, 0, DSCP_MAX, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

bool config_load_marks(struct load *l, uint32_t port, const struct yaml_port *y)
{
	struct config_port *p = &l->out->port[port];

	p->dscp = CONFIG_DSCP;
	return number(l, at(l, port, "mtu"), y->mtu, MTU_MIN, MTU_MAX, &p->mtu) &&
	       dscp(l, at(l, port, "dscp"), y->dscp, &p->dscp);
}

// Two entries with one IP cannot be told apart by those who call, whatever their ports.
static bool is_taken(const struct config *c, const struct ip_address *ip)
{
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (ip_equal(&c->address[i].ip, ip))
			return true;
	}
	return false;
}

static bool bit(const struct ip_address *ip, unsigned n)
{
	return (ip->b[n / 8] >> (7 - n % 8) & 1) != 0;
}

static bool same_network(const struct ip_address *a, const struct ip_address *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++) {
		if (bit(a, i) != bit(b, i))
			return false;
	}
	return true;
}

static bool rest_is(const struct ip_address *ip, unsigned from, bool set)
{
	for (unsigned i = from; i < 8 * IP_LEN; i++) {
		if (bit(ip, i) != set)
			return false;
	}
	return true;
}

static unsigned network_bits(const struct config_address *a)
{
	return ip_is_v4(a->ip.b) ? a->prefix + IP_V4_BITS : a->prefix;
}

// The first of a network is the network itself or its routers (RFC 4291, 2.6.1), the last of
// IPv4 is everybody. A network of two has only hosts (RFC 3021, RFC 6164).
static bool is_nobodys(const struct config_address *a)
{
	unsigned bits = network_bits(a);

	if (bits >= 8 * IP_LEN - 1)
		return false;
	return rest_is(&a->ip, bits, false) || (ip_is_v4(a->ip.b) && rest_is(&a->ip, bits, true));
}

static bool load_prefix(
	struct load *l, const char *node, const char *text, struct config_address *a)
{
	bool v4 = ip_is_v4(a->ip.b);
	uint64_t prefix;

	if (!text_number(text, v4 ? 1 : PREFIX6_MIN, v4 ? 32 : 128, &prefix))
		return COMPLAIN(l, node, "\"%s\" is not a prefix length from %d to %d", text,
			v4 ? 1 : PREFIX6_MIN, v4 ? 32 : 128);
	a->prefix = (uint8_t)prefix;
	return true;
}

// So many VLANs a station has room for.
static bool vlan_fits(const struct config *c, uint32_t port, uint16_t vlan)
{
	uint16_t seen[STATION_LANS_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->addresses; i++) {
		const struct config_address *a = &c->address[i];
		uint32_t k = 0;

		if (a->port != port)
			continue;
		while (k < n && seen[k] != a->vlan)
			k++;
		if (k == n)
			seen[n++] = a->vlan;
		if (a->vlan == vlan)
			return true;
	}
	return n < STATION_LANS_MAX;
}

static bool load_vlan(
	struct load *l, uint32_t port, const char *node, const char *text, struct config_address *a)
{
	if (!number(l, node, text, 1, VLAN_MAX, &a->vlan))
		return false;
	if (vlan_fits(l->out, port, a->vlan))
		return true;
	return COMPLAIN(
		l, node, "port %s has %d VLANs already", l->out->port[port].name, STATION_LANS_MAX);
}

bool config_load_ip(struct load *l, uint32_t port, uint32_t n, const struct yaml_address *y,
	struct config_address *out)
{
	if (!text_ip(y->ip, &out->ip) || !ip_is_host(out->ip.b))
		return COMPLAIN(l, at_address(l, port, n, "ip"),
			"\"%s\" is not an IPv4 or global IPv6 address that a host can have", y->ip);
	if (is_taken(l->out, &out->ip))
		return COMPLAIN(l, at_address(l, port, n, "ip"),
			"%s is there already: one address, one place, one range of ports", y->ip);
	if (!load_prefix(l, at_address(l, port, n, "prefix"), y->prefix, out))
		return false;
	if (is_nobodys(out))
		return COMPLAIN(l, at_address(l, port, n, "ip"),
			"%s is the %s address of its own /%u", y->ip,
			ip_is_v4(out->ip.b) ? "network or broadcast" : "routers' common",
			out->prefix);
	out->dscp = l->out->port[port].dscp;
	return load_vlan(l, port, at_address(l, port, n, "vlan"), y->vlan, out) &&
	       dscp(l, at_address(l, port, n, "dscp"), y->dscp, &out->dscp);
}

// A gateway as it is written, and for whom.
struct way {
	const char *node;
	const char *text;
	struct ip_address ip;
	int vlan; // -1: whichever it is in
};

static bool may_go(const struct config_address *a, const struct way *w)
{
	return ip_same_family(a->ip.b, w->ip.b) && (w->vlan < 0 || a->vlan == w->vlan);
}

// The address whose VLAN the gateway is in: link-local ones are in any, so it must be the only.
static const struct config_address *find_wire(
	struct load *l, uint32_t port, const struct way *w, bool *several)
{
	const struct config_address *found = NULL;

	*several = false;
	for (uint32_t i = 0; i < l->out->addresses; i++) {
		const struct config_address *a = &l->out->address[i];

		if (a->port != port || !may_go(a, w))
			continue;
		if (ip_is_link_local(&w->ip)) {
			*several = *several || (found != NULL && found->vlan != a->vlan);
			found = a;
		} else if (same_network(&a->ip, &w->ip, network_bits(a))) {
			return a;
		}
	}
	return found;
}

static bool apply(struct load *l, uint32_t port, const struct way *w, uint16_t vlan)
{
	for (uint32_t i = 0; i < l->out->addresses; i++) {
		struct config_address *a = &l->out->address[i];

		if (a->port != port || a->vlan != vlan || !ip_same_family(a->ip.b, w->ip.b))
			continue;
		if (!ip_is_none(&a->gateway) && !ip_equal(&a->gateway, &w->ip))
			return COMPLAIN(l, w->node,
				"%s: there is another gateway on the same wire already", w->text);
		a->gateway = w->ip;
	}
	return true;
}

static bool load_way(struct load *l, uint32_t port, struct way *w, bool v4)
{
	bool several;

	if (w->text == NULL)
		return true;
	if (!text_ip(w->text, &w->ip) || ip_is_v4(w->ip.b) != v4 ||
		!(ip_is_host(w->ip.b) || ip_is_link_local(&w->ip)))
		return COMPLAIN(l, w->node, "\"%s\" is not an %s address that a host can have",
			w->text, v4 ? "IPv4" : "IPv6");
	if (is_taken(l->out, &w->ip))
		return COMPLAIN(l, w->node, "%s is our own address", w->text);

	const struct config_address *on = find_wire(l, port, w, &several);
	if (on == NULL)
		return COMPLAIN(l, w->node, "%s is in the network of no address of port %s",
			w->text, l->out->port[port].name);
	if (several)
		return COMPLAIN(l, w->node,
			"%s may be on any VLAN of port %s: write it as the gateway of an address",
			w->text, l->out->port[port].name);
	return apply(l, port, w, on->vlan);
}

// Of the addresses themselves, in the order of the file: the port's are the last ones.
static bool load_ways(struct load *l, uint32_t port, const struct yaml_port *y)
{
	uint32_t first = l->out->addresses - y->addresses_count;

	for (uint32_t i = 0; i < y->addresses_count; i++) {
		const struct config_address *a = &l->out->address[first + i];
		struct way way = { .node = at_address(l, port, i, "gateway"),
			.text = y->addresses[i].gateway,
			.vlan = a->vlan };

		if (!load_way(l, port, &way, ip_is_v4(a->ip.b)))
			return false;
	}
	return true;
}

bool config_load_gateways(struct load *l, uint32_t port, const struct yaml_port *y)
{
	struct way way = { .node = at(l, port, "gateway"), .text = y->gateway, .vlan = -1 };
	struct way way6 = { .text = y->gateway6, .vlan = -1 };

	if (!load_way(l, port, &way, /* v4 */ true))
		return false;
	way6.node = at(l, port, "gateway6");
	return load_way(l, port, &way6, /* v4 */ false) && load_ways(l, port, y);
}
