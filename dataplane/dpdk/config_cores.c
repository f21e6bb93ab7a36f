// SPDX-License-Identifier: BSD-3-Clause
//
// The cores of a configuration: which CPU is the main thread's, which are the workers'; and how
// other parts of the file name workers and NUMA nodes.
#include "dataplane/dpdk/config_load.h"
#include "dataplane/dpdk/config_text.h"

#include <stdio.h>
#include <string.h>

enum { WATCHDOG_MS_MIN = 50, WATCHDOG_MS_MAX = 60000 };

bool config_word(struct load *l, const char *node, const char *text, const char *const *words,
	uint32_t n, uint32_t *out)
{
	for (uint32_t i = 0; text != NULL && i < n; i++) {
		if (strcmp(text, words[i]) == 0) {
			*out = i;
			return true;
		}
	}
	if (text == NULL)
		return true;
	if (n == 2)
		return COMPLAIN(l, node, "\"%s\" is neither %s nor %s", text, words[0], words[1]);
	return COMPLAIN(
		l, node, "\"%s\" is none of %s, %s, %s", text, words[0], words[1], words[2]);
}

bool config_worker(struct load *l, const char *node, const char *text, uint16_t *out)
{
	uint64_t worker;

	if (text == NULL)
		return true;
	if (strcmp(text, "auto") == 0) {
		*out = CONFIG_AUTO;
		return true;
	}
	if (!text_number(text, 1, l->out->workers, &worker))
		return COMPLAIN(l, node, "\"%s\" is not auto, and not a number from 1 to %u", text,
			l->out->workers);
	*out = (uint16_t)(worker - 1);
	return true;
}

bool config_per_node(struct load *l, const char *node, const char *text, uint64_t low,
	uint64_t high, uint32_t out[MACHINE_NODES_MAX])
{
	uint32_t got[MACHINE_NODES_MAX] = { 0 };
	uint64_t all;

	if (text == NULL)
		return true;
	if (text_number(text, low, high, &all)) {
		for (uint32_t i = 0; i < MACHINE_NODES_MAX; i++)
			out[i] = (uint32_t)all;
		return true;
	}
	if (!text_per_node(text, low, high, got, MACHINE_NODES_MAX))
		return COMPLAIN(l, node,
			"\"%s\" is neither auto nor a number from %llu to %llu, nor one for each "
			"node like \"0:%llu,1:%llu\"",
			text, (unsigned long long)low, (unsigned long long)high,
			(unsigned long long)low, (unsigned long long)low);
	memcpy(out, got, sizeof(got));
	return true;
}

uint32_t config_first_cpu(const struct machine *m)
{
	uint32_t cpu = 0;

	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &m->cpus))
		cpu++;
	return cpu;
}

static void add_worker(struct config *c, const struct machine *m, uint32_t cpu)
{
	c->node[c->workers] = m->node[cpu];
	c->cpu[c->workers++] = cpu;
}

// The CPUs that the main thread leaves, in order, at most so many of each node; its own if there
// is no other.
void config_spread_workers(
	struct config *c, const struct machine *m, const uint32_t most[MACHINE_NODES_MAX])
{
	uint32_t taken[MACHINE_NODES_MAX] = { 0 };

	c->workers = 0;
	for (uint32_t cpu = 0; cpu < CPU_SETSIZE && c->workers < BRIDGE_WORKERS_MAX; cpu++) {
		uint8_t node = m->node[cpu];

		if (cpu == c->main_cpu || !CPU_ISSET(cpu, &m->cpus) ||
			(most != NULL && taken[node] == most[node]))
			continue;
		taken[node]++;
		add_worker(c, m, cpu);
	}
	if (c->workers == 0)
		add_worker(c, m, c->main_cpu);
}

static bool load_main_cpu(struct load *l, const char *text)
{
	uint64_t cpu;

	l->out->main_cpu = config_first_cpu(l->machine);
	if (text == NULL || strcmp(text, "auto") == 0)
		return true;
	if (!text_number(text, 0, CPU_SETSIZE - 1, &cpu))
		return COMPLAIN(l, "cores.main", "\"%s\" is not the number of a CPU", text);
	if (!CPU_ISSET(cpu, &l->machine->cpus))
		return COMPLAIN(l, "cores.main",
			"CPU %s is not there, or not for us: name one that taskset -p $$ shows",
			text);
	l->out->main_cpu = (uint32_t)cpu;
	return true;
}

static bool cpu_is_good(struct load *l, uint32_t cpu)
{
	const struct config *c = l->out;

	if (!CPU_ISSET(cpu, &l->machine->cpus))
		return COMPLAIN(l, "cores.workers",
			"CPU %u is not there, or not for us: this machine gives us %d, "
			"take fewer workers or write auto",
			cpu, CPU_COUNT(&l->machine->cpus));
	if (cpu == c->main_cpu && !c->sleep)
		return COMPLAIN(l, "cores.workers",
			"CPU %u is the main thread's, which a polling worker would starve: "
			"give the worker another, or write idle: sleep",
			cpu);
	return true;
}

static bool load_worker_cpus(struct load *l, const char *text)
{
	struct config *c = l->out;
	uint32_t cpu[BRIDGE_WORKERS_MAX];
	uint32_t twice;
	uint32_t n;

	if (text_cpu_twice(text, &twice))
		return COMPLAIN(l, "cores.workers",
			"CPU %u is there twice: two workers on one CPU would take it from each "
			"other",
			twice);
	n = text_cpus(text, cpu, BRIDGE_WORKERS_MAX);
	if (n == 0)
		return COMPLAIN(l, "cores.workers",
			"\"%s\" is not auto, nor a list of up to %d CPUs like \"1\" or \"1-3,6\"",
			text, BRIDGE_WORKERS_MAX);
	c->workers = 0;
	c->workers_listed = true;
	for (uint32_t i = 0; i < n; i++) {
		if (!cpu_is_good(l, cpu[i]))
			return false;
		add_worker(c, l->machine, cpu[i]);
	}
	return true;
}

static bool node_has(struct load *l, uint32_t node, uint32_t wanted)
{
	const struct config *c = l->out;
	uint32_t has = 0;

	for (uint32_t i = 0; i < c->workers; i++)
		has += c->node[i] == node;
	if (has >= wanted)
		return true;
	return COMPLAIN(l, "cores.workers-per-node",
		"NUMA node %u has %u CPUs for workers, and %u are asked for", node, has, wanted);
}

static bool load_per_node(struct load *l, const char *text)
{
	static const char key[] = "cores.workers-per-node";
	uint32_t most[MACHINE_NODES_MAX] = { 0 };
	bool each = strchr(text, ':') == NULL;

	if (!config_per_node(l, key, text, 1, BRIDGE_WORKERS_MAX, most))
		return false;
	config_spread_workers(l->out, l->machine, most);
	for (uint32_t node = 0; node < MACHINE_NODES_MAX; node++) {
		if ((!each || node == 0) && !node_has(l, node, most[node]))
			return false;
	}
	return true;
}

static bool load_workers(struct load *l, const struct yaml_cores *y)
{
	struct config *c = l->out;
	bool listed = y->workers != NULL && strcmp(y->workers, "auto") != 0;

	if (listed && y->workers_per_node != NULL)
		return COMPLAIN(l, "cores.workers-per-node",
			"cores.workers names every CPU already: write auto there, or leave this "
			"out");
	if (listed)
		return load_worker_cpus(l, y->workers);
	if (y->workers_per_node != NULL && !load_per_node(l, y->workers_per_node))
		return false;
	if (y->workers_per_node == NULL)
		config_spread_workers(c, l->machine, NULL);
	if (c->cpu[0] == c->main_cpu && !c->sleep)
		return COMPLAIN(l, "cores", "one CPU is too few for idle: poll, write idle: sleep");
	return true;
}

static bool load_watchdog(struct load *l, const char *text)
{
	uint64_t ms = l->out->watchdog_ms;

	if (text != NULL && !text_number(text, WATCHDOG_MS_MIN, WATCHDOG_MS_MAX, &ms))
		return COMPLAIN(l, "cores.watchdog-ms", "\"%s\" is not a number from %d to %d",
			text, WATCHDOG_MS_MIN, WATCHDOG_MS_MAX);
	l->out->watchdog_ms = (uint32_t)ms;
	return true;
}

bool config_load_cores(struct load *l, const struct yaml_cores *y)
{
	static const struct yaml_cores nothing;
	static const char *const idles[2] = { "sleep", "poll" };
	uint32_t poll = 1;

	y = y != NULL ? y : &nothing;
	if (!load_main_cpu(l, y->main) || !config_word(l, "cores.idle", y->idle, idles, 2, &poll) ||
		!load_watchdog(l, y->watchdog_ms))
		return false;
	l->out->sleep = poll == 0;
	return load_workers(l, y);
}
