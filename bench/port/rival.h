// SPDX-License-Identifier: BSD-3-Clause
//
// dpdk-testpmd as a child: what a port, or the loop over one, can do when nothing is thought
// about in between. It stands still between rounds, so it may share its core with the bench.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { RIVAL_VDEVS_MAX = 2, RIVAL_TEXT = 192 };

struct rival {
	// to be set
	char vdev[RIVAL_VDEVS_MAX][RIVAL_TEXT];
	const char *forward; // "txonly", "macswap", "rxonly"
	const char *tx_ip;   // "from,to"; NULL: its own
	bool tx_first;       // packets that go round must be put in once
	uint32_t main_cpu, cpu;
	double seconds; // of one round

	// its own
	pid_t pid;
	FILE *out;
	int in;
};

// Starts it, or ends the program with a sentence.
void rival_start(struct rival *r);
void rival_stop(struct rival *r);

// A word to its console.
void rival_say(struct rival *r, const char *text);

// One round: packets a second that it sent. A bench_rate_fn.
double rival_round(void *rival);
