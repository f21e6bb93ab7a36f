// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_record.h"

#include <stdlib.h>

struct known_recording {
	TAILQ_ENTRY(known_recording) link;
	struct media_recorded what;
	bool ending;
	bool end_sent;
};

void media_record_init(struct media_record *r)
{
	TAILQ_INIT(&r->all);
}

static struct known_recording *find(const struct media_record *r, uint64_t id)
{
	struct known_recording *k;

	TAILQ_FOREACH(k, &r->all, link)
		if (k->what.id == id)
			return k;
	return NULL;
}

bool media_record_ask(struct media_record *r, struct media_link *link,
	const struct media_recorded *what, uint32_t hz)
{
	struct attach_message m = { .version = ATTACH_VERSION,
		.kind = ATTACH_RECORD_BEGIN,
		.track = what->id,
		.codec = hz };
	struct known_recording *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return false;
	if (media_link_send(link, &m, -1) != MEDIA_SENT) {
		free(k);
		return false;
	}
	k->what = *what;
	TAILQ_INSERT_TAIL(&r->all, k, link);
	return true;
}

static void send_end(struct known_recording *k, struct media_link *link)
{
	struct attach_message m = {
		.version = ATTACH_VERSION, .kind = ATTACH_RECORD_END, .track = k->what.id
	};

	k->end_sent = media_link_send(link, &m, -1) == MEDIA_SENT;
}

void media_record_stop(struct media_record *r, struct media_link *link, uint64_t id)
{
	struct known_recording *k = find(r, id);

	if (k == NULL || k->ending)
		return;
	k->ending = true;
	send_end(k, link);
}

void media_record_writable(struct media_record *r, struct media_link *link)
{
	struct known_recording *k;

	TAILQ_FOREACH(k, &r->all, link)
		if (k->ending && !k->end_sent)
			send_end(k, link);
}

static void forget(struct media_record *r, struct known_recording *k)
{
	TAILQ_REMOVE(&r->all, k, link);
	free(k);
}

bool media_record_said(
	struct media_record *r, const struct attach_message *m, struct media_recorded *out)
{
	struct known_recording *k = find(r, m->track);

	if (k == NULL)
		return false;
	*out = k->what;
	out->outcome = m->outcome;
	out->over = m->kind == ATTACH_RECORDED || m->outcome != ATTACH_OK;
	out->ms = m->kind == ATTACH_RECORDED ? m->len : 0;
	if (out->over)
		forget(r, k);
	return true;
}

bool media_record_lost(struct media_record *r, struct media_recorded *out)
{
	struct known_recording *k = TAILQ_FIRST(&r->all);

	if (k == NULL)
		return false;
	*out = k->what;
	out->over = true;
	out->outcome = ATTACH_UNKNOWN;
	forget(r, k);
	return true;
}
