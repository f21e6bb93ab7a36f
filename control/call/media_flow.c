// SPDX-License-Identifier: BSD-3-Clause
//
// Wishes for flows, as commands. A wish for a track that layby-media has not answered for yet
// waits here, and so does whatever is wished for the same flow after it.
#include "codecs/track.h"
#include "control/call/media_inside.h"
#include "control/loop.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	L16_CLOCK = 8000,
	LONG_UNITS = 5 * 8000,
};

static struct place *place_of(const struct media *m, struct media_flow f)
{
	if (m->state != MEDIA_ATTACHED || f.id.gen == 0 || f.worker >= m->bridge.plan.workers)
		return NULL;
	return media_ports_find(&m->workers[f.worker].ports, f.id);
}

// Of tracks, in a codec with that clock; TRACK_CODECS: none.
static uint8_t encoding_of(uint8_t codec, uint32_t clock)
{
	static const uint8_t plain[] = { [DP_CODEC_PCMU] = TRACK_PCMU,
		[DP_CODEC_PCMA] = TRACK_PCMA,
		[DP_CODEC_G722] = TRACK_G722,
		[DP_CODEC_L16] = TRACK_L16,
		[DP_CODEC_OPUS] = TRACK_OPUS };

	if (codec == DP_CODEC_L16 && clock == 2 * L16_CLOCK)
		return TRACK_L16_WIDE;
	return codec <= DP_CODEC_OPUS ? plain[codec] : TRACK_CODECS;
}

// Is the track still to be settled in this place's encoding? Then it will be.
static bool is_awaited(struct media *m, const struct place *place, uint64_t hash)
{
	struct known_track *track = hash != 0 ? media_tracks_find(&m->tracks, hash) : NULL;

	if (track == NULL || place->encoding == TRACK_CODECS ||
		media_track_settled(track, place->encoding))
		return false;
	media_tracks_want(&m->tracks, track, place->encoding);
	return !media_track_settled(track, place->encoding);
}

static bool has_to_wait(struct media *m, const struct place *place, const struct dp_cmd *cmd)
{
	bool waits = false;

	for (int i = 0; cmd->kind == DP_CMD_PROMPT && i < DP_PROMPT_MAX; i++)
		waits |= is_awaited(m, place, cmd->prompt.track[i]);
	return waits;
}

// False: too many wait already, or no memory; then it goes on as if the track were there, and the
// worker's refusal tells the owner.
static bool hold(struct media *m, struct place *place, uint16_t worker, const struct dp_cmd *cmd)
{
	struct held_cmd *h;

	if (m->helds == MEDIA_HELD_MAX || place->held == UINT16_MAX)
		return false;
	h = malloc(sizeof(*h));
	if (h == NULL)
		return false;
	h->worker = worker;
	h->cmd = *cmd;
	STAILQ_INSERT_TAIL(&m->held, h, link);
	m->helds++;
	place->held++;
	return true;
}

static void pass_on(struct media *m, struct place *place, uint16_t worker, const struct dp_cmd *cmd)
{
	bool wait = place->held > 0 || has_to_wait(m, place, cmd);

	if (wait && hold(m, place, worker, cmd))
		return;
	if (cmd->kind == DP_CMD_MUSIC)
		place->musics++;
	media_send(m, worker, cmd);
}

// --- music

static void send_music(
	struct media *m, struct place *place, uint16_t worker, struct flow_id id, uint64_t track)
{
	struct dp_cmd cmd = { .kind = DP_CMD_MUSIC,
		.flow = id,
		.music = { .track = track, .flags = place->shared ? DP_MUSIC_SHARED : 0 } };

	pass_on(m, place, worker, &cmd);
}

// These take so long to encode that silence meanwhile would be heard.
static bool takes_long(const struct known_track *track, uint8_t encoding)
{
	return (encoding == TRACK_G722 || encoding == TRACK_OPUS) && track->music.len > LONG_UNITS;
}

// What plays while the track is being encoded: the track itself, made of samples by the worker, or
// the house's music in whatever way it can be had. 0: nothing.
static uint64_t stand_in(const struct media *m, const struct place *place)
{
	const struct known_track *track = media_tracks_find(&m->tracks, place->music);
	const struct known_track *house = media_tracks_find(&m->tracks, m->house_music);

	if (!takes_long(track, place->encoding))
		return 0;
	if (media_track_is_samples(track))
		return place->music;
	if (house != NULL &&
		(media_track_is_samples(house) || media_track_settled(house, place->encoding)))
		return m->house_music;
	return 0;
}

static void play(struct media *m, struct place *place, uint16_t worker, struct flow_id id)
{
	uint64_t track = place->music;

	place->waits = is_awaited(m, place, track);
	if (place->waits)
		track = stand_in(m, place);
	if (track != 0 || !place->waits)
		send_music(m, place, worker, id, track);
}

// Music that waited and need not any more.
static void play_settled(struct media *m)
{
	for (uint32_t w = 0; w < m->bridge.plan.workers; w++) {
		struct media_ports *ports = &m->workers[w].ports;

		for (uint32_t i = 0; i < ports->n; i++) {
			struct place *place = &ports->place[i];
			struct flow_id id = { .index = i, .gen = place->gen };

			if (place->state != PLACE_OPEN || !place->waits ||
				is_awaited(m, place, place->music))
				continue;
			place->waits = false;
			send_music(m, place, (uint16_t)w, id, place->music);
		}
	}
}

static void forget_music(struct place *place)
{
	place->music = 0;
	place->waits = place->heard = false;
}

static struct held_cmd *take_held(struct media *m)
{
	struct held_cmd *h = STAILQ_FIRST(&m->held);

	STAILQ_REMOVE_HEAD(&m->held, link);
	m->helds--;
	return h;
}

// Goes round once: what still has to wait comes in again behind the others, in its order.
void media_release_held(struct media *m)
{
	const struct held_cmd *each;

	STAILQ_FOREACH(each, &m->held, link)
		m->workers[each->worker].ports.place[each->cmd.flow.index].held = 0;
	for (uint32_t n = m->helds; n > 0; n--) {
		struct held_cmd *h = take_held(m);
		struct place *place = media_ports_find(&m->workers[h->worker].ports, h->cmd.flow);

		if (place != NULL)
			pass_on(m, place, h->worker, &h->cmd);
		free(h);
	}
	play_settled(m);
}

void media_forget_held(struct media *m)
{
	while (m->helds > 0)
		free(take_held(m));
}

static bool sets_mode(const struct dp_cmd *cmd)
{
	return cmd->kind == DP_CMD_SILENT || cmd->kind == DP_CMD_PROMPT ||
	       cmd->kind == DP_CMD_RELAY;
}

static void wish(struct media *m, struct media_flow f, struct dp_cmd *cmd)
{
	struct place *place = place_of(m, f);

	if (place == NULL)
		return; // gone with layby-media: its owner has been told
	if (sets_mode(cmd))
		forget_music(place);
	cmd->flow = f.id;
	pass_on(m, place, f.worker, cmd);
}

bool media_open(struct media *m, uint16_t worker, void *owner, struct media_flow *out)
{
	struct dp_cmd cmd = { .kind = DP_CMD_OPEN };

	if (m->state != MEDIA_ATTACHED || worker >= m->bridge.plan.workers)
		return false;
	if (!media_ports_open(&m->workers[worker].ports, owner, loop_now(m->loop), &cmd.flow))
		return false;
	cmd.open.owner = ++m->opened;
	*out = (struct media_flow){ .id = cmd.flow, .worker = worker };
	media_send(m, worker, &cmd);
	return true;
}

void media_set_owner(struct media *m, struct media_flow f, void *owner)
{
	struct place *place = place_of(m, f);

	if (place != NULL)
		place->owner = owner;
}

void media_close(struct media *m, struct media_flow *f)
{
	struct place *place = place_of(m, *f);
	struct dp_cmd cmd = { .kind = DP_CMD_CLOSE, .flow = f->id };

	if (place != NULL) {
		media_ports_closing(place);
		media_send(m, f->worker, &cmd);
	}
	*f = (struct media_flow){ .worker = 0 };
}

void media_local(const struct media *m, struct media_flow f, struct address *out)
{
	const struct bridge_plan *plan = &m->bridge.plan;

	*out = (struct address){ .port = 0 };
	for (uint32_t i = 0; place_of(m, f) != NULL && i < plan->addresses; i++) {
		const struct bridge_address *a = &plan->address[i];
		uint32_t at = f.id.index - a->flow_first;

		if (a->worker != f.worker || f.id.index < a->flow_first || at >= a->flows)
			continue;
		memcpy(out->ip, a->ip, sizeof(out->ip));
		out->port = (uint16_t)(a->port_first + 2 * at);
		return;
	}
}

void media_remote(struct media *m, struct media_flow f, const struct media_remote *remote)
{
	struct dp_cmd cmd = { .kind = DP_CMD_REMOTE };
	struct place *place = place_of(m, f);
	uint8_t encoding = encoding_of(remote->codec, remote->clock);
	uint64_t music = place != NULL ? place->music : 0;
	bool anew = music != 0 && place->encoding != encoding;

	// The music may not be there in the new codec.
	if (anew)
		media_silent(m, f);
	if (place != NULL)
		place->encoding = encoding;
	memcpy(cmd.remote.ip, remote->rtp.ip, sizeof(cmd.remote.ip));
	memcpy(cmd.remote.nat, remote->nat, sizeof(cmd.remote.nat));
	cmd.remote.clock = remote->clock;
	cmd.remote.rtp_port = remote->rtp.port;
	cmd.remote.rtcp_port = remote->rtcp.port;
	cmd.remote.pt_tx = remote->pt_tx;
	cmd.remote.pt_rx = remote->pt_rx;
	cmd.remote.dtmf_tx = remote->dtmf_tx;
	cmd.remote.dtmf_rx = remote->dtmf_rx;
	cmd.remote.codec = remote->codec;
	cmd.remote.ptime = remote->ptime;
	cmd.remote.flags = remote->mute ? DP_REMOTE_MUTE : 0;
	cmd.remote.cn = remote->cn;
	wish(m, f, &cmd);
	if (anew)
		media_music(m, f, music, place->shared);
}

void media_silent(struct media *m, struct media_flow f)
{
	struct dp_cmd cmd = { .kind = DP_CMD_SILENT };

	wish(m, f, &cmd);
}

void media_music(struct media *m, struct media_flow f, uint64_t track, bool shared)
{
	struct place *place = place_of(m, f);

	if (place == NULL)
		return;
	forget_music(place);
	place->music = track;
	place->shared = shared;
	play(m, place, f.worker, f.id);
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
	struct dp_cmd cmd = { .kind = DP_CMD_RELAY,
		.relay = { .peer = peer.id, .worker = peer.worker } };

	// An account's flows are all on its home worker; between accounts the workers hand over.
	wish(m, f, &cmd);
}

void media_watch(struct media *m, struct media_flow f, uint16_t digits)
{
	struct dp_cmd cmd = { .kind = DP_CMD_WATCH, .watch.digits = digits };

	wish(m, f, &cmd);
}

void media_query(struct media *m, struct media_flow f)
{
	struct dp_cmd cmd = { .kind = DP_CMD_QUERY };

	wish(m, f, &cmd);
}

void media_digits(
	struct media *m, struct media_flow f, const uint8_t *digit, const uint16_t *ms, uint32_t n)
{
	struct dp_cmd cmd = { .kind = DP_CMD_DIGITS, .digits.n = (uint8_t)n };

	assert(n >= 1 && n <= DP_DIGITS_MAX);
	memcpy(cmd.digits.digit, digit, n);
	memcpy(cmd.digits.ms, ms, n * sizeof(*ms));
	wish(m, f, &cmd);
}

bool media_record_begin(struct media *m, const struct media_recorded *what, uint32_t hz)
{
	return m->state == MEDIA_ATTACHED && media_record_ask(&m->record, &m->link, what, hz);
}

void media_record_channel(
	struct media *m, struct media_flow f, uint64_t id, uint8_t channel, uint8_t state)
{
	struct dp_cmd cmd = { .kind = DP_CMD_RECORD,
		.record = { .recording = id, .channel = channel, .state = state } };

	wish(m, f, &cmd);
}

void media_record_end(struct media *m, uint64_t id)
{
	media_record_stop(&m->record, &m->link, id);
}
