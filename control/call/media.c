// SPDX-License-Identifier: BSD-3-Clause
//
// Coming, hearing and going of layby-media:
//
//   AWAY ── HELLO ─► DESCRIBING ── every directory done ─► PREPARING ── every track settled
//    ▲                                                        │ orphans are closed    │
//    └───────────────── the connection's end ─────────────────┴────────── ATTACHED ◄──┘
#include "control/call/media_inside.h"
#include "control/loop.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	LOOK_MS = 2,    // between two looks at the directories
	SLOW_MS = 3000, // a worker that takes longer to describe its flows is said to
	ERROR_MAX = 256,
	SWEEP_MS = 10000, // until a track that was still played is asked about again
};

// --- going

static void unmap(struct media *m)
{
	clock_disarm(loop_clock(m->loop), &m->look);
	clock_disarm(loop_clock(m->loop), &m->sweep);
	m->woken = watch_free(m->woken);
	media_forget_held(m);
	for (uint32_t i = 0; m->workers != NULL && i < m->bridge.plan.workers; i++)
		media_worker_clear(&m->workers[i]);
	free(m->workers);
	m->workers = NULL;
	bridge_unmap(&m->bridge);
	if (m->wake >= 0)
		close(m->wake);
	m->wake = -1;
	m->doom[0] = '\0';
	media_plan_clear(&m->plan);
	media_tracks_reset(&m->tracks);
}

static void tell_recorded(const struct media *m, const struct media_recorded *what)
{
	if (m->ops.recorded != NULL)
		m->ops.recorded(m->ops.ctx, what);
}

static void lose_recordings(struct media *m)
{
	struct media_recorded what;

	while (media_record_lost(&m->record, &what))
		tell_recorded(m, &what);
}

static void gone(void *ctx)
{
	struct media *m = ctx;
	bool attached = m->state == MEDIA_ATTACHED;

	m->state = MEDIA_AWAY;
	unmap(m);
	lose_recordings(m);
	if (attached)
		m->ops.detached(m->ops.ctx);
}

// --- hearing

// Ends the attachment, in a turn of its own: whoever noticed is in the middle of something.
static void doom(struct media *m, const char *why)
{
	if (m->doom[0] != '\0')
		return;
	snprintf(m->doom, sizeof(m->doom), "%s", why);
	clock_arm(loop_clock(m->loop), &m->look, loop_now(m->loop));
}

// Reads the up-lanes and fills the down-lanes. Before the ports are known nothing has been asked.
static void serve(struct media *m)
{
	bool more = false;

	if (m->state < MEDIA_PREPARING)
		return;
	for (uint32_t i = 0; i < m->bridge.plan.workers; i++) {
		more |= media_hear(m, i);
		media_worker_flush(&m->workers[i]);
		if (media_worker_broken(&m->workers[i]))
			doom(m, "a worker wrote nonsense into its lane");
	}
	if (more)
		clock_arm(loop_clock(m->loop), &m->look, loop_now(m->loop));
}

static void woken(void *ctx, bool, bool)
{
	struct media *m = ctx;
	uint64_t times;

	// It only wakes; what there is to hear is in the lanes.
	ssize_t n = read(m->wake, &times, sizeof(times));
	(void)n;
	serve(m);
}

void media_send(struct media *m, uint32_t worker, const struct dp_cmd *cmd)
{
	if (!media_worker_send(&m->workers[worker], cmd))
		doom(m, "a worker takes no commands any more");
}

// --- coming

static void attach_when_ready(struct media *m)
{
	if (m->state != MEDIA_PREPARING || !media_tracks_prepared(&m->tracks))
		return;
	m->state = MEDIA_ATTACHED;
	m->ops.attached(m->ops.ctx, m->orphans);
}

void media_hand_over(struct media *m)
{
	char error[ERROR_MAX];

	if (m->state < MEDIA_PREPARING)
		return;
	if (!media_tracks_send(&m->tracks, &m->link, error, sizeof(error)))
		doom(m, error);
}

static void sweep(struct timer *t, uint64_t)
{
	struct media *m = TIMER_OWNER(t, struct media, sweep);

	media_tracks_ask_again(&m->tracks);
	media_hand_over(m);
}

static void track_encoded(void *ctx, const struct encoded *encoded)
{
	struct media *m = ctx;

	media_tracks_encoded(&m->tracks, encoded);
	if (m->state == MEDIA_ATTACHED && encoded->fd < 0)
		media_release_held(m);
	media_hand_over(m);
	attach_when_ready(m);
}

static void track_answered(void *ctx, const struct attach_message *answer)
{
	struct media *m = ctx;

	if (media_tracks_answered(&m->tracks, answer) && m->state == MEDIA_ATTACHED)
		media_release_held(m);
	if (m->state < MEDIA_PREPARING)
		return;
	media_hand_over(m);
	if (answer->outcome == ATTACH_IN_USE)
		clock_arm(loop_clock(m->loop), &m->sweep, loop_now(m->loop) + SWEEP_MS);
	attach_when_ready(m);
}

static void close_orphans(struct media *m, uint32_t worker)
{
	const struct media_ports *ports = &m->workers[worker].ports;

	for (uint32_t i = 0; i < ports->n; i++) {
		struct dp_cmd cmd = { .kind = DP_CMD_CLOSE,
			.flow = { .index = i, .gen = ports->place[i].gen } };

		if (ports->place[i].state != PLACE_CLOSING)
			continue;
		m->orphans++;
		media_send(m, worker, &cmd);
	}
}

static bool all_described(const struct media *m)
{
	for (uint32_t i = 0; i < m->bridge.plan.workers; i++)
		if (atomic_load_explicit(
			    m->bridge.worker[i].directory_done, memory_order_acquire) == 0)
			return false;
	return true;
}

// SIP of ours names only addresses of IPv4 so far: flows at others stay closed.
static void leave_out_others(struct media *m)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	for (uint32_t i = 0; i < m->bridge.plan.addresses; i++) {
		const struct bridge_address *a = &m->bridge.plan.address[i];

		if (memcmp(a->ip, mapped, sizeof(mapped)) != 0)
			media_ports_leave_out(
				&m->workers[a->worker].ports, a->flow_first, a->flows);
	}
}

static void prepare(struct media *m)
{
	for (uint32_t i = 0; i < m->bridge.plan.workers; i++) {
		if (!media_ports_init(&m->workers[i].ports, m->bridge.worker[i].directory,
			    m->bridge.plan.flows[i], &m->random, loop_now(m->loop))) {
			media_link_drop(&m->link, "no memory for its flows");
			return;
		}
	}
	leave_out_others(m);
	m->state = MEDIA_PREPARING;
	m->orphans = 0;
	for (uint32_t i = 0; i < m->bridge.plan.workers; i++)
		close_orphans(m, i);
	media_tracks_prepare(&m->tracks);
	media_hand_over(m);
	attach_when_ready(m);
}

static void look(struct timer *t, uint64_t now_ms)
{
	struct media *m = TIMER_OWNER(t, struct media, look);

	if (m->doom[0] != '\0') {
		media_link_drop(&m->link, m->doom);
		return;
	}
	if (m->state >= MEDIA_PREPARING) {
		serve(m);
		return;
	}
	if (all_described(m)) {
		prepare(m);
		return;
	}
	if (!m->slow && now_ms - m->since_ms > SLOW_MS) {
		log_warning("layby-media's workers do not say which flows they have; waiting");
		m->slow = true;
	}
	clock_arm(loop_clock(m->loop), &m->look, now_ms + LOOK_MS);
}

static bool make_workers(struct media *m)
{
	m->workers = calloc(m->bridge.plan.workers, sizeof(*m->workers));
	for (uint32_t i = 0; m->workers != NULL && i < m->bridge.plan.workers; i++)
		if (!media_worker_init(&m->workers[i], &m->bridge.worker[i]))
			return false;
	return m->workers != NULL;
}

static const char *hello(void *ctx, int bridge, int wake)
{
	struct media *m = ctx;
	enum bridge_outcome outcome = bridge_map(&m->bridge, bridge);

	close(bridge);
	m->wake = wake;
	if (outcome != BRIDGE_OK)
		return bridge_outcome_text(outcome);
	fcntl(wake, F_SETFL, O_NONBLOCK);
	m->woken = loop_watch(m->loop, wake, woken, m);
	if (m->woken == NULL || !make_workers(m))
		return "no memory for its lanes";
	m->state = MEDIA_DESCRIBING;
	m->slow = false;
	m->since_ms = loop_now(m->loop);
	clock_arm(loop_clock(m->loop), &m->look, m->since_ms);
	media_plan_ask(&m->plan, &m->link);
	return NULL;
}

static void said(void *ctx, const struct attach_message *message, int fd)
{
	struct media *m = ctx;

	struct media_recorded what;

	if (message->kind != ATTACH_RECORDING && message->kind != ATTACH_RECORDED)
		media_plan_said(&m->plan, &m->link, message, fd);
	else if (media_record_said(&m->record, message, &what))
		tell_recorded(m, &what);
}

static void writable(void *ctx)
{
	struct media *m = ctx;

	media_hand_over(m);
	media_record_writable(&m->record, &m->link);
}

struct media *media_new(struct loop *loop, const char *socket_path, const struct media_ops *ops)
{
	struct media *m = calloc(1, sizeof(*m));
	struct media_link_ops link = { .ctx = m,
		.hello = hello,
		.track = track_answered,
		.said = said,
		.writable = writable,
		.gone = gone };

	if (m == NULL)
		return NULL;
	m->loop = loop;
	m->ops = *ops;
	m->wake = -1;
	STAILQ_INIT(&m->held);
	media_record_init(&m->record);
	media_tracks_init(&m->tracks, media_encoder_new(loop, track_encoded, m));
	timer_init(&m->look, look);
	timer_init(&m->sweep, sweep);
	if (getrandom(&m->random, sizeof(m->random), 0) != sizeof(m->random) || m->random == 0)
		m->random = loop_now(loop) | 1; // only the order of ports depends on it
	if (m->tracks.encoder == NULL || !media_link_init(&m->link, loop, socket_path, &link)) {
		media_encoder_free(m->tracks.encoder);
		free(m);
		return NULL;
	}
	return m;
}

struct media *media_free(struct media *m)
{
	if (m == NULL)
		return NULL;
	media_link_clear(&m->link);
	unmap(m);
	m->ops.recorded = NULL; // nobody is to be told any more
	lose_recordings(m);
	media_encoder_free(m->tracks.encoder);
	media_tracks_clear(&m->tracks);
	free(m);
	return NULL;
}

// --- looking

bool media_attached(const struct media *m)
{
	return m->state == MEDIA_ATTACHED;
}

uint32_t media_workers(const struct media *m)
{
	return media_attached(m) ? m->bridge.plan.workers : 0;
}

void media_counts(const struct media *m, struct media_counts *out)
{
	*out = (struct media_counts){
		.tracks = m->tracks.count, .refusals = m->refusals, .strange = m->strange
	};
	for (uint32_t i = 0; m->state >= MEDIA_PREPARING && i < m->bridge.plan.workers; i++) {
		const struct media_worker *w = &m->workers[i];
		uint32_t resting = media_ports_resting(&w->ports, loop_now(m->loop));

		out->flows_open += w->ports.open;
		out->flows_resting += resting;
		out->flows_free += w->ports.free - resting;
		out->commands += w->sent;
		out->waiting += w->delayed;
	}
}

const struct worker_stats *media_stats(const struct media *m, uint16_t worker)
{
	return media_attached(m) && worker < m->bridge.plan.workers ? m->bridge.worker[worker].stats
								    : NULL;
}

const char *media_plan_text(const struct media *m)
{
	return m->plan.text;
}

bool media_move(struct media *m, uint32_t port, uint32_t queue, uint32_t worker)
{
	return media_attached(m) &&
	       media_plan_move(&m->plan, &m->link,
		       &(struct attach_queue){ .port = port, .queue = queue, .worker = worker });
}

const char *media_moved(const struct media *m)
{
	static const char *const names[] = { [MEDIA_MOVE_NONE] = "none",
		[MEDIA_MOVE_ASKED] = "asked",
		[MEDIA_MOVE_DONE] = "done",
		[MEDIA_MOVE_REFUSED] = "refused" };

	return names[m->plan.move];
}
