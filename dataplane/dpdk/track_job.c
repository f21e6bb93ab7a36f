// SPDX-License-Identifier: BSD-3-Clause
//
//   ADD    read ─► SHOWING ─ all yes ─► OK
//                     └ a table is full ─► UNDOING ─► NO_MEMORY
//   DROP   HIDING ─ all yes ─► freed, OK
//             └ a flow plays it ─► UNDOING ─► IN_USE
//
// UNDOING brings the workers that said yes back to where the others are. Whom it hides a track
// from cannot play it yet: its core was not told that it may.
#include "dataplane/dpdk/track_job.h"

#include <assert.h>

static void order_all(
	struct track_job *j, struct order order, struct orders *const workers[], uint32_t n)
{
	j->waiting = n;
	j->all_yes = true;
	for (uint32_t i = 0; i < n; i++)
		orders_give(workers[i], order);
}

static const struct track *newest(const struct stored_track *t)
{
	return &t->version[t->versions - 1];
}

static struct order show(const struct track *track)
{
	return (struct order){ .kind = ORDER_SHOW, .track = track };
}

static struct order hide(uint64_t hash)
{
	return (struct order){ .kind = ORDER_HIDE, .hash = hash };
}

static enum attach_outcome begin_add(struct track_job *j, struct track_store *s,
	const struct attach_message *m, int fd, struct orders *const workers[], uint32_t n)
{
	const struct track *track;
	enum attach_outcome outcome = track_store_add(s, m, fd, &track);

	if (outcome != ATTACH_OK || track == NULL)
		return outcome;
	j->stored = track_store_find(s, m->track);
	j->state = JOB_SHOWING;
	order_all(j, show(track), workers, n);
	return ATTACH_OK;
}

static enum attach_outcome begin_drop(struct track_job *j, struct track_store *s,
	const struct attach_message *m, struct orders *const workers[], uint32_t n)
{
	j->stored = m->track != 0 ? track_store_find(s, m->track) : NULL;
	if (j->stored == NULL)
		return ATTACH_UNKNOWN;
	j->state = JOB_HIDING;
	order_all(j, hide(m->track), workers, n);
	return ATTACH_OK;
}

void track_job_begin(struct track_job *j, struct track_store *s, const struct attach_message *m,
	int fd, struct orders *const workers[], uint32_t n)
{
	assert(j->state == JOB_NONE && n > 0);
	assert(m->kind == ATTACH_TRACK_ADD || m->kind == ATTACH_TRACK_DROP);
	*j = (struct track_job){ .answer = *m };
	j->answer.version = ATTACH_VERSION;
	j->answer.kind = ATTACH_TRACK;

	enum attach_outcome outcome = m->kind == ATTACH_TRACK_ADD
					      ? begin_add(j, s, m, fd, workers, n)
					      : begin_drop(j, s, m, workers, n);
	j->answer.outcome = (uint16_t)outcome;
}

static void begin_undo(struct track_job *j, struct orders *const workers[], uint32_t n)
{
	bool added = j->state == JOB_SHOWING;
	struct order back = added ? hide(j->stored->hash) : show(newest(j->stored));

	j->answer.outcome = added ? ATTACH_NO_MEMORY : ATTACH_IN_USE;
	j->state = JOB_UNDOING;
	for (uint32_t i = 0; i < n; i++) {
		if (!j->yes[i])
			continue;
		orders_give(workers[i], back);
		j->waiting++;
	}
}

static void finish(struct track_job *j, struct track_store *s)
{
	if (j->state == JOB_HIDING)
		track_store_remove(s, j->stored);
	else if (j->state == JOB_UNDOING && j->answer.outcome == ATTACH_NO_MEMORY)
		track_store_undo(s, j->stored);
	j->state = JOB_NONE;
}

bool track_job_happen(struct track_job *j, struct track_store *s, uint32_t worker,
	const struct report *report, struct orders *const workers[], uint32_t n)
{
	assert(j->state != JOB_NONE && worker < n && j->waiting > 0);
	j->yes[worker] = report->yes;
	j->all_yes = j->all_yes && report->yes;
	j->waiting--;
	if (j->waiting == 0 && j->state != JOB_UNDOING && !j->all_yes)
		begin_undo(j, workers, n);
	if (j->waiting > 0)
		return false;
	finish(j, s);
	return true;
}
