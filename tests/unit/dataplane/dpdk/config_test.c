// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/plan_print.h"
#include "dataplane/engine.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char good[] = "cores: {main: 0, workers: \"1-2\", idle: poll}\n"
			   "memory: {hugepages: auto, mbufs: auto, tracks-mb: 64}\n"
			   "ports:\n"
			   "  - name: left\n"
			   "    vdev: net_tap0,iface=left\n"
			   "    worker: 2\n"
			   "    gateway: 10.99.0.1\n"
			   "    addresses:\n"
			   "      - {ip: 10.99.0.2, prefix: 24, rtp-ports: 20000-20015}\n"
			   "      - {ip: 10.99.0.3, prefix: 24, rtp-ports: 20000-20007}\n"
			   "  - name: right\n"
			   "    device: 0000:3b:00.0\n"
			   "    worker: 1\n"
			   "    addresses:\n"
			   "      - ip: 192.0.2.1\n"
			   "        prefix: 30\n"
			   "socket: /run/layby/media.sock\n";

static char path[64];
static struct config config;
static char error[512];

// A machine with CPUs 0 to 3. from, if not NULL, is written as to.
static bool load(const char *from, const char *to)
{
	const char *at = from != NULL ? strstr(good, from) : good;
	cpu_set_t cpus;

	cr_assert_not_null(at, "%s", from);
	FILE *f = fopen(path, "w");
	fwrite(good, 1, (size_t)(at - good), f);
	fputs(from != NULL ? to : "", f);
	fputs(at + (from != NULL ? strlen(from) : 0), f);
	fclose(f);
	CPU_ZERO(&cpus);
	for (int i = 0; i < 4; i++)
		CPU_SET(i, &cpus);
	error[0] = '\0';
	return config_load(&config, path, &cpus, error, sizeof(error));
}

static void set_up(void)
{
	snprintf(path, sizeof(path), "config_test_%d.yaml", getpid());
}

static void tear_down(void)
{
	unlink(path);
}

TestSuite(config, .init = set_up, .fini = tear_down);

Test(config, what_is_written_is_what_is_meant)
{
	cr_assert(load(NULL, NULL), "%s", error);
	cr_expect_eq(config.main_cpu, 0);
	cr_expect_eq(config.workers, 2);
	cr_expect(config.cpu[0] == 1 && config.cpu[1] == 2);
	cr_expect(!config.sleep && config.hugepages);
	cr_expect_eq(config.mbufs, 0);
	cr_expect_eq(config.tracks_bytes, 64 << 20);
	cr_expect_eq(config.ports, 2);
	cr_expect_str_eq(config.port[0].device, "net_tap0,iface=left");
	cr_expect(!config.port[0].pci && config.port[1].pci);
	cr_expect(config.address[0].worker == 1 && config.address[2].worker == 0);
	cr_expect(config.port[0].queues == 1 && config.port[0].poller[0] == 1);
	cr_expect_eq(ip_to_v4(&config.address[0].gateway), 0x0a630001);
	cr_expect_eq(ip_to_v4(&config.address[1].gateway), 0x0a630001);
	cr_expect(ip_is_none(&config.address[2].gateway));
	cr_expect_eq(config.addresses, 3);
	cr_expect_eq(ip_to_v4(&config.address[1].ip), 0x0a630003);
	cr_expect_eq(config.address[1].flows, 4);
	cr_expect_eq(config.address[2].flows, 8192, "the default range");
	cr_expect_str_eq(config.socket, "/run/layby/media.sock");
}

Test(config, the_plan_gives_every_flow_of_a_worker_a_place)
{
	struct bridge_plan plan;

	cr_assert(load(NULL, NULL), "%s", error);
	config_plan(&config, &plan);
	cr_assert_eq(bridge_plan_check(&plan), BRIDGE_OK);
	cr_expect_eq(plan.workers, 2);
	cr_expect(plan.flows[0] == 8192 && plan.flows[1] == 12);
	cr_expect(plan.address[0].worker == 1 && plan.address[0].flow_first == 0);
	cr_expect(plan.address[1].worker == 1 && plan.address[1].flow_first == 8);
	cr_expect(plan.address[2].worker == 0 && plan.address[2].port_first == 16384);
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	cr_expect_eq(memcmp(plan.address[2].ip, mapped, 16), 0);
}

struct wrong {
	const char *from;
	const char *to;
	const char *place; // line:column
	const char *sentence;
};

static const struct wrong wrongs[] = {
	{ "main: 0", "main: 4", "1:", "CPU 4 is not there" },
	{ "main: 0", "main: x", "1:", "not the number of a CPU" },
	{ "\"1-2\"", "\"2-4\"",
		"1:", "CPU 4 is not there, or not for us: this machine gives us 4" },
	{ "\"1-2\"", "\"two\"", "1:", "nor a list of up to" },
	{ "\"1-2\"", "\"0-1\"", "1:", "write idle: sleep" },
	{ "\"1-2\"", "\"1-3\"", "1:", "worker 3 has no port" },
	{ "\"1-2\"", "\"1,2,1\"", "1:", "CPU 1 is there twice" },
	{ "\"1-2\"", "\"1-2\", workers-per-node: 2", "1:", "names every CPU already" },
	{ "workers: \"1-2\"", "workers-per-node: 4", "1:", "node 0 has 3 CPUs for workers, and 4" },
	{ "workers: \"1-2\"", "workers-per-node: \"1:1\"", "1:", "node 1 has 0 CPUs" },
	{ "workers: \"1-2\"", "workers-per-node: many", "1:", "nor one for each node" },
	{ "idle: poll", "watchdog-ms: 5", "1:", "not a number from 50 to 60000" },
	{ "idle: poll", "idle: never", "1:", "neither sleep nor poll" },
	{ "hugepages: auto", "hugepages: yes", "2:", "neither auto nor none" },
	{ "mbufs: auto", "mbufs: 10", "2:", "neither auto nor a number from 1024" },
	{ "mbufs: auto", "mbufs: 2000", "2:", "has 2000 packet buffers and needs " },
	{ "mbufs: auto", "mbufs: \"8:8191\"", "2:", "neither auto nor" },
	{ "tracks-mb: 64", "tracks-mb: 0", "2:", "not a number from 1" },
	{ "tracks-mb: 64", "tracks-gb: 64", "2:", "tracks-gb" },
	{ "tracks-mb: 64", "neighbours: 65537", "2:", "not a number from 1 to 65536" },
	{ "vdev: net_tap0,iface=left", "vdev: tap0", "5:", "not a DPDK network device" },
	{ "vdev: net_tap0,iface=left", "device: net_tap0", "5:", "not a PCI address" },
	{ "vdev: net_tap0,iface=left", "worker: 1\n    vdev: net_tap0", "7:5:", "worker" },
	{ "device: 0000:3b:00.0", "vdev: net_tap0", "12:", "port left has this device" },
	{ "device: 0000:3b:00.0\n", "\n", "11:", "needs one of device" },
	{ "device: 0000:3b:00.0", "device: 0000:3b:00.0\n    vdev: net_null0",
		"11:", "needs one of device" },
	{ "worker: 2", "worker: 3", "6:", "not a number from 1 to 2" },
	{ "worker: 2", "rx-queues: 65", "6:", "neither auto nor a number from 1 to 64" },
	{ "worker: 2", "placement: \"1,3\"", "6:", "no list of workers from 1 to 2" },
	{ "worker: 2", "placement: \"1,2\"\n    rx-queues: 1", "6:", "2 workers for 1 rx-queues" },
	{ "worker: 2", "steering: luck", "6:", "none of auto, rules, handoff" },
	{ "worker: 2", "steering: rules\n    worker: 2\n    placement: \"1\"",
		"6:", "is worker 2's, who polls none of its queues" },
	{ "worker: 2", "descriptors: {rx: 1}", "6:", "neither auto nor a number from 64" },
	{ "socket: /run", "capacity: {voices: lots}\nsocket: /run", "17:", "neither auto nor" },
	{ "worker: 2", "worker: 1", "1:", "worker 2 has no port" },
	{ "gateway: 10.99.0.1", "gateway: 10.98.0.1", "7:", "in the network of no address" },
	{ "gateway: 10.99.0.1", "gateway: 10.99.0.3", "7:", "our own address" },
	{ "gateway: 10.99.0.1", "gateway: 224.0.0.1", "7:", "not an IPv4 address" },
	{ "10.99.0.3", "10.99.0.2", "10:", "10.99.0.2 is there already" },
	{ "10.99.0.3", "127.0.0.1", "10:", "not an IPv4 or global IPv6 address" },
	{ "10.99.0.3", "10.99.0.255", "10:", "network or broadcast address" },
	{ "10.99.0.3", "10.99.0.0", "10:", "network or broadcast address" },
	{ "prefix: 24, rtp-ports: 20000-20007", "prefix: 33", "10:", "not a prefix length" },
	{ "{ip: 10.99.0.3, prefix: 24", "{ip: fe80::2, prefix: 64", "10:", "global IPv6" },
	{ "{ip: 10.99.0.3, prefix: 24", "{ip: \"::ffff:10.1.1.1\", prefix: 96", "10:", "global" },
	{ "{ip: 10.99.0.3, prefix: 24", "{ip: \"2001:db8::\", prefix: 64",
		"10:", "routers' common address of its own /64" },
	{ "{ip: 10.99.0.3, prefix: 24", "{ip: 2001:db8::2, prefix: 129",
		"10:", "not a prefix length from 16 to 128" },
	{ "10.99.0.3, prefix: 24", "10.99.0.3, prefix: 24, vlan: 4095", "10:", "from 1 to 4094" },
	{ "10.99.0.3, prefix: 24", "10.99.0.3, prefix: 24, vlan: 0", "10:", "from 1 to 4094" },
	{ "10.99.0.3, prefix: 24", "10.99.0.3, prefix: 24, dscp: 64", "10:", "from 0 to 63" },
	{ "10.99.0.3, prefix: 24", "10.99.0.3, prefix: 24, gateway: 10.99.0.9",
		"10:", "another gateway on the same wire" },
	{ "10.99.0.3, prefix: 24", "10.99.0.3, prefix: 24, vlan: 7, gateway: 10.98.0.9",
		"10:", "in the network of no address" },
	{ "10.99.0.3, prefix: 24", "10.99.0.3, prefix: 24, gateway: fe80::1",
		"10:", "not an IPv4 address" },
	{ "gateway: 10.99.0.1", "gateway6: fe80::1", "7:", "in the network of no address" },
	{ "gateway: 10.99.0.1", "gateway6: 10.99.0.1", "7:", "not an IPv6 address" },
	{ "gateway: 10.99.0.1", "mtu: 100", "7:", "not a number from 1280 to 9600" },
	{ "gateway: 10.99.0.1", "dscp: ef", "7:", "not a number from 0 to 63" },
	{ "prefix: 24, rtp-ports: 20000-20007", "prefix: 24, worker: 4", "10:", "not a number" },
	{ "20000-20007", "20001-20007", "10:", "not an even port" },
	{ "name: right", "name: left", "11:", "there is a port left already" },
	{ "192.0.2.1", "10.99.0.2", "15:", "is there already" },
	{ "socket: /run", "socket: run", "17:", "not an absolute path" },
	{ "socket: /run", "orphan-seconds: soon\nsocket: /run", "17:", "not a number from 1" },
	{ "ports:", "doors:", "3:1:", "doors" },
	{ "ports:\n", "ports: []\nothers:\n", "3:8:", "too few" },
};

Test(config, what_is_wrong_is_said_with_its_place)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		char place[128];

		cr_expect_not(load(w->from, w->to), "%s is taken", w->to);
		snprintf(place, sizeof(place), "%s:%s", path, w->place);
		cr_expect_eq(strncmp(error, place, strlen(place)), 0, "%s: %s", w->to, error);
		cr_expect_not_null(strstr(error, w->sentence), "%s: %s", w->to, error);
		cr_expect_null(strchr(error, '\n'), "%s: more than a line", w->to);
	}
}

// Two families and two VLANs on one port; a gateway is that of the wire it is on.
static const char wires[] =
	"gateway: 10.99.0.1\n    gateway6: fe80::1\n    mtu: 1400\n    dscp: 34\n    addresses:\n"
	"      - {ip: 10.99.0.2, prefix: 24, rtp-ports: 20000-20015}\n"
	"      - {ip: 2001:db8::2, prefix: 64, dscp: 0}\n"
	"      - {ip: 10.77.0.2, prefix: 24, vlan: 100, gateway: 10.77.0.1}\n"
	"      - {ip: 10.99.0.4, prefix: 24, vlan: 100}\n";

Test(config, an_address_belongs_to_a_family_and_a_vlan)
{
	struct bridge_plan plan;
	struct ip_address v6 = ip("2001:db8::2");
	struct ip_address gateway6 = ip("fe80::1");

	cr_assert(load("gateway: 10.99.0.1\n    addresses:\n"
		       "      - {ip: 10.99.0.2, prefix: 24, rtp-ports: 20000-20015}\n",
			  wires),
		"%s", error);
	cr_expect(config.port[0].mtu == 1400 && config.port[1].mtu == 0);
	cr_assert_eq(config.addresses, 6);
	const struct config_address *a = config.address;
	cr_expect(ip_equal(&a[1].ip, &v6) && ip_equal(&a[1].gateway, &gateway6));
	cr_expect(a[0].dscp == 34 && a[1].dscp == 0 && a[5].dscp == 46);
	cr_expect(a[0].vlan == 0 && a[2].vlan == 100 && a[3].vlan == 100);
	cr_expect_eq(ip_to_v4(&a[0].gateway), 0x0a630001);
	cr_expect_eq(ip_to_v4(&a[2].gateway), 0x0a4d0001);
	cr_expect_eq(ip_to_v4(&a[3].gateway), 0x0a4d0001, "the same wire");
	config_plan(&config, &plan);
	cr_assert_eq(bridge_plan_check(&plan), BRIDGE_OK);
	cr_expect_eq(memcmp(plan.address[1].ip, v6.b, 16), 0);
}

// fe80::1 is on every wire, so the file must say which is meant.
Test(config, a_link_local_gateway_of_two_vlans_is_refused)
{
	cr_assert_not(load("gateway: 10.99.0.1\n    addresses:\n",
		"gateway6: fe80::1\n    addresses:\n"
		"      - {ip: 2001:db8::2, prefix: 64}\n"
		"      - {ip: 2001:db8:1::2, prefix: 64, vlan: 9}\n"));
	cr_expect_not_null(strstr(error, "may be on any VLAN"), "%s", error);
	cr_assert(load("gateway: 10.99.0.1\n    addresses:\n",
			  "addresses:\n"
			  "      - {ip: 2001:db8::2, prefix: 64, gateway: fe80::1}\n"
			  "      - {ip: 2001:db8:1::2, prefix: 64, vlan: 9}\n"),
		"%s", error);
	cr_expect(!ip_is_none(&config.address[0].gateway));
	cr_expect(ip_is_none(&config.address[1].gateway));
}

Test(config, auto_takes_no_more_workers_than_ports_ask_for)
{
	cr_assert(load("\"1-2\"", "auto"), "%s", error);
	cr_expect_eq(config.workers, 2);
	cr_expect(config.cpu[0] == 1 && config.cpu[1] == 2);
	cr_assert(load("main: 0, workers: \"1-2\"", "main: 1"), "%s", error);
	cr_expect(config.workers == 2 && config.cpu[0] == 0 && config.cpu[1] == 2);
}

Test(config, a_worker_that_sleeps_may_share_the_main_threads_cpu)
{
	cr_expect(load("\"1-2\", idle: poll", "\"0-1\", idle: sleep"), "%s", error);
}

Test(config, a_worker_may_poll_two_ports)
{
	struct bridge_plan plan;

	cr_assert(load("cores: {main: 0, workers: \"1-2\", idle: poll}",
			  "cores: {main: 0, workers: \"1-2\", idle: poll}") &&
			  config.workers == 2,
		"%s", error);
	config.address[0].worker = config.address[1].worker = 0;
	config.port[0].poller[0] = 0;
	config.workers = 1;
	config_plan(&config, &plan);
	cr_assert_eq(bridge_plan_check(&plan), BRIDGE_OK);
	cr_expect_eq(plan.flows[0], 8204);
	cr_expect_eq(plan.address[2].flow_first, 12);
}

Test(config, two_workers_may_share_a_port)
{
	struct bridge_plan plan;

	cr_assert(load("rtp-ports: 20000-20007", "rtp-ports: 20000-20007, worker: 1"), "%s", error);
	cr_expect(config.address[0].worker == 1 && config.address[1].worker == 0);
	cr_expect_eq(config.port[0].queues, 2, "one for each");
	cr_expect(config.port[0].poller[0] == 0 && config.port[0].poller[1] == 1);
	config_plan(&config, &plan);
	cr_assert_eq(bridge_plan_check(&plan), BRIDGE_OK);
	cr_expect(plan.flows[0] == 8196 && plan.flows[1] == 8);
}

Test(config, placement_is_kept_as_it_is_written)
{
	cr_assert(load("worker: 2", "worker: 2\n    placement: \"1,2,1\""), "%s", error);
	cr_expect_eq(config.port[0].queues, 3);
	cr_expect(config.port[0].poller[0] == 0 && config.port[0].poller[1] == 1 &&
		  config.port[0].poller[2] == 0);
	cr_assert(
		load("worker: 2", "worker: 2\n    descriptors: {rx: 256, tx: auto}"), "%s", error);
	cr_expect(config.port[0].rx_descriptors == 256 &&
		  config.port[0].tx_descriptors == CONFIG_DESCRIPTORS);
}

Test(config, auto_spreads_addresses_over_the_workers)
{
	cr_assert(load("worker: 2", "worker: auto"), "%s", error);
	cr_expect(config.address[0].worker != config.address[1].worker ||
			  config.address[0].worker == 1,
		"the second port's worker has 8192 flows");
	cr_expect_eq(config.address[2].worker, 0);
	cr_assert(load("    worker: 1\n", "") && config.address[2].worker == 0, "%s", error);
}

Test(config, what_a_node_needs_is_every_queue_cache_and_ring_full)
{
	cr_assert(load(NULL, NULL), "%s", error);
	uint32_t queues = 2 * (1024 + 1024), caches = 3 * 384, bursts = 2 * 4 * 32;
	uint32_t rings = 2 * (1024 + 32);
	cr_expect_eq(config_mbufs_needed(&config, 0), queues + caches + bursts + rings);
	cr_expect_geq(config_mbufs(&config, 0), config_mbufs_needed(&config, 0));
	cr_expect_eq(config_mbufs(&config, 1), 0, "nobody is there");
	cr_assert(load("mbufs: auto", "mbufs: \"0:20000,1:9000\""), "%s", error);
	cr_expect_eq(config_mbufs(&config, 0), 20000);
}

Test(config, capacity_is_shared_out_by_flows)
{
	cr_assert(load("socket: /run", "capacity: {voices: 700}\nsocket: /run"), "%s", error);
	cr_expect(config.capacity.voices == 700 && config.capacity.srtp == 0,
		"0: as many as is right");
	cr_expect_eq(config_share(&config, 0, 700), 699, "8192 of 8204");
	cr_expect_eq(config_share(&config, 1, 700), 2, "12 of them, rounded up");
}

// Every name, each with a number of its own.
Test(config, each_capacity_reaches_the_engine)
{
	cr_assert(load("socket: /run",
			  "capacity: {voices: 101, overlays: 102, mixed: 103, recordings: 104, "
			  "srtp: 105, opus: 106, prompts: 107, digits: 108, detectors: 109}\n"
			  "socket: /run"),
		"%s", error);
	struct engine_capacity c = config_engine_capacity(&config, 0);

	cr_expect_eq(c.voices, 101);
	cr_expect_eq(c.overlays, 102);
	cr_expect_eq(c.jitters, 103);
	cr_expect_eq(c.cryptos, 105);
	cr_expect_eq(c.opus, 106);
	cr_expect_eq(c.prompts, 107);
	cr_expect_eq(c.keys, 108);
	cr_expect_eq(c.events, 108);
	cr_expect_eq(c.detectors, 109);
	cr_expect_eq(config.capacity.recordings, 104, "the recorder's, not the engine's");
}

static const char *const sys_directory[] = { "devices", "devices/system", "devices/system/node",
	"devices/system/node/node0", "devices/system/node/node1", "bus", "bus/pci",
	"bus/pci/devices", "bus/pci/devices/0000:3b:00.0" };
static const char *const sys_file[][2] = { { "devices/system/node/node0/cpulist", "0-1" },
	{ "devices/system/node/node1/cpulist", "2-3" },
	{ "bus/pci/devices/0000:3b:00.0/numa_node", "1" } };

// CPUs 0-1 are near node 0, 2-3 near node 1, where the card is.
static void make_machine(struct machine *m, const char *sys)
{
	char at[256];
	cpu_set_t cpus;

	for (size_t i = 0; i < sizeof(sys_directory) / sizeof(sys_directory[0]); i++) {
		snprintf(at, sizeof(at), "%s/%s", sys, sys_directory[i]);
		cr_assert_eq(mkdir(at, 0755), 0);
	}
	for (size_t i = 0; i < sizeof(sys_file) / sizeof(sys_file[0]); i++) {
		snprintf(at, sizeof(at), "%s/%s", sys, sys_file[i][0]);
		FILE *f = fopen(at, "w");
		fprintf(f, "%s\n", sys_file[i][1]);
		fclose(f);
	}
	CPU_ZERO(&cpus);
	for (int i = 0; i < 4; i++)
		CPU_SET(i, &cpus);
	machine_look(m, sys, &cpus);
}

static void remove_machine(const char *sys)
{
	char at[256];

	for (size_t i = 0; i < sizeof(sys_file) / sizeof(sys_file[0]); i++) {
		snprintf(at, sizeof(at), "%s/%s", sys, sys_file[i][0]);
		unlink(at);
	}
	for (size_t i = sizeof(sys_directory) / sizeof(sys_directory[0]); i-- > 0;) {
		snprintf(at, sizeof(at), "%s/%s", sys, sys_directory[i]);
		rmdir(at);
	}
	rmdir(sys);
}

static void load_numa(const char *cores)
{
	char sys[] = "config_test_sys_XXXXXX";
	struct machine m;

	cr_assert_not_null(mkdtemp(sys));
	make_machine(&m, sys);
	FILE *f = fopen(path, "w");
	fprintf(f,
		"cores: {%s}\nports:\n  - name: card\n    device: 0000:3b:00.0\n"
		"    addresses:\n",
		cores);
	for (int i = 1; i <= 4; i++)
		fprintf(f, "      - {ip: 192.0.2.%d, prefix: 24}\n", i);
	fclose(f);
	bool taken = config_load_on(&config, path, &m, error, sizeof(error));
	remove_machine(sys);
	cr_assert(taken, "%s", error);
}

Test(config, workers_near_the_card_come_first)
{
	load_numa("main: 0, workers: auto");
	cr_expect_eq(config.workers, 2, "CPU 1 is far and left out");
	cr_expect(config.cpu[0] == 2 && config.cpu[1] == 3);
	cr_expect(config.node[0] == 1 && config.port[0].node == 1);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(config.address[i].worker, i % 2);
	cr_expect_eq(config_mbufs(&config, 0), 0);
	cr_expect_geq(config_mbufs(&config, 1), 8191);
	load_numa("main: 0, workers-per-node: \"1:1\"");
	cr_expect(config.workers == 1 && config.cpu[0] == 2);
}

// As they are in docs/examples, on a machine that is large enough.
static void load_example(const char *name)
{
	char at[256];
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for (int i = 0; i < 8; i++)
		CPU_SET(i, &cpus);
	snprintf(at, sizeof(at), "%s/%s", EXAMPLES, name);
	cr_assert(config_load(&config, at, &cpus, error, sizeof(error)), "%s", error);
}

Test(config, the_examples_are_taken_and_mean_what_they_say)
{
	struct bridge_plan plan;

	load_example("layby-media.yaml");
	cr_expect(config.workers == 1 && config.ports == 1 && config.sleep);
	load_example("layby-media-carrier.yaml");
	config_plan(&config, &plan);
	cr_assert_eq(bridge_plan_check(&plan), BRIDGE_OK);
	cr_expect(config.workers == 4 && config.ports == 2 && config.addresses == 16);
	for (uint32_t w = 0; w < 4; w++)
		cr_expect_eq(plan.flows[w], 4 * 8192, "worker %u", w + 1);
	for (uint32_t n = 0; n < 2; n++)
		cr_expect_eq(config.port[n].queues, 4);
	cr_expect_eq(config.port[0].rx_descriptors, 2048);
	load_example("one-card.yaml");
	cr_expect(config.workers == 1 && config.ports == 1);
	cr_expect_eq(config.port[0].kernel_by, KERNEL_BY_TAP);
	cr_expect_str_eq(config.port[0].kernel, "host0");
}

static char *printed(void (*print)(const struct config *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print(&config, f);
	fclose(f);
	return text;
}

Test(config, the_plan_is_printed_with_its_warnings)
{
	load_numa("main: 0, workers: \"2,3\"");
	config.node[0] = 0;
	config.cpu[0] = 1;
	config.port[0].poller[1] = 0;
	char *text = printed(plan_print);
	cr_expect_not_null(strstr(text, "who polls its queue 0, on node 0: each packet crosses"));
	cr_expect_not_null(strstr(text, "worker 2 has addresses on port card and polls none"));
	cr_expect_not_null(strstr(text, "192.0.2.4"));
	free(text);
	text = printed(plan_print_json);
	cr_expect_not_null(strstr(text, "\"queue\": 0, \"worker\": 1, \"cpu\": 1"));
	cr_expect_not_null(strstr(text, "\"first\": 16384, \"last\": 32767"));
	free(text);
}

Test(config, a_file_that_is_not_there_is_said_so)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	cr_expect_not(config_load(&config, "/nowhere.yaml", &cpus, error, sizeof(error)));
	cr_expect_not_null(strstr(error, "/nowhere.yaml"), "%s", error);
}

Test(config, the_default_is_one_sleeping_worker_on_a_tap)
{
	struct bridge_plan plan;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(3, &cpus);
	config_default(&config, &cpus);
	config_plan(&config, &plan);
	cr_expect_eq(bridge_plan_check(&plan), BRIDGE_OK);
	cr_expect_eq(config.workers, 1);
	cr_expect(config.main_cpu == 3 && config.cpu[0] == 3);
	cr_expect(config.sleep && !config.hugepages);
	CPU_SET(5, &cpus);
	config_default(&config, &cpus);
	cr_expect(config.main_cpu == 3 && config.cpu[0] == 5);
}
