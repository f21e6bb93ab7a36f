// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/machine.h"

#include "dataplane/dpdk/config_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The first line of a small file, without its end.
static bool first_line(const char *path, char *out, int size)
{
	FILE *f = fopen(path, "re");
	bool read = f != NULL && fgets(out, size, f) != NULL;

	if (f != NULL)
		fclose(f);
	if (read)
		out[strcspn(out, "\n")] = '\0';
	return read;
}

void machine_look(struct machine *out, const char *sys, const cpu_set_t *cpus)
{
	*out = (struct machine){ .sys = sys, .cpus = *cpus };
	for (uint32_t node = 1; node < MACHINE_NODES_MAX; node++) {
		char path[256];
		char line[4096];
		uint32_t cpu[CPU_SETSIZE];

		snprintf(path, sizeof(path), "%s/devices/system/node/node%u/cpulist", sys, node);
		if (!first_line(path, line, sizeof(line)))
			continue;
		uint32_t n = text_cpus(line, cpu, CPU_SETSIZE);
		for (uint32_t i = 0; i < n; i++)
			out->node[cpu[i]] = (uint8_t)node;
	}
}

uint8_t machine_card_node(const struct machine *m, const char *pci)
{
	char path[256];
	char line[32];
	uint64_t node;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/numa_node", m->sys, pci);
	// -1: the machine has none, or does not know.
	if (!first_line(path, line, sizeof(line)) ||
		!text_number(line, 0, MACHINE_NODES_MAX - 1, &node))
		return 0;
	return (uint8_t)node;
}
