// SPDX-License-Identifier: BSD-3-Clause
//
// Two threads, one lane, a million items: meant to run under ThreadSanitizer. A plain main(),
// because Criterion cannot start under it.
#include "dataplane/lane.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 64, ITEMS = 1000 * 1000 };

static struct lane lane;
static uint64_t element[SIZE];

static void *write_all(void *)
{
	struct lane_writer writer;
	uint32_t at;

	lane_writer_init(&writer, &lane, SIZE);
	for (uint64_t i = 0; i < ITEMS; i++) {
		while (!lane_reserve(&writer, &at))
			sched_yield();
		element[at] = i;
		lane_commit(&writer);
	}
	return writer.broken ? &lane : NULL;
}

static int read_all(void)
{
	struct lane_reader reader;
	uint32_t at;

	lane_reader_init(&reader, &lane, SIZE);
	for (uint64_t want = 0; want < ITEMS; want++) {
		while (!lane_peek(&reader, &at))
			sched_yield();
		if (element[at] != want) {
			fprintf(stderr, "got %lu, want %lu\n", element[at], want);
			return EXIT_FAILURE;
		}
		lane_release(&reader);
	}
	return reader.broken ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void)
{
	pthread_t thread;
	void *broken;

	if (pthread_create(&thread, NULL, write_all, NULL) != 0)
		return EXIT_FAILURE;

	int status = read_all();
	// After a wrong element the writer may wait for ever for room.
	if (status != EXIT_SUCCESS)
		return status;
	pthread_join(thread, &broken);
	return broken != NULL ? EXIT_FAILURE : EXIT_SUCCESS;
}
