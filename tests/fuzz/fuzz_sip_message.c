// SPDX-License-Identifier: BSD-3-Clause
//
// One message through the guard, oSIP's parser and our reading of its headers. What must hold:
// everything the guard hands out lies inside the datagram, and what is copied is bounded and
// has no control characters.
#include "control/sip/message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void inside(struct span s, const char *data, size_t len)
{
	must(s.len == 0 || (s.at >= data && s.at + s.len <= data + len));
}

static void clean(const char *text, size_t size)
{
	must(strnlen(text, size) < size);
	for (; *text != '\0'; text++)
		must((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void no_trace(const char *, int, osip_trace_level_t, const char *, va_list)
{
}

static osip_t *parser(void)
{
	static osip_t *osip;

	if (osip == NULL) {
		osip_trace_initialize_func(OSIP_BUG, no_trace);
		must(osip_init(&osip) == OSIP_SUCCESS);
	}
	return osip;
}

static void read_message(const struct guarded *g, osip_message_t *m)
{
	char user[SIP_NAME_MAX], display[SIP_NAME_MAX], uri[SIP_URI_MAX];
	osip_from_t *identity = message_identity(g);
	osip_uri_t *contact = message_contact(m);
	struct address a;

	user_copy(m->from->url, raw_value(&g->raw, RAW_FROM, 0), user, sizeof(user));
	display_copy(m->from->displayname, display, sizeof(display));
	clean(user, sizeof(user));
	clean(display, sizeof(display));
	if (contact != NULL && uri_write(contact, uri, sizeof(uri)))
		clean(uri, sizeof(uri));
	if (contact != NULL)
		(void)uri_address(contact, &a);
	if (identity != NULL)
		osip_from_free(identity);
	(void)message_lists(g, RAW_ACCEPT, "application/sdp");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct guarded g;
	const char *text = (const char *)data;

	(void)parser();
	if (guard_read(&g, text, len) != GUARD_OK)
		return 0;
	inside(g.raw.line, text, len);
	inside(g.body, text, len);
	inside(g.via.host, text, len);
	inside(g.via.branch, text, len);
	inside(g.call_id, text, len);
	must(g.from_tag.len <= len && g.to_tag.len <= len && g.used <= len);
	for (uint32_t i = 0; i < g.raw.n; i++) {
		inside(g.raw.header[i].name, text, len);
		inside(g.raw.header[i].value, text, len);
	}
	osip_message_t *m = message_parse(&g);
	if (m != NULL)
		read_message(&g, m);
	osip_message_free(m);
	return 0;
}
