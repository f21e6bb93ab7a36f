// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/attach.h"

#include "dataplane/dpdk/recorder.h"
#include "dataplane/dpdk/say.h"
#include "dataplane/dpdk/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MS = 1000000, REAP_EVERY_S = 10 };

bool attach_open(struct attach *a, const char *path, uint64_t now, char *error, size_t error_size)
{
	a->core = -1;
	a->wake = -1;
	a->alone_since = now;
	snprintf(a->path, sizeof(a->path), "%s", path);
	return socket_listen(path, &a->listener, &a->lock, error, error_size);
}

void attach_close(struct attach *a)
{
	if (a->core >= 0)
		close(a->core);
	if (a->wake >= 0)
		close(a->wake);
	bridge_unmap(&a->bridge);
	socket_close(a->path, a->listener, a->lock);
}

static void order_all(struct attach *a, struct order order)
{
	for (uint32_t i = 0; i < a->plan->workers; i++)
		orders_give(a->orders[i], order);
}

// The core is gone or to be: workers let go of its bridge, then it is unmapped.
static void detach(struct attach *a, const char *why)
{
	say("the core is detached: %s; music and calls go on", why);
	close(a->core);
	a->core = -1;
	a->state = ATTACH_LETTING_GO;
	if (a->recorder != NULL)
		recorder_end_all(a->recorder); // nobody is there to end them
	order_all(a, (struct order){ .kind = ORDER_LET_GO });
}

static void let_go(struct attach *a, uint64_t now)
{
	bridge_unmap(&a->bridge);
	close(a->wake);
	a->wake = -1;
	a->state = ATTACH_ALONE;
	a->alone_since = now;
	a->reaped = now;
}

static bool send_hello(struct attach *a, int memfd)
{
	struct attach_message hello = { .version = ATTACH_VERSION, .kind = ATTACH_HELLO };
	int fds[2] = { memfd, a->wake };

	return socket_send(a->core, &hello, fds, 2);
}

// From here on the workers know the bridge, so whatever fails later is a detach.
static void take_core(struct attach *a, int core)
{
	int memfd;
	enum bridge_outcome outcome;

	a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->wake < 0) {
		say("no core is attached: no eventfd: %s", strerrordesc_np(errno));
		goto no_wake;
	}
	outcome = bridge_create(&a->bridge, a->plan, &memfd);
	if (outcome != BRIDGE_OK) {
		say("no core is attached: the bridge: %s", bridge_outcome_text(outcome));
		goto no_bridge;
	}
	a->core = core;
	a->state = ATTACH_SERVING;
	a->holding = a->plan->workers;
	memset(a->tail_seen, 0, sizeof(a->tail_seen));
	for (uint32_t i = 0; i < a->plan->workers; i++)
		orders_give(a->orders[i],
			(struct order){ .kind = ORDER_ADOPT, .bridge = &a->bridge.worker[i] });
	if (send_hello(a, memfd))
		say("a core is attached");
	else
		detach(a, "it did not take the bridge");
	close(memfd);
	return;

no_bridge:
	close(a->wake);
	a->wake = -1;
no_wake:
	close(core);
}

static void accept_core(struct attach *a)
{
	struct attach_message busy = { .version = ATTACH_VERSION, .kind = ATTACH_BUSY };
	int core = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);

	if (core < 0)
		return;
	if (a->state == ATTACH_ALONE) {
		take_core(a, core);
		return;
	}
	say("a second core is turned away: one is attached");
	if (!socket_send(core, &busy, NULL, 0))
		say("it did not wait to hear so");
	close(core);
}

static void answer_track(struct attach *a)
{
	if (a->state != ATTACH_SERVING)
		return; // who asked is gone
	if (a->job.answer.outcome == ATTACH_NO_MEMORY)
		say("no room for track %016llx of %llu bytes: raise memory.tracks-mb",
			(unsigned long long)a->job.answer.track,
			(unsigned long long)a->job.answer.len);
	if (!socket_send(a->core, &a->job.answer, NULL, 0))
		detach(a, "it does not read its answers");
}

static void answer_move(struct attach *a)
{
	if (a->state != ATTACH_SERVING)
		return; // who asked is gone
	if (!socket_send(a->core, &a->move.answer, NULL, 0))
		detach(a, "it does not read its answers");
}

// False: not a request, or not in our language.
static bool obey(struct attach *a, const struct attach_message *m, int fd)
{
	if (m->version != ATTACH_VERSION)
		return false;
	switch (m->kind) {
	case ATTACH_TRACK_ADD:
	case ATTACH_TRACK_DROP:
		track_job_begin(&a->job, a->tracks, m, fd, a->orders, a->plan->workers);
		if (a->job.state == JOB_NONE)
			answer_track(a);
		return true;
	case ATTACH_MOVE:
		queue_move_begin(&a->move, a->map, m, a->orders);
		if (a->move.state == MOVE_NONE)
			answer_move(a);
		return true;
	case ATTACH_PLAN:
		if (!attach_send_plan(a))
			detach(a, "it does not read its answers");
		return true;
	case ATTACH_RECORD_BEGIN:
	case ATTACH_RECORD_END:
		if (!attach_record(a, m))
			detach(a, "it does not read its answers");
		return true;
	default:
		return false;
	}
}

// Something the core has asked for is under way: its next message waits.
static bool is_busy(const struct attach *a)
{
	return a->job.state != JOB_NONE || a->move.state != MOVE_NONE;
}

static void hear_core(struct attach *a)
{
	struct attach_message m;
	int fd = -1;

	switch (socket_receive(a->core, &m, &fd)) {
	case SOCKET_MESSAGE:
		break;
	case SOCKET_NOTHING:
		return;
	case SOCKET_END:
		detach(a, "it closed the socket");
		return;
	case SOCKET_STRANGE:
		detach(a, "it does not speak our language");
		return;
	}
	if (!obey(a, &m, fd))
		detach(a, "it does not speak our language");
	if (fd >= 0)
		close(fd);
}

// The rest of the workers' reports; those about tracks are the job's.
static void hear_about_the_bridge(struct attach *a, const struct report *r, uint64_t now)
{
	if (r->kind == REPORT_LET_GO && --a->holding == 0)
		let_go(a, now);
	else if (r->kind == REPORT_BROKEN && a->state == ATTACH_SERVING)
		detach(a, "it wrote nonsense into a lane");
	else if (r->kind == REPORT_REAPED) {
		a->reaping--;
		if (r->n > 0)
			say("%u flows of nobody are closed", r->n);
	}
}

static void hear_worker(struct attach *a, uint32_t worker, uint64_t now)
{
	struct report r;

	while (orders_hear(a->orders[worker], &r)) {
		if (r.kind == REPORT_LEFT || r.kind == REPORT_POLLS) {
			if (queue_move_happen(&a->move, a->map, &r, a->orders))
				answer_move(a);
		} else if (r.kind != REPORT_SHOWN && r.kind != REPORT_HIDDEN)
			hear_about_the_bridge(a, &r, now);
		else if (track_job_happen(
				 &a->job, a->tracks, worker, &r, a->orders, a->plan->workers))
			answer_track(a);
	}
}

// Wakes the core when a lane has grown since the last look. The lane is in the core's reach: its
// tail is only ever compared.
static void look_at_lanes(struct attach *a)
{
	const uint64_t one = 1;
	struct pollfd room = { .fd = a->wake, .events = POLLOUT };
	bool grown = false;

	for (uint32_t i = 0; i < a->plan->workers; i++) {
		struct lane *up = a->bridge.worker[i].up;
		uint32_t tail = atomic_load_explicit(&up->tail, memory_order_relaxed);

		grown |= tail != a->tail_seen[i];
		a->tail_seen[i] = tail;
	}
	// Asked first, because the core can make the eventfd one that blocks.
	if (!grown || poll(&room, 1, 0) != 1)
		return;
	if (write(a->wake, &one, sizeof(one)) < 0)
		say("the core cannot be woken: %s", strerrordesc_np(errno));
}

static void copy_stats(struct attach *a)
{
	for (uint32_t i = 0; i < a->plan->workers; i++) {
		struct worker_stats *to = a->bridge.worker[i].stats;
		const struct worker_stats *from = a->stats[i];

#define X(name, help) \
	atomic_store_explicit(&to->name, stat_read(&from->name), memory_order_relaxed);
		WORKER_STAT_LIST(X)
#undef X
	}
}

static void look_after_core(struct attach *a, uint64_t now)
{
	look_at_lanes(a);
	if (now - a->stats_copied < (uint64_t)ATTACH_STATS_MS * MS)
		return;
	a->stats_copied = now;
	copy_stats(a);
}

// Nobody owns the flows any more: those that nobody sends to either are closed.
static void look_after_orphans(struct attach *a, uint64_t now)
{
	if (now - a->alone_since < a->orphan_ns || a->reaping > 0 ||
		now - a->reaped < REAP_EVERY_S * 1000ULL * MS)
		return;
	a->reaped = now;
	a->reaping = a->plan->workers;
	order_all(a, (struct order){ .kind = ORDER_REAP, .idle_ns = a->orphan_ns });
}

uint32_t attach_poll(const struct attach *a, struct pollfd fds[ATTACH_POLL_FDS])
{
	// While workers let go, or a track of the last core is on its way, a new one waits outside.
	bool open = a->state != ATTACH_LETTING_GO && !is_busy(a);

	fds[0] = (struct pollfd){ .fd = open ? a->listener : -1, .events = POLLIN };
	// While a track or a queue is on its way, its core's next message waits; its end does not.
	fds[1] = (struct pollfd){ .fd = a->core, .events = is_busy(a) ? 0 : POLLIN };
	return ATTACH_POLL_FDS;
}

void attach_serve(struct attach *a, const struct pollfd fds[ATTACH_POLL_FDS], uint64_t now)
{
	for (uint32_t i = 0; i < a->plan->workers; i++)
		hear_worker(a, i, now);
	if (!attach_tell_recorded(a))
		detach(a, "it does not read its answers");
	// The old core's end first: a new one may be waiting behind it.
	if (a->core >= 0 && !is_busy(a) && (fds[1].revents & POLLIN) != 0)
		hear_core(a);
	else if (a->core >= 0 && (fds[1].revents & (POLLHUP | POLLERR)) != 0)
		detach(a, "it closed the socket");
	if (a->state != ATTACH_LETTING_GO && (fds[0].revents & POLLIN) != 0)
		accept_core(a);
	if (a->state == ATTACH_SERVING)
		look_after_core(a, now);
	else if (a->state == ATTACH_ALONE)
		look_after_orphans(a, now);
}
