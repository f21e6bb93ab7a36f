// SPDX-License-Identifier: BSD-3-Clause
//
// fake_core SOCKET PARKED NAME [broken]: a real control socket before a made-up domain, for tests
// of laybyctl. SIGUSR1 makes something happen, SIGTERM ends it.
#include "control/loop.h"
#include "tests/support/fake_office.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { BASE = 10 };

static struct fake_office office;
static struct loop *loop;
static struct admin *admin;

static void happen(void *, int)
{
	admin_event(admin, &(struct event_row){ .name = "park.parked",
				   .account = "acme",
				   .lot = "main",
				   .slot = 2,
				   .caller = office.caller,
				   .parker = "201",
				   .ref = "ref-2",
				   .wait_ms = 1500 });
}

static void stop(void *, int)
{
	loop_stop(loop);
}

int main(int argc, char **argv)
{
	struct admin_ops ops;
	char error[512];

	if (argc < 4)
		return 2;
	office = (struct fake_office){ .parked = (uint32_t)strtoul(argv[2], NULL, BASE),
		.caller = argv[3],
		.broken = argc > 4 };
	fake_office_ops(&office, &ops);
	loop = loop_new();
	if (loop == NULL)
		return 1;
	admin = admin_new(loop, argv[1], &ops, error, sizeof(error));
	if (admin == NULL) {
		fprintf(stderr, "%s\n", error);
		loop_free(loop);
		return 1;
	}
	if (loop_on_signal(loop, SIGTERM, stop, NULL) &&
		loop_on_signal(loop, SIGUSR1, happen, NULL)) {
		puts("ready");
		fflush(stdout);
		loop_run(loop);
	}
	admin_free(admin);
	loop_free(loop);
	return 0;
}
