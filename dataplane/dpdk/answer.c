// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/answer.h"

#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/dad.h"
#include "dataplane/dpdk/echo.h"
#include "dataplane/dpdk/nd.h"
#include "dataplane/dpdk/transmit.h"
#include "dataplane/dpdk/worker.h"

#include <rte_mbuf.h>

#include <string.h>

static bool is_our_mac(const struct port *port, const uint8_t *mac)
{
	return memcmp(mac, port->station.mac, MAC_LEN) == 0;
}

// The answer is in the mbuf that brought the question.
static void send_back(struct worker *w, struct port *port, struct rte_mbuf *m, size_t len)
{
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	transmit_frame(w, port, m);
}

void answer_echo(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame *f)
{
	echo_reply(rte_pktmbuf_mtod(m, uint8_t *), f, &port->station);
	transmit_frame(w, port, m);
}

// RFC 826: whom we know is updated by whatever he says; a question for us is answered. Who says
// that he is one of us is only counted (RFC 5227, 2.4): our address is not his to take.
void answer_arp(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame *f)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	struct arp arp;

	if (!arp_read(&arp, data + f->off, f->len)) {
		rte_pktmbuf_free(m);
		return;
	}

	struct ip_address from = ip_from_v4(arp.from);
	struct ip_address to = ip_from_v4(arp.to);
	struct neighbour_news news = { .port = port->station.port,
		.lan = (uint8_t)f->lan,
		.word = WORD_ANSWER,
		.ip = &from,
		.mac = arp.from_mac };
	bool ours = station_find(&port->station, f->lan, &from) != NULL;
	if (ours && !is_our_mac(port, arp.from_mac))
		stat_add(&w->stats.rx_arp_conflict, 1);
	if (!ours)
		neighbours_hear(&w->neighbours, &news, w->now);
	if (arp.op != ARP_REQUEST || is_our_mac(port, arp.from_mac) ||
		station_find(&port->station, f->lan, &to) == NULL) {
		rte_pktmbuf_free(m);
		return;
	}

	struct arp reply = { .op = ARP_REPLY, .from = arp.to, .to = arp.from };
	memcpy(reply.from_mac, port->station.mac, MAC_LEN);
	send_back(
		w, port, m, arp_write(data, &reply, arp.from_mac, port->station.lan[f->lan].vlan));
}

// Ours to change, or NULL.
static struct station_address *find_own(
	struct port *port, uint16_t lan, const struct ip_address *ip)
{
	int i = station_index(&port->station, lan, ip);

	return i >= 0 ? &port->station.address[i] : NULL;
}

// Somebody objects to an address of ours.
static void give_way(struct worker *w, struct port *port, struct station_address *ours)
{
	_Atomic uint64_t *bits = &w->duplicates[ours->index / 64];

	stat_add(&w->stats.rx_nd_conflict, 1);
	if (!dad_object(&port->station, ours))
		return;
	atomic_store_explicit(bits,
		atomic_load_explicit(bits, memory_order_relaxed) | UINT64_C(1) << ours->index % 64,
		memory_order_relaxed);
}

static void hear(struct worker *w, const struct port *port, uint16_t lan, const struct nd *nd,
	enum neighbour_word word)
{
	neighbours_hear(&w->neighbours,
		&(struct neighbour_news){ .port = port->station.port,
			.lan = (uint8_t)lan,
			.word = word,
			.ip = nd->advertises ? &nd->target : &nd->from,
			.mac = nd->has_mac ? nd->mac : NULL },
		w->now);
}

// RFC 4861, 7.2.5. About an address of ours: RFC 4862, 5.4.4.
static void hear_advertisement(
	struct worker *w, struct port *port, uint16_t lan, const struct nd *nd)
{
	struct station_address *ours = find_own(port, lan, &nd->target);

	if (ours != NULL) {
		give_way(w, port, ours);
		return;
	}
	if (nd->override)
		hear(w, port, lan, nd, nd->solicited ? WORD_ANSWER : WORD_CLAIM);
	else if (nd->solicited)
		hear(w, port, lan, nd, WORD_DOUBT);
	if (neighbours_hear_router(
		    &w->neighbours, port->station.port, lan, &nd->target, nd->router))
		stat_add(&w->stats.rx_nd_no_router, 1);
}

// The answer to a question for an address of ours; whoever has no address yet is answered before
// everybody (RFC 4861, 7.2.4).
static void advertise(struct worker *w, struct port *port, struct rte_mbuf *m, uint16_t lan,
	const struct nd *asked)
{
	struct nd nd = { .from = asked->target,
		.to = asked->from,
		.target = asked->target,
		.advertises = true,
		.solicited = true,
		.override = true,
		.has_mac = true };
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t asker[MAC_LEN];
	struct ethernet e = { asker, port->station.mac, port->station.lan[lan].vlan };

	memcpy(asker, asked->has_mac ? asked->mac : data + ETH_SOURCE, MAC_LEN);
	memcpy(nd.mac, port->station.mac, MAC_LEN);
	if (ip_is_none(&asked->from)) {
		nd.to = nd_all_nodes();
		nd.solicited = false;
		e.to = NULL;
	}
	send_back(w, port, m, nd_write(data, &nd, &e));
}

// RFC 4861, 7.2.3 and RFC 4862, 5.4.3. Returns whether the mbuf went out as the answer.
static bool hear_solicitation(
	struct worker *w, struct port *port, struct rte_mbuf *m, uint16_t lan, const struct nd *nd)
{
	struct station_address *ours = find_own(port, lan, &nd->target);

	if (ours == NULL)
		return false;
	if (ip_is_none(&nd->from) && ours->state == ADDRESS_TENTATIVE)
		give_way(w, port, ours);
	if (ours->state != ADDRESS_VALID)
		return false;
	if (nd->has_mac)
		hear(w, port, lan, nd, WORD_CLAIM);
	advertise(w, port, m, lan, nd);
	return true;
}

void answer_nd(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame *f)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct nd nd;
	bool answered = false;

	// Our own question may come back from the switch (RFC 4862, appendix A).
	if (!is_our_mac(port, data + ETH_SOURCE)) {
		if (!nd_read(&nd, data + f->off, f->len))
			stat_add(&w->stats.rx_bad_nd, 1);
		else if (nd.advertises)
			hear_advertisement(w, port, f->lan, &nd);
		else
			answered = hear_solicitation(w, port, m, f->lan, &nd);
	}
	if (!answered)
		rte_pktmbuf_free(m);
}
