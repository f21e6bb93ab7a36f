// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/port.h"

#include "dataplane/dpdk/port_ready.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <string.h>

// The driver gives both ends of a tap the same MAC. The kernel's end keeps it; we are somebody
// else on that wire, or a bridge there would take our packets for its own.
static void become_another(uint16_t id, uint8_t mac[MAC_LEN])
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(id, &info) == 0 && strcmp(info.driver_name, "net_tap") == 0)
		mac[MAC_LEN - 1] ^= 1;
}

static int set_up_queues(uint16_t id, struct rte_mempool *pool)
{
	uint16_t rx = PORT_DESCRIPTORS;
	uint16_t tx = PORT_DESCRIPTORS;
	unsigned node = (unsigned)rte_eth_dev_socket_id(id);
	int err = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);

	if (err < 0)
		return err;
	err = rte_eth_rx_queue_setup(id, 0, rx, node, NULL, pool);
	if (err < 0)
		return err;
	return rte_eth_tx_queue_setup(id, 0, tx, node, NULL);
}

static int set_up(struct port *port, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_NONE };
	int err = port_ready_offloads(port, &conf);

	if (err < 0)
		return err;
	err = rte_eth_dev_configure(port->id, 1, 1, &conf);
	if (err < 0)
		return err;
	err = port_ready_mtu(port);
	if (err < 0)
		return err;
	return set_up_queues(port->id, pool);
}

int port_start(struct port *port, struct rte_mempool *pool)
{
	struct rte_ether_addr mac;
	int err = set_up(port, pool);

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

void port_stop(struct port *port)
{
	rte_pktmbuf_free_bulk(port->frame, port->n);
	port->n = 0;
	if (rte_eth_dev_stop(port->id) == 0)
		rte_eth_dev_close(port->id);
}

uint16_t port_take(struct port *port, struct rte_mbuf *frames[BURST_MAX])
{
	return rte_eth_rx_burst(port->id, 0, frames, BURST_MAX);
}

uint16_t port_send(struct port *port)
{
	uint16_t sent = rte_eth_tx_burst(port->id, 0, port->frame, port->n);

	rte_pktmbuf_free_bulk(port->frame + sent, (unsigned)(port->n - sent));
	port->n = 0;
	return sent;
}
