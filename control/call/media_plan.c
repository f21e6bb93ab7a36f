// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_plan.h"

#include "control/log.h"

#include <stdlib.h>
#include <unistd.h>

void media_plan_clear(struct media_plan *p)
{
	free(p->text);
	*p = (struct media_plan){ .text = NULL };
}

void media_plan_ask(struct media_plan *p, struct media_link *link)
{
	const struct attach_message m = { .version = ATTACH_VERSION, .kind = ATTACH_PLAN };

	free(p->text);
	p->text = NULL;
	// One that is not sent is not answered: then nobody can look at it, and nothing else.
	if (media_link_send(link, &m, -1) != MEDIA_SENT)
		log_notice("layby-media cannot be asked for its plan now");
}

static void take_plan(struct media_plan *p, const struct attach_message *m, int fd)
{
	free(p->text);
	p->text = NULL;
	if (m->outcome != ATTACH_OK || fd < 0 || m->len > MEDIA_PLAN_MAX)
		return;
	p->text = calloc(1, m->len + 1);
	if (p->text == NULL || pread(fd, p->text, m->len, 0) == (ssize_t)m->len)
		return;
	free(p->text);
	p->text = NULL;
}

static void tell_stalled(const struct attach_message *m)
{
	uint32_t worker = attach_queue_of(m).worker + 1;

	if (m->outcome != ATTACH_OK)
		log_warning("media worker %u stands still: its flows are silent", worker);
	else
		log_warning("media worker %u goes on", worker);
}

void media_plan_said(
	struct media_plan *p, struct media_link *link, const struct attach_message *m, int fd)
{
	if (m->kind == ATTACH_PLAN)
		take_plan(p, m, fd);
	else if (m->kind == ATTACH_STALLED)
		tell_stalled(m);
	if (m->kind != ATTACH_MOVED || p->move != MEDIA_MOVE_ASKED)
		return;
	p->move = m->outcome == ATTACH_OK ? MEDIA_MOVE_DONE : MEDIA_MOVE_REFUSED;
	media_plan_ask(p, link);
}

bool media_plan_move(struct media_plan *p, struct media_link *link, const struct attach_queue *q)
{
	struct attach_message m = { .version = ATTACH_VERSION, .kind = ATTACH_MOVE };

	attach_name_queue(&m, *q);
	if (p->move == MEDIA_MOVE_ASKED || media_link_send(link, &m, -1) != MEDIA_SENT)
		return false;
	p->move = MEDIA_MOVE_ASKED;
	return true;
}
