// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/port.h"

#include "dataplane/dpdk/bond.h"
#include "dataplane/dpdk/port_ready.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <assert.h>
#include <string.h>

enum { TEND_NS = 20000000 };

// The driver gives both ends of a tap the same MAC. The kernel's end keeps it; we are somebody
// else on that wire, or a bridge there would take our packets for its own.
static void become_another(uint16_t id, uint8_t mac[MAC_LEN])
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(id, &info) == 0 && strcmp(info.driver_name, "net_tap") == 0)
		mac[MAC_LEN - 1] ^= 1;
}

static int set_up_queues(uint16_t id, const struct port_setup *setup)
{
	uint16_t rx = setup->rx_descriptors;
	uint16_t tx = setup->tx_descriptors;
	unsigned node = (unsigned)rte_eth_dev_socket_id(id);
	int err = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);

	for (uint16_t q = 0; err >= 0 && q < setup->rx; q++)
		err = rte_eth_rx_queue_setup(id, q, rx, node, NULL, setup->pool[q]);
	for (uint16_t q = 0; err >= 0 && q < setup->tx; q++)
		err = rte_eth_tx_queue_setup(id, q, tx, node, NULL);
	return err;
}

static int set_up(struct port *port, const struct port_setup *setup)
{
	struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_NONE };
	int err = port_ready_offloads(port, &conf);

	if (err < 0)
		return err;
	err = rte_eth_dev_configure(port->id, setup->rx, setup->tx, &conf);
	if (err < 0)
		return err;
	err = port_ready_mtu(port);
	if (err < 0)
		return err;
	return set_up_queues(port->id, setup);
}

int port_start(struct port *port, const struct port_setup *setup)
{
	struct rte_ether_addr mac;
	int err = set_up(port, setup);

	if (err < 0)
		goto not_started;
	err = rte_eth_macaddr_get(port->id, &mac);
	if (err < 0)
		goto not_started;
	err = rte_eth_dev_start(port->id);
	if (err < 0)
		goto not_started;
	// A ring has none, and nobody believes one who has none.
	if (rte_is_zero_ether_addr(&mac))
		rte_eth_random_addr(mac.addr_bytes);
	memcpy(port->station.mac, mac.addr_bytes, MAC_LEN);
	become_another(port->id, port->station.mac);
	port_ready_groups(port);
	port->n = 0;
	return 0;

not_started:
	rte_eth_dev_close(port->id);
	return err;
}

void port_clear(struct port *port)
{
	rte_pktmbuf_free_bulk(port->frame, port->n);
	port->n = 0;
	kernel_path_clear(&port->kernel);
}

void port_stop(struct port *port)
{
	uint16_t member[CONFIG_MEMBERS_MAX];
	uint16_t members = bond_members(port->id, member);

	if (rte_eth_dev_stop(port->id) == 0)
		rte_eth_dev_close(port->id);
	for (uint16_t i = 0; i < members; i++)
		rte_eth_dev_close(member[i]);
}

void port_poll(struct port *port, uint16_t queue)
{
	assert(port->polls < PORT_QUEUES_MAX);
	port->poll[port->polls++] = queue;
}

void port_leave(struct port *port, uint16_t queue)
{
	for (uint16_t i = 0; i < port->polls; i++) {
		if (port->poll[i] == queue) {
			port->poll[i] = port->poll[--port->polls];
			break;
		}
	}
	port->next = 0;
}

uint16_t port_take(struct port *port, struct rte_mbuf *frames[BURST_MAX])
{
	if (port->polls == 0)
		return 0;
	port->next = (uint16_t)(port->next + 1 < port->polls ? port->next + 1 : 0);
	return rte_eth_rx_burst(port->id, port->poll[port->next], frames, BURST_MAX);
}

// DPDK sends its LACP in the bursts of those who send, and wants ten of them a second.
void port_tend(struct port *port, uint64_t now)
{
	if (!port->lacp || port->tx == PORT_NO_QUEUE || now - port->tended < TEND_NS)
		return;
	port->tended = now;
	rte_eth_tx_burst(port->id, port->tx, NULL, 0);
}

uint16_t port_send(struct port *port)
{
	uint16_t sent = 0;

	if (port->tx != PORT_NO_QUEUE)
		sent = rte_eth_tx_burst(port->id, port->tx, port->frame, port->n);
	rte_pktmbuf_free_bulk(port->frame + sent, (unsigned)(port->n - sent));
	port->n = 0;
	return sent;
}
