// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/world.h"

#include "control/sip/registrar.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world world;

static const char offer[] =
	"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
	"m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
static const char held[] =
	"v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
	"m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
	"a=sendonly\r\n";

// --- the endpoint

static const char *described(void)
{
	return world.offer != NULL ? world.offer : offer;
}

static struct sip_dialog *new_dialog(const char *user)
{
	struct sip_dialog *d = &world.dialog[world.dialogs++];

	cr_assert(lt(u32, world.dialogs, WORLD_DIALOGS));
	snprintf(d->user, sizeof(d->user), "%s", user);
	cr_assert(address_read(&d->source, "192.0.2.7:5060"));
	return d;
}

void sip_ring(struct sip_dialog *d, uint16_t)
{
	d->rings++;
}

void sip_accept(struct sip_dialog *d, const char *sdp, size_t len, const char *)
{
	struct sip_event unacked = { .kind = SIP_EV_UNACKED, .dialog = d, .owner = d->owner };

	cr_assert(not(d->accepted));
	if (world.cannot_answer) {
		d->over = true;
		leg_sip(d->owner, &unacked);
		return;
	}
	d->accepted = true;
	memcpy(d->sdp, sdp, len);
	d->sdp_len = len;
}

void sip_refuse(struct sip_dialog *d, uint16_t code, const char *)
{
	cr_assert(not(d->over));
	d->over = true;
	d->refused = code;
}

struct sip_dialog *sip_invite(struct sip *, const struct sip_call_out *call, void *owner)
{
	struct sip_dialog *d = new_dialog("");

	snprintf(d->uri, sizeof(d->uri), "%s", call->uri);
	sscanf(call->uri, "sip:%63[^@]", d->user);
	memcpy(d->sdp, call->sdp, call->sdp_len);
	d->sdp_len = call->sdp_len;
	d->outgoing = true;
	d->owner = owner;
	d->max_forwards = call->max_forwards;
	return d;
}

void sip_set_owner(struct sip_dialog *d, void *owner)
{
	d->owner = owner;
}

const struct address *sip_source(const struct sip_dialog *d)
{
	return &d->source;
}

bool sip_behind_nat(const struct sip_dialog *)
{
	return false;
}

void sip_hangup(struct sip_dialog *d, uint16_t code, const char *reason)
{
	cr_assert(not(d->over), "hung up twice");
	d->over = true;
	d->hung_up = code == 0 ? 1 : code;
	snprintf(d->reason, sizeof(d->reason), "%s", reason != NULL ? reason : "");
}

void sip_answer_offer(struct sip_dialog *d, const char *sdp, size_t len)
{
	memcpy(d->sdp, sdp, len);
	d->sdp_len = len;
}

void sip_refuse_offer(struct sip_dialog *d, uint16_t code)
{
	d->refused = code;
}

struct registrar *sip_registrar(struct sip *)
{
	return NULL;
}

uint32_t registrar_find(const struct registrar *, const char *user, const char *,
	struct contact out[REGISTRAR_CONTACTS_MAX])
{
	for (uint32_t i = 0; i < world.reachable_n; i++) {
		if (strcmp(world.reachable[i], user) != 0)
			continue;
		out[0] = (struct contact){ .nat = false };
		snprintf(out[0].uri, sizeof(out[0].uri), "sip:%s@192.0.2.7:5060", user);
		return 1;
	}
	return 0;
}

// --- the media

static struct world_flow *flow_of(struct media_flow f)
{
	cr_assert(lt(u32, f.id.index, WORLD_FLOWS));
	cr_assert(world.flow[f.id.index].open, "a wish for a flow that is closed");
	return &world.flow[f.id.index];
}

bool media_attached(const struct media *)
{
	return true;
}

uint32_t media_workers(const struct media *)
{
	return 1;
}

uint64_t media_track(struct media *, const char *path, char *, uint32_t)
{
	return (uint64_t)atoi(path);
}

uint32_t media_track_ms(const struct media *, uint64_t)
{
	return 1000;
}

bool media_open(struct media *, uint16_t worker, void *owner, struct media_flow *out)
{
	if (world.no_ports)
		return false;
	*out = (struct media_flow){ .id = { .index = ++world.flows, .gen = 1 }, .worker = worker };
	cr_assert(lt(u32, world.flows, WORLD_FLOWS));
	world.flow[world.flows] = (struct world_flow){ .open = true, .owner = owner };
	world.flows_open++;
	return true;
}

void media_close(struct media *, struct media_flow *f)
{
	if (f->id.gen == 0)
		return;
	flow_of(*f)->open = false;
	world.flows_open--;
	*f = (struct media_flow){ .worker = 0 };
}

void media_local(const struct media *, struct media_flow f, struct address *out)
{
	cr_assert(address_read(out, "192.0.2.1:0"));
	out->port = (uint16_t)(16384 + 2 * f.id.index);
}

void media_remote(struct media *, struct media_flow f, const struct media_remote *remote)
{
	flow_of(f)->remote = true;
	flow_of(f)->codec = remote->codec;
	flow_of(f)->clock = remote->clock;
	flow_of(f)->dtmf_tx = remote->dtmf_tx;
	flow_of(f)->muted = remote->mute;
	flow_of(f)->rtp = remote->rtp;
	flow_of(f)->rtcp = remote->rtcp;
	flow_of(f)->cn = remote->cn;
}

void media_silent(struct media *, struct media_flow f)
{
	flow_of(f)->mode = WORLD_SILENT;
}

static void answer_music(void *what, int)
{
	struct world_flow *f = what;
	struct media_event event = { .kind = world.refuse_music ? MEDIA_FAILED : MEDIA_DONE,
		.owner = f->owner,
		.cmd = DP_CMD_MUSIC,
		.refusal = DP_REFUSAL_NO_TRACK };

	if (f->open)
		leg_media(f->owner, &event);
}

void media_track_release(struct media *, uint64_t)
{
}

void media_music(struct media *, struct media_flow f, uint64_t track, bool shared)
{
	struct world_flow *flow = flow_of(f);

	flow->shared = shared;
	flow->mode = WORLD_MUSIC;
	flow->track[0] = track;
	flow->tracks = 1;
	exchange_post(&world.x, answer_music, flow, 0);
}

void media_prompt(struct media *, struct media_flow f, const uint64_t *track, uint32_t n)
{
	struct world_flow *flow = flow_of(f);

	flow->mode = WORLD_PROMPT;
	flow->tracks = n;
	memcpy(flow->track, track, n * sizeof(*track));
}

void media_relay(struct media *, struct media_flow f, struct media_flow peer)
{
	flow_of(peer);
	flow_of(f)->mode = WORLD_RELAY;
	flow_of(f)->peer = peer.id.index;
}

void media_watch(struct media *, struct media_flow f, uint16_t digits)
{
	flow_of(f)->watched = digits;
}

void media_query(struct media *, struct media_flow f)
{
	struct world_flow *flow = flow_of(f);
	struct dp_event raw = { .kind = DP_EVENT_QUALITY, .quality = { .rx_packets = 7 } };
	struct media_event event = { .kind = MEDIA_QUALITY, .owner = flow->owner, .raw = &raw };

	leg_media(flow->owner, &event);
}

void media_digits(
	struct media *, struct media_flow f, const uint8_t *digit, const uint16_t *, uint32_t n)
{
	struct world_flow *flow = flow_of(f);

	for (uint32_t i = 0; i < n; i++)
		flow->digit[flow->given_back++ % sizeof(flow->digit)] = digit[i];
}

bool media_record_begin(struct media *, const struct media_recorded *what, uint32_t)
{
	if (world.no_files)
		return false;
	world.file = *what;
	world.files++;
	return true;
}

void media_record_channel(
	struct media *, struct media_flow f, uint64_t id, uint8_t channel, uint8_t state)
{
	struct world_flow *flow = f.id.gen != 0 ? &world.flow[f.id.index] : NULL;

	if (flow == NULL || !flow->open)
		return;
	flow->recorded = state;
	flow->channel = channel;
	flow->recording = id;
}

void media_record_end(struct media *, uint64_t id)
{
	world.files_ended += id == world.file.id;
}

// --- the test's hands

static void told(void *, const struct news *news)
{
	snprintf(world.news[world.news_n++ % WORLD_NEWS], sizeof(world.news[0]), "%s", news->name);
	if (news->reason != NULL)
		snprintf(world.news_reason, sizeof(world.news_reason), "%s", news->reason);
	if (news->winner != NULL)
		snprintf(world.winner, sizeof(world.winner), "%s", news->winner);
}

void world_start(void)
{
	struct exchange_plan plan = { .clock = &world.clock,
		.accounts = &world_accounts,
		.tracks = { .music = TRACK_MUSIC, .full = TRACK_FULL, .empty = TRACK_EMPTY },
		.has_trunk = true,
		.calls_max = 100,
		.news = told };

	for (uint64_t i = 0; i < 10; i++)
		plan.tracks.digit[i] = TRACK_DIGIT + i;
	cr_assert(address_read(&plan.trunk, "192.0.2.50:5060"));
	cr_assert(address_read(&plan.local, "192.0.2.1:5060"));
	clock_init(&world.clock, 1000);
	world_accounts.refs = 1;
	exchange_init(&world.x, &plan);
	park_init(&world.x);
}

void world_end(void)
{
	for (uint32_t i = 0; i < world.dialogs; i++)
		cr_expect(world.dialog[i].over, "dialog %u with %s is left open", i,
			world.dialog[i].user);
	cr_expect(eq(u32, world.flows_open, 0), "flows are left open");
	cr_expect(eq(u32, world.x.calls_alive, 0), "calls are left alive");
	cr_expect(eq(u64, world.clock.armed, 0), "timers are left armed");
	exchange_clear(&world.x);
	cr_expect(eq(u32, world_accounts.refs, 0), "references to accounts are left");
}

void world_register(const char *user)
{
	snprintf(world.reachable[world.reachable_n++], NAME_MAX_LEN, "%s", user);
}

struct sip_dialog *world_call(const char *domain, const char *user, const char *number)
{
	struct sip_dialog *d = new_dialog(user != NULL ? user : "+61400000000");
	struct sip_call_in call = { .trunk = user == NULL,
		.user = user != NULL ? user : "",
		.domain = domain != NULL ? domain : "",
		.number = number,
		.host = "192.0.2.1",
		.from = d->user,
		.display = "",
		.call_id = "x",
		.source = d->source,
		.max_forwards = world.max_forwards != 0 ? world.max_forwards : 70 };
	struct sip_event event = { .kind = SIP_EV_INVITE,
		.dialog = d,
		.body = described(),
		.body_len = strlen(described()),
		.call = &call };

	reception_invite(&world.x, &event);
	return d;
}

struct sip_dialog *world_ringing(const char *user)
{
	for (uint32_t i = world.dialogs; i > 0; i--) {
		struct sip_dialog *d = &world.dialog[i - 1];

		if (d->outgoing && !d->over && !d->accepted && strcmp(d->user, user) == 0)
			return d;
	}
	return NULL;
}

static void happen(struct sip_dialog *d, enum sip_event_kind kind, uint16_t code, const char *body)
{
	struct sip_event event = { .kind = kind,
		.dialog = d,
		.owner = d->owner,
		.code = code,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0 };

	leg_sip(d->owner, &event);
}

void world_answer(struct sip_dialog *d)
{
	cr_assert(ne(ptr, d, NULL), "nobody rings");
	d->accepted = true;
	happen(d, SIP_EV_ANSWERED, 200, described());
}

void world_refuse(struct sip_dialog *d, uint16_t code)
{
	d->over = true;
	happen(d, SIP_EV_REFUSED, code, NULL);
}

void world_ack(struct sip_dialog *d)
{
	cr_assert(d->accepted, "nothing to acknowledge");
	happen(d, SIP_EV_ACKED, 0, NULL);
}

void world_bye(struct sip_dialog *d)
{
	cr_assert(not(d->over));
	d->over = true;
	happen(d, d->accepted ? SIP_EV_BYE : SIP_EV_CANCELLED, 0, NULL);
}

void world_offer(struct sip_dialog *d, const char *sdp)
{
	happen(d, SIP_EV_OFFER, 0, sdp);
}

void world_hold(struct sip_dialog *d, bool hold)
{
	world_offer(d, hold ? held : offer);
}

uint32_t world_forget_accounts(void)
{
	static struct accounts none = { .refs = 1 };

	exchange_reload(&world.x, &none);
	return world_accounts.refs;
}

struct world_flow *world_flow(const struct sip_dialog *d)
{
	for (uint32_t i = 1; i <= world.flows; i++)
		if (world.flow[i].open && world.flow[i].owner == d->owner)
			return &world.flow[i];
	return NULL;
}

void world_dial(struct sip_dialog *d, const char *digits)
{
	static const char codes[] = "0123456789*#ABCD";

	for (; *digits != '\0' && !d->over; digits++) {
		struct world_flow *f = world_flow(d);
		uint8_t code = (uint8_t)(strchr(codes, *digits) - codes);

		cr_assert(ne(ptr, f, NULL), "no flow");
		struct media_event event = { .kind = MEDIA_DIGIT,
			.owner = d->owner,
			.digit = code,
			.withheld = f->watched != 0,
			.duration_ms = 200 };

		world_pass(200);
		leg_media(d->owner, &event);
	}
}

void world_played(struct sip_dialog *d)
{
	struct media_event event = { .kind = MEDIA_PLAYED, .owner = d->owner };
	struct world_flow *f = world_flow(d);

	cr_assert(ne(ptr, f, NULL), "no flow");
	cr_assert(eq(int, f->mode, WORLD_PROMPT), "no prompt plays");
	f->mode = WORLD_SILENT;
	leg_media(d->owner, &event);
}

void world_pass(uint64_t ms)
{
	clock_advance(&world.clock, world.clock.now_ms + ms);
	exchange_settle(&world.x);
}

bool world_hears(const struct sip_dialog *d, uint64_t track)
{
	const struct world_flow *f = world_flow(d);

	return f != NULL && (f->mode == WORLD_MUSIC || f->mode == WORLD_PROMPT) &&
	       f->track[0] == track;
}

static bool hears(const struct sip_dialog *a, const struct sip_dialog *b)
{
	const struct world_flow *fa = world_flow(a), *fb = world_flow(b);

	return fa != NULL && fb != NULL && fa->mode == WORLD_RELAY && &world.flow[fa->peer] == fb;
}

bool world_talk(const struct sip_dialog *a, const struct sip_dialog *b)
{
	return hears(a, b) && hears(b, a);
}

uint32_t world_times_told(const char *news)
{
	uint32_t times = 0;

	for (uint32_t i = 0; i < world.news_n && i < WORLD_NEWS; i++)
		times += strcmp(world.news[i], news) == 0;
	return times;
}

bool world_told(const char *news)
{
	return world_times_told(news) > 0;
}
