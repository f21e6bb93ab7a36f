// SPDX-License-Identifier: BSD-3-Clause
//
// The recorder's three kinds of threads at once: two workers that put packets into their rings, a
// main thread that begins and ends recordings and hears of them, the recorder itself. For
// ThreadSanitizer; a plain program because Criterion does not start under it.
#include "dataplane/cmd.h"
#include "dataplane/dpdk/recorder.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 2, RECORDINGS = 40, FRAME = 160 };

static struct recorder recorder;
static _Atomic uint64_t current; // which recording workers are to take part in
static _Atomic bool over;
static _Atomic uint64_t taken;

static uint64_t now(void *)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void *work(void *arg)
{
	static const uint8_t payload[FRAME];
	uint16_t worker = (uint16_t)(uintptr_t)arg;
	struct record_note note = {
		.source = worker, .channel = (uint8_t)worker, .clock = 8000, .codec = DP_CODEC_PCMU
	};

	while (!atomic_load(&over)) {
		uint64_t id = atomic_load(&current);
		bool begins = note.recording != id;

		note.recording = id;
		note.at = now(NULL);
		note.kind = begins ? RECORD_ON : RECORD_AUDIO;
		note.len = begins ? 0 : FRAME;
		note.seq++;
		note.ts += FRAME;
		if (recorder_note(&recorder, worker, &note, payload) == RECORD_TAKEN)
			atomic_fetch_add(&taken, 1);
		else if (begins)
			note.recording = 0; // not announced yet: again
		usleep(200);
	}
	return NULL;
}

static void await(enum attach_kind kind, uint64_t id)
{
	struct attach_message m;

	while (!recorder_hear(&recorder, &m))
		usleep(500);
	assert(m.kind == kind && m.track == id && m.outcome == ATTACH_OK);
}

static void forget(const char *directory, uint64_t id)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%016" PRIx64 ".wav", directory, id);
	int gone = unlink(path);
	assert(gone == 0);
}

int main(void)
{
	static const uint32_t channels[WORKERS] = { 4, 4 };
	char directory[] = "/tmp/layby-race-XXXXXX";
	pthread_t worker[WORKERS];

	if (mkdtemp(directory) == NULL || !recorder_init(&recorder, directory, channels, WORKERS) ||
		!recorder_start(&recorder, now, NULL))
		return EXIT_FAILURE;
	for (uintptr_t i = 0; i < WORKERS; i++) {
		int error = pthread_create(&worker[i], NULL, work, (void *)i);

		assert(error == 0);
	}
	for (uint64_t id = 1; id <= RECORDINGS; id++) {
		enum attach_outcome asked = recorder_begin(&recorder, id, RECORDER_HZ);

		assert(asked == ATTACH_OK);
		await(ATTACH_RECORDING, id);
		atomic_store(&current, id);
		usleep(20000);
		bool known = recorder_end(&recorder, id);
		assert(known);
		await(ATTACH_RECORDED, id);
		forget(directory, id);
	}
	atomic_store(&over, true);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(worker[i], NULL);
	recorder_stop(&recorder);
	recorder_clear(&recorder, now(NULL));
	rmdir(directory);
	printf("%" PRIu64 " packets and marks taken\n", atomic_load(&taken));
	return atomic_load(&taken) > RECORDINGS ? EXIT_SUCCESS : EXIT_FAILURE;
}
