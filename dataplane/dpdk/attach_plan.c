// SPDX-License-Identifier: BSD-3-Clause
//
// What the core is told of our own doings: who does what, and who does nothing.
#include "dataplane/dpdk/attach.h"
#include "dataplane/dpdk/plan_print.h"
#include "dataplane/dpdk/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

// A sealed memfd with the plan in it, or -1.
static int plan_fd(const struct config *map, uint64_t *len)
{
	int fd = memfd_create("layby-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	FILE *f = fd >= 0 ? fdopen(dup(fd), "w") : NULL;
	bool written = f != NULL;

	if (f != NULL) {
		plan_print_json(map, f);
		*len = (uint64_t)ftell(f);
		written = fclose(f) == 0;
	}
	if (written && lseek(fd, 0, SEEK_SET) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ==
			0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool attach_send_plan(struct attach *a)
{
	struct attach_message answer = { .version = ATTACH_VERSION, .kind = ATTACH_PLAN };
	int fd = plan_fd(a->map, &answer.len);

	if (fd < 0) {
		answer.outcome = ATTACH_NO_MEMORY;
		return socket_send(a->core, &answer, NULL, 0);
	}

	bool sent = socket_send(a->core, &answer, &fd, 1);
	close(fd);
	return sent;
}

void attach_stalled(struct attach *a, uint32_t worker, bool stalled)
{
	struct attach_message m = { .version = ATTACH_VERSION,
		.kind = ATTACH_STALLED,
		.outcome = stalled ? ATTACH_IN_USE : ATTACH_OK };

	attach_name_queue(&m, (struct attach_queue){ .worker = worker });

	// A core that does not read is noticed when it is owed an answer.
	if (a->state == ATTACH_SERVING)
		(void)socket_send(a->core, &m, NULL, 0);
}
