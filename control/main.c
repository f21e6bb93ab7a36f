// SPDX-License-Identifier: BSD-3-Clause
//
// layby-core: the order of birth, the order of death. The only file of the core that knows
// everybody.
#include "control/account/account.h"
#include "control/call/call.h"
#include "control/call/exchange.h"
#include "control/call/leg.h"
#include "control/config.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/office.h"
#include "control/options.h"
#include "control/park/lot.h"
#include "control/reception.h"
#include "control/sip/digest.h"
#include "control/sip/transport.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	REGISTER_MIN_S = 60,
	REGISTER_MAX_S = 3600,
	DIALOGS_PER_CALL = 8,
	TRANSACTIONS_PER_CALL = 8,
	CONTACTS_MAX = 200000,
	ERROR_MAX = 512,
};

struct core {
	struct config config;
	struct loop *loop;
	struct transport *transport;
	struct watch *watch;
	struct sip *sip;
	struct media *media;
	struct accounts *accounts; // until the exchange has it
	struct exchange exchange;
	struct office office;
	bool open; // the exchange is there
};

// --- the endpoint asks

static bool send_datagram(void *ctx, const struct address *to, const char *data, size_t len)
{
	struct core *core = ctx;

	return transport_send(core->transport, to, data, len);
}

static void sip_happened(void *ctx, const struct sip_event *event)
{
	struct core *core = ctx;

	if (event->kind == SIP_EV_INVITE)
		reception_invite(&core->exchange, event);
	else if (event->owner != NULL)
		leg_sip(event->owner, event);
}

static bool find_ha1(void *ctx, const char *user, const char *domain, char out[SIP_HA1_LEN + 1])
{
	struct core *core = ctx;
	const struct account *a = accounts_by_domain(core->exchange.plan.accounts, domain);
	const struct user *u = a != NULL ? account_user(a, user) : NULL;

	if (u == NULL)
		return false;
	memcpy(out, u->ha1, SIP_HA1_LEN + 1);
	return true;
}

static bool is_domain(void *ctx, const char *domain)
{
	struct core *core = ctx;

	return accounts_by_domain(core->exchange.plan.accounts, domain) != NULL;
}

static bool is_trunk(void *ctx, const struct address *source)
{
	struct core *core = ctx;

	return core->config.trunk_name != NULL &&
	       address_same_ip(source->ip, core->config.trunk.ip);
}

static void registered(void *ctx, const char *user, const char *domain, bool reachable)
{
	struct core *core = ctx;
	const struct account *a = accounts_by_domain(core->exchange.plan.accounts, domain);
	struct tenant *t = exchange_tenant(&core->exchange, a);

	log_info("%s@%s %s", user, domain, reachable ? "can be reached" : "has gone");
	if (t != NULL && reachable) {
		queue_serve_all(t);
		exchange_settle(&core->exchange);
	}
}

static void datagram(void *ctx, const char *data, size_t len, const struct address *from)
{
	struct core *core = ctx;

	sip_receive(core->sip, data, len, from, loop_now(core->loop));
}

static void readable(void *ctx, bool, bool)
{
	struct core *core = ctx;

	transport_read(core->transport, datagram, core);
}

// --- the media tells

static void media_happened(void *ctx, const struct media_event *event)
{
	(void)ctx;
	leg_media(event->owner, event);
}

static void recorded(void *ctx, const struct media_recorded *what)
{
	struct core *core = ctx;

	if (core->open)
		exchange_recorded(&core->exchange, what);
}

static void attached(void *ctx, uint32_t orphans)
{
	struct core *core = ctx;

	log_notice("layby-media attached: %u worker%s; %u flow%s of nobody closed",
		media_workers(core->media), media_workers(core->media) == 1 ? "" : "s", orphans,
		orphans == 1 ? "" : "s");
}

static void detached(void *ctx)
{
	struct core *core = ctx;

	log_error("layby-media is gone: %u calls have lost their media and end; waiting for it",
		core->exchange.calls_alive);
	if (core->open)
		exchange_end_all(&core->exchange);
}

static void told(void *ctx, const struct news *news)
{
	struct core *core = ctx;

	office_news(&core->office, news);
}

// --- signals

static void stop(void *ctx, int)
{
	struct core *core = ctx;

	log_notice("ending: %u calls alive", core->exchange.calls_alive);
	exchange_end_all(&core->exchange);
	loop_stop(core->loop);
}

static void reload(void *ctx, int)
{
	struct core *core = ctx;
	char error[ERROR_MAX];

	if (!office_reload(&core->office, error, sizeof(error)))
		log_error("%s; the running accounts are kept", error);
}

// --- birth

static uint64_t track(struct core *core, const char *file)
{
	char error[ERROR_MAX];
	uint64_t id = media_track(core->media, file, error, sizeof(error));

	if (id == 0)
		log_error("%s", error);
	else
		media_track_prepare(core->media, id);
	return id;
}

static uint64_t prompt(struct core *core, const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s.wav", core->config.prompts, name);
	return track(core, path);
}

// All the house must be able to say. False: something is missing, and the log says what.
static bool load_tracks(struct core *core, struct house_tracks *t)
{
	char name[32];
	bool all = true;

	t->music = track(core, core->config.music);
	media_house_music(core->media, t->music);
	t->full = prompt(core, "pbx-parkingfailed");
	t->empty = prompt(core, "pbx-invalidpark");
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "digits/%d", i);
		t->digit[i] = prompt(core, name);
		all = all && t->digit[i] != 0;
	}
	if (!all || t->music == 0 || t->full == 0 || t->empty == 0) {
		log_error("music and prompts must be there before callers are: install "
			  "asterisk-moh-opsound-wav and asterisk-core-sounds-en-wav, or name "
			  "other files in music: and prompts:");
		return false;
	}
	return true;
}

static bool start_sip(struct core *core)
{
	static const struct sip_ops ops_shape = { .send = send_datagram,
		.happen = sip_happened,
		.ha1 = find_ha1,
		.domain = is_domain,
		.trunk = is_trunk,
		.registered = registered };
	struct sip_ops ops = ops_shape;
	struct sip_plan plan = { .local = core->config.sip,
		.dialogs_max = core->config.calls_max * DIALOGS_PER_CALL,
		.transactions_max = core->config.calls_max * TRANSACTIONS_PER_CALL,
		.contacts_max = CONTACTS_MAX,
		.register_min_s = REGISTER_MIN_S,
		.register_max_s = REGISTER_MAX_S };
	char text[ADDRESS_TEXT_MAX];

	ops.ctx = core;
	arc4random_buf(plan.seed, sizeof(plan.seed));
	core->transport = transport_open(&core->config.sip);
	if (core->transport == NULL) {
		log_error("cannot listen on udp:%s: %m; is another layby-core running, or is the "
			  "address not on this machine?",
			address_text(&core->config.sip, text, sizeof(text)));
		return false;
	}
	core->sip = sip_new(&plan, &ops, loop_clock(core->loop));
	core->watch = loop_watch(core->loop, transport_fd(core->transport), readable, core);
	return core->sip != NULL && core->watch != NULL;
}

static bool start_exchange(struct core *core)
{
	struct exchange_plan plan = { .clock = loop_clock(core->loop),
		.sip = core->sip,
		.media = core->media,
		.accounts = core->accounts,
		.has_trunk = core->config.trunk_name != NULL,
		.trunk = core->config.trunk,
		.local = core->config.sip,
		.calls_max = core->config.calls_max,
		.ctx = core,
		.news = told };

	if (!load_tracks(core, &plan.tracks))
		return false;
	exchange_init(&core->exchange, &plan);
	park_init(&core->exchange);
	core->accounts = NULL;
	core->open = true;
	core->office.x = &core->exchange;
	core->office.accounts = core->config.accounts;
	return true;
}

static bool start_admin(struct core *core)
{
	struct admin_ops ops;
	char error[ERROR_MAX];

	office_ops(&core->office, &ops);
	core->office.admin =
		admin_new(core->loop, core->config.control_socket, &ops, error, sizeof(error));
	if (core->office.admin == NULL)
		log_error("%s", error);
	return core->office.admin != NULL;
}

static bool start(struct core *core)
{
	const struct media_ops media = { .ctx = core,
		.happen = media_happened,
		.attached = attached,
		.detached = detached,
		.recorded = recorded };
	char error[ERROR_MAX];

	core->accounts = accounts_load(core->config.accounts, error, sizeof(error));
	if (core->accounts == NULL) {
		log_error("%s", error);
		return false;
	}
	core->loop = loop_new();
	if (core->loop == NULL)
		return false;
	core->media = media_new(core->loop, core->config.media_socket, &media);
	return core->media != NULL && start_sip(core) && start_exchange(core) &&
	       start_admin(core) && loop_on_signal(core->loop, SIGTERM, stop, core) &&
	       loop_on_signal(core->loop, SIGINT, stop, core) &&
	       loop_on_signal(core->loop, SIGHUP, reload, core);
}

static void finish(struct core *core)
{
	core->office.admin = admin_free(core->office.admin);
	if (core->watch != NULL)
		watch_free(core->watch);
	if (core->open)
		exchange_clear(&core->exchange);
	if (core->sip != NULL)
		sip_free(core->sip);
	transport_close(core->transport);
	if (core->media != NULL)
		media_free(core->media);
	loop_free(core->loop);
	accounts_unref(core->accounts);
	config_clear(&core->config);
}

static bool check_accounts(const char *path)
{
	char error[ERROR_MAX];
	struct accounts *a = accounts_load(path, error, sizeof(error));

	if (a == NULL) {
		fprintf(stderr, "layby-core: %s\n", error);
		return false;
	}
	printf("%s: %u accounts\n", path, a->count);
	accounts_unref(a);
	return true;
}

static int run(struct core *core)
{
	char text[ADDRESS_TEXT_MAX];
	bool ok = start(core);

	if (ok) {
		log_notice("layby-core " LAYBY_VERSION ": SIP on udp:%s, %u accounts",
			address_text(&core->config.sip, text, sizeof(text)),
			core->exchange.plan.accounts->count);
		loop_run(core->loop);
	}
	finish(core);
	return ok ? EXIT_SUCCESS : EXIT_REFUSED;
}

int main(int argc, char **argv)
{
	static struct core core;
	struct options options;
	char error[ERROR_MAX];

	log_open();
	switch (options_read(&options, argc, argv)) {
	case OPTIONS_ANSWERED:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	case OPTIONS_GO:
		break;
	}
	if (!config_load(&core.config, options.config, error, sizeof(error))) {
		fprintf(stderr, "layby-core: %s\n", error);
		return EXIT_USAGE;
	}
	if (options.check)
		return check_accounts(core.config.accounts) ? EXIT_SUCCESS : EXIT_USAGE;
	log_set_level(core.config.log);
	return run(&core);
}
