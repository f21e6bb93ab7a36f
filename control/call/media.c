// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media.h"

#include "control/account/music.h"
#include "control/call/media_link.h"
#include "control/call/media_worker.h"
#include "control/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_A_TURN = 4096, SAMPLES_A_MS = 8 };

struct media {
	struct link link;
	struct media_ops ops;
	struct worker_end *worker; // plan.workers of them, while up
	uint32_t workers;          // … or 0
	uint32_t last_tag;
	uint32_t open;
	uint64_t commands, refusals;
};

static uint64_t now(const struct media *m)
{
	return loop_now(m->link.loop);
}

// --- commands

static bool tracks_ready(const struct media *m, const struct dp_cmd *cmd)
{
	const uint64_t *track = cmd->kind == DP_CMD_MUSIC ? &cmd->music.track : cmd->prompt.track;
	int n = cmd->kind == DP_CMD_MUSIC ? 1 : DP_PROMPT_MAX;

	if (cmd->kind != DP_CMD_MUSIC && cmd->kind != DP_CMD_PROMPT)
		return true;
	for (int i = 0; i < n; i++) {
		const struct link_track *t = link_find_track(&m->link, track[i]);

		if (t != NULL && !link_track_ready(t))
			return false;
	}
	return true;
}

static bool send_now(struct media *m, uint32_t w, const struct dp_cmd *cmd)
{
	if (!tracks_ready(m, cmd) || !worker_send(&m->worker[w], cmd))
		return false;
	m->commands++;
	return true;
}

static void catch_up(struct media *m, uint32_t w)
{
	struct worker_end *end = &m->worker[w];

	while (end->pending_n > 0 && send_now(m, w, &end->pending[end->pending_first])) {
		end->pending_first++;
		end->pending_n--;
	}
	if (end->pending_n == 0)
		end->pending_first = 0;
}

static void wish(struct media *m, struct media_flow f, struct dp_cmd *cmd)
{
	if (f.id.gen == 0 || f.worker >= m->workers)
		return;
	if (++m->last_tag == 0)
		m->last_tag = 1;
	cmd->tag = m->last_tag;
	cmd->flow = f.id;
	if (m->worker[f.worker].pending_n > 0 || !send_now(m, f.worker, cmd))
		worker_put_off(&m->worker[f.worker], cmd);
}

static const struct bridge_address *address_of(
	const struct media *m, uint16_t worker, uint32_t index)
{
	const struct bridge_plan *plan = &m->link.bridge.plan;

	for (uint32_t i = 0; i < plan->addresses; i++) {
		const struct bridge_address *a = &plan->address[i];

		if (a->worker == worker && index - a->flow_first < a->flows)
			return a;
	}
	return NULL;
}

// The order in which ports are given out is nobody's to guess.
// --- attaching and detaching

// What our predecessor left: flows that nobody knows any more are closed, and ports that were
// ever used may have rested for a moment only.
static uint32_t read_directory(struct media *m, uint16_t w)
{
	struct worker_end *end = &m->worker[w];
	const struct bridge_entry *entry = m->link.bridge.worker[w].directory;
	uint32_t orphans = 0;

	for (uint32_t i = 0; i < end->places; i++) {
		struct media_flow f = { .id = { .index = i }, .worker = w };

		f.id.gen = end->place[i].gen =
			atomic_load_explicit(&entry[i].gen, memory_order_relaxed);
		if (address_of(m, w, i) == NULL)
			continue;
		if (atomic_load_explicit(&entry[i].open, memory_order_relaxed) != 0) {
			wish(m, f, &(struct dp_cmd){ .kind = DP_CMD_CLOSE });
			orphans++;
		} else if (f.id.gen != 0) {
			worker_set_resting(end, i, now(m) + REST_MS);
		} else {
			worker_set_free(end, i);
		}
	}
	worker_shuffle(end);
	return orphans;
}

static void forget(struct media *m)
{
	for (uint32_t w = 0; w < m->workers; w++)
		worker_end_clear(&m->worker[w]);
	free(m->worker);
	m->worker = NULL;
	m->workers = 0;
	m->open = 0;
}

static void up(void *ctx)
{
	struct media *m = ctx;
	uint32_t orphans = 0;
	bool ok = true;

	m->workers = m->link.bridge.plan.workers;
	m->worker = calloc(m->workers, sizeof(*m->worker));
	assert(m->worker != NULL);
	for (uint32_t w = 0; w < m->workers; w++)
		ok = worker_end_init(&m->worker[w], &m->link.bridge.worker[w],
			     m->link.bridge.plan.flows[w]) &&
		     ok;
	assert(ok);
	for (uint32_t w = 0; w < m->workers; w++)
		orphans += read_directory(m, (uint16_t)w);
	m->ops.attached(m->ops.ctx, orphans);
}

static void down(void *ctx)
{
	struct media *m = ctx;

	m->ops.detached(m->ops.ctx);
	forget(m);
}

// --- answers and events

static void tell(struct media *m, const struct place *p, struct media_event *event)
{
	event->owner = p->owner;
	if (p->open && p->owner != NULL)
		m->ops.happen(m->ops.ctx, event);
}

static bool answered(struct media *m, struct worker_end *end, const struct dp_event *e)
{
	struct asked a;
	struct place *p;

	if (!worker_answered(end, e->tag, &a))
		return false;
	p = &end->place[a.index];
	if (a.kind == DP_CMD_CLOSE) {
		worker_set_resting(end, a.index, now(m) + REST_MS);
		return true;
	}
	if (e->kind == DP_EVENT_REFUSED)
		m->refusals++;
	if (p->gen == a.gen)
		tell(m, p,
			&(struct media_event){
				.kind = e->kind == DP_EVENT_REFUSED ? MEDIA_FAILED : MEDIA_DONE,
				.cmd = a.kind,
				.refusal = e->refusal,
				.raw = e });
	return true;
}

static void spoken(struct media *m, struct worker_end *end, const struct dp_event *e)
{
	struct media_event event = { .raw = e };
	const struct place *p;

	if (e->flow.index >= end->places || end->place[e->flow.index].gen != e->flow.gen)
		return; // of a flow that we have closed meanwhile
	p = &end->place[e->flow.index];
	if (e->kind == DP_EVENT_DIGIT) {
		event.kind = MEDIA_DIGIT;
		event.digit = e->digit.digit & 15;
		event.withheld = e->digit.withheld != 0;
		event.duration_ms = e->digit.duration_ms;
	} else if (e->kind == DP_EVENT_PLAYED) {
		event.kind = MEDIA_PLAYED;
	} else if (e->kind == DP_EVENT_LOCKED) {
		event.kind = MEDIA_LOCKED;
	} else {
		return;
	}
	tell(m, p, &event);
}

// False: the other side broke the contract.
static bool drain(struct media *m, uint32_t w)
{
	uint32_t at;

	for (int i = 0; i < EVENTS_A_TURN && w < m->workers; i++) {
		struct worker_end *end = &m->worker[w];
		struct dp_event e;

		if (!lane_peek(&end->up, &at))
			return !end->up.broken;
		e = m->link.bridge.worker[w].events[at];
		lane_release(&end->up);
		if (e.tag == 0)
			spoken(m, end, &e);
		else if (!answered(m, end, &e))
			return false;
	}
	return true;
}

static void wake(void *ctx)
{
	struct media *m = ctx;

	for (uint32_t w = 0; w < m->workers; w++) {
		if (!drain(m, w)) {
			link_drop(&m->link, "an answer that nobody asked for, or a broken lane");
			return;
		}
		if (w < m->workers)
			catch_up(m, w);
	}
}

static void track_told(void *ctx)
{
	struct media *m = ctx;

	for (uint32_t w = 0; w < m->workers; w++)
		catch_up(m, w);
}

// --- for everybody

struct media *media_new(struct loop *loop, const char *socket_path, const struct media_ops *ops)
{
	struct media *m = calloc(1, sizeof(*m));
	const struct link_ops link = {
		.ctx = m, .up = up, .down = down, .wake = wake, .track = track_told
	};

	if (m == NULL)
		return NULL;
	m->ops = *ops;
	if (!link_init(&m->link, loop, socket_path, &link)) {
		free(m);
		return NULL;
	}
	return m;
}

struct media *media_free(struct media *m)
{
	if (m == NULL)
		return NULL;
	forget(m);
	link_clear(&m->link);
	free(m);
	return NULL;
}

bool media_attached(const struct media *m)
{
	return m->workers > 0;
}

uint32_t media_workers(const struct media *m)
{
	return m->workers;
}

uint64_t media_track(struct media *m, const char *path, char *error, uint32_t error_size)
{
	struct link_track track = { .path = NULL };
	struct music music;

	for (uint32_t i = 0; i < m->link.tracks; i++)
		if (strcmp(m->link.track[i].path, path) == 0)
			return m->link.track[i].hash;
	if (!music_load(&music, path, error, error_size))
		return 0;
	if (link_find_track(&m->link, music.hash) != NULL) { // the same audio in another file
		track.hash = music.hash;
		music_clear(&music);
		return track.hash;
	}
	track = (struct link_track){ .path = strdup(path),
		.hash = music.hash,
		.len = music.len,
		.encoded = { music.encoded[0], music.encoded[1] } };
	if (track.path == NULL || link_add_track(&m->link, &track) == NULL) {
		snprintf(error, error_size, "%s: no memory", path);
		free(track.path);
		music_clear(&music);
		return 0;
	}
	return track.hash;
}

uint32_t media_track_ms(const struct media *m, uint64_t track)
{
	const struct link_track *t = link_find_track(&m->link, track);

	return t != NULL ? t->len / SAMPLES_A_MS : 0;
}

bool media_open(struct media *m, uint16_t worker, void *owner, struct media_flow *out)
{
	struct place *p;
	uint32_t index;

	if (worker >= m->workers)
		return false;
	p = worker_take(&m->worker[worker], now(m), &index);
	if (p == NULL)
		return false;
	p->open = true;
	p->owner = owner;
	m->open++;
	*out = (struct media_flow){ .id = { .index = index, .gen = p->gen }, .worker = worker };
	wish(m, *out,
		&(struct dp_cmd){ .kind = DP_CMD_OPEN, .open.owner = (uint64_t)(uintptr_t)owner });
	return true;
}

static struct place *place_of(const struct media *m, struct media_flow f)
{
	struct place *p;

	if (f.id.gen == 0 || f.worker >= m->workers || f.id.index >= m->worker[f.worker].places)
		return NULL;
	p = &m->worker[f.worker].place[f.id.index];
	return p->open && p->gen == f.id.gen ? p : NULL;
}

void media_set_owner(struct media *m, struct media_flow f, void *owner)
{
	struct place *p = place_of(m, f);

	if (p != NULL)
		p->owner = owner;
}

void media_close(struct media *m, struct media_flow *f)
{
	struct place *p = place_of(m, *f);

	if (p != NULL) {
		p->open = false;
		p->owner = NULL;
		m->open--;
		wish(m, *f, &(struct dp_cmd){ .kind = DP_CMD_CLOSE });
	}
	*f = (struct media_flow){ .worker = 0 };
}

void media_local(const struct media *m, struct media_flow f, struct address *out)
{
	const struct bridge_address *a = f.id.gen == 0 ? NULL : address_of(m, f.worker, f.id.index);

	*out = (struct address){ .port = 0 };
	if (a == NULL)
		return;
	memcpy(out->ip, a->ip, sizeof(out->ip));
	out->port = (uint16_t)(a->port_first + 2 * (f.id.index - a->flow_first));
}

void media_remote(struct media *m, struct media_flow f, const struct media_remote *remote)
{
	struct dp_cmd cmd = { .kind = DP_CMD_REMOTE,
		.remote = { .clock = remote->clock,
			.rtp_port = remote->rtp.port,
			.rtcp_port = remote->rtcp.port,
			.pt_tx = remote->pt_tx,
			.pt_rx = remote->pt_rx,
			.dtmf_tx = remote->dtmf_tx,
			.dtmf_rx = remote->dtmf_rx,
			.codec = remote->codec,
			.ptime = remote->ptime,
			.flags = remote->mute ? DP_REMOTE_MUTE : 0 } };

	memcpy(cmd.remote.ip, remote->rtp.ip, sizeof(cmd.remote.ip));
	memcpy(cmd.remote.nat, remote->nat, sizeof(cmd.remote.nat));
	wish(m, f, &cmd);
}

void media_silent(struct media *m, struct media_flow f)
{
	wish(m, f, &(struct dp_cmd){ .kind = DP_CMD_SILENT });
}

void media_music(struct media *m, struct media_flow f, uint64_t track)
{
	wish(m, f, &(struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = track });
}

void media_prompt(struct media *m, struct media_flow f, const uint64_t *track, uint32_t n)
{
	struct dp_cmd cmd = { .kind = DP_CMD_PROMPT };

	assert(n >= 1 && n <= DP_PROMPT_MAX);
	memcpy(cmd.prompt.track, track, n * sizeof(*track));
	wish(m, f, &cmd);
}

void media_relay(struct media *m, struct media_flow f, struct media_flow peer)
{
	wish(m, f, &(struct dp_cmd){ .kind = DP_CMD_RELAY, .relay.peer = peer.id });
}

void media_watch(struct media *m, struct media_flow f, uint16_t digits)
{
	wish(m, f, &(struct dp_cmd){ .kind = DP_CMD_WATCH, .watch.digits = digits });
}

void media_digits(
	struct media *m, struct media_flow f, const uint8_t *digit, const uint16_t *ms, uint32_t n)
{
	struct dp_cmd cmd = { .kind = DP_CMD_DIGITS, .digits.n = (uint8_t)n };

	assert(n >= 1 && n <= DP_DIGITS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		cmd.digits.digit[i] = digit[i];
		cmd.digits.ms[i] = ms[i];
	}
	wish(m, f, &cmd);
}

void media_counts(const struct media *m, struct media_counts *out)
{
	*out = (struct media_counts){ .flows_open = m->open,
		.tracks = m->link.tracks,
		.commands = m->commands,
		.refusals = m->refusals };
	for (uint32_t w = 0; w < m->workers; w++) {
		out->flows_free += m->worker[w].free.n;
		out->flows_resting += m->worker[w].resting.n;
		out->waiting += m->worker[w].pending_n;
	}
}

const struct worker_stats *media_stats(const struct media *m, uint16_t worker)
{
	return worker < m->workers ? m->link.bridge.worker[worker].stats : NULL;
}
