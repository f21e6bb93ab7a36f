// SPDX-License-Identifier: BSD-3-Clause
//
// Recordings, as the core asks for them and hears of them.
#include "dataplane/dpdk/attach.h"
#include "dataplane/dpdk/recorder.h"
#include "dataplane/dpdk/say.h"
#include "dataplane/dpdk/socket.h"

#include <inttypes.h>

static bool refuse(struct attach *a, const struct attach_message *m, enum attach_outcome outcome)
{
	struct attach_message answer = { .version = ATTACH_VERSION,
		.kind = ATTACH_RECORDING,
		.outcome = (uint16_t)outcome,
		.track = m->track };

	return socket_send(a->core, &answer, NULL, 0);
}

bool attach_record(struct attach *a, const struct attach_message *m)
{
	enum attach_outcome outcome = ATTACH_NO_ROOM;

	if (m->kind == ATTACH_RECORD_END) {
		// One that has ended by itself meanwhile has been told of already.
		if (a->recorder != NULL)
			(void)recorder_end(a->recorder, m->track);
		return true;
	}
	if (a->recorder != NULL)
		outcome = recorder_begin(a->recorder, m->track, m->codec);
	return outcome == ATTACH_OK || refuse(a, m, outcome);
}

static void complain(const struct attach *a, const struct attach_message *m)
{
	static const char *const why[] = { [ATTACH_NO_MEMORY] = "no memory",
		[ATTACH_DISK_FULL] = "the disk is full",
		[ATTACH_DISK_ERROR] = "the disk cannot be written",
		[ATTACH_TOO_LONG] = "a WAV file holds no more" };

	if (m->outcome < sizeof(why) / sizeof(why[0]) && why[m->outcome] != NULL)
		say("recording %016" PRIx64 " in %s %s: %s; the call goes on", m->track,
			a->recorder->directory,
			m->kind == ATTACH_RECORDED ? "has ended" : "is not begun", why[m->outcome]);
}

bool attach_tell_recorded(struct attach *a)
{
	struct attach_message m;

	while (a->recorder != NULL && recorder_hear(a->recorder, &m)) {
		complain(a, &m);
		if (a->state == ATTACH_SERVING && !socket_send(a->core, &m, NULL, 0))
			return false;
	}
	return true;
}
