// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/message.h"

#include <stdlib.h>

osip_message_t *message_parse(const struct guarded *g)
{
	size_t len = (size_t)(g->body.at + g->body.len - g->raw.line.at);
	osip_message_t *m;

	if (osip_message_init(&m) != OSIP_SUCCESS)
		return NULL;
	if (osip_message_parse(m, g->raw.line.at, len) == OSIP_SUCCESS && m->call_id != NULL &&
		m->from != NULL && m->to != NULL && m->cseq != NULL && !osip_list_eol(&m->vias, 0))
		return m;
	osip_message_free(m);
	return NULL;
}

bool uri_is_sip(const osip_uri_t *uri)
{
	return uri != NULL && uri->host != NULL && uri->host[0] != '\0' && uri->scheme != NULL &&
	       (strcasecmp(uri->scheme, "sip") == 0 || strcasecmp(uri->scheme, "sips") == 0);
}

bool uri_address(const osip_uri_t *uri, struct address *out)
{
	uint64_t port = 5060;

	if (!uri_is_sip(uri) || !address_ip_read(out->ip, uri->host, strlen(uri->host)))
		return false;
	if (uri->port != NULL && !raw_number(span_of(uri->port), 65535, &port))
		return false;
	out->port = (uint16_t)port;
	return port != 0;
}

static bool plain(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"')
			return false;
	}
	return true;
}

bool uri_write(osip_uri_t *uri, char *buf, size_t size)
{
	char *text;
	bool good;

	osip_list_special_free(&uri->url_headers, (void (*)(void *))osip_uri_param_free);
	osip_list_init(&uri->url_headers);
	if (osip_uri_to_str(uri, &text) != OSIP_SUCCESS)
		return false;
	good = strlen(text) < size && plain(text);
	if (good)
		memcpy(buf, text, strlen(text) + 1);
	osip_free(text);
	return good;
}

static void copy(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < size; text++) {
		if ((unsigned char)*text >= ' ' && *text != 0x7f)
			buf[n++] = *text;
	}
	buf[n] = '\0';
}

void user_copy(const osip_uri_t *uri, struct span header, char *buf, size_t size)
{
	bool cut = header.len >= 3 && memmem(header.at, header.len, "%00", 3) != NULL;

	buf[0] = '\0';
	if (uri != NULL && uri->username != NULL && !cut)
		copy(uri->username, buf, size);
}

void display_copy(const char *quoted, char *buf, size_t size)
{
	size_t n = 0;

	if (quoted == NULL)
		quoted = "";
	struct span s = raw_trim(span_of(quoted));
	if (s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"')
		s = (struct span){ s.at + 1, s.len - 2 };
	for (size_t i = 0; i < s.len && n + 1 < size; i++) {
		if (s.at[i] == '\\' && i + 1 < s.len)
			i++;
		if ((unsigned char)s.at[i] >= ' ' && s.at[i] != 0x7f)
			buf[n++] = s.at[i];
	}
	buf[n] = '\0';
}

osip_uri_t *message_contact(const osip_message_t *m)
{
	const osip_contact_t *c = osip_list_get(&m->contacts, 0);

	return c != NULL && uri_is_sip(c->url) ? c->url : NULL;
}

osip_from_t *message_identity(const struct guarded *g)
{
	struct span v = raw_element(raw_value(&g->raw, RAW_IDENTITY, 0));
	char *text = v.len > 0 ? strndup(v.at, v.len) : NULL;
	osip_from_t *from = NULL;

	if (text == NULL || osip_from_init(&from) != OSIP_SUCCESS) {
		free(text);
		return NULL;
	}
	if (osip_from_parse(from, text) != OSIP_SUCCESS || !uri_is_sip(from->url)) {
		osip_from_free(from);
		from = NULL;
	}
	free(text);
	return from;
}

static struct span without_parameters(struct span element)
{
	const char *semicolon = element.len > 0 ? memchr(element.at, ';', element.len) : NULL;

	if (semicolon != NULL)
		element.len = (size_t)(semicolon - element.at);
	return raw_trim(element);
}

static bool value_lists(struct span v, const char *token)
{
	while (v.len > 0) {
		struct span element = raw_element(v);
		const char *end = element.at + element.len;

		if (span_like(without_parameters(element), token))
			return true;
		while (end < v.at + v.len && *end != ',')
			end++;
		end += end < v.at + v.len;
		v = raw_trim((struct span){ end, (size_t)(v.at + v.len - end) });
	}
	return false;
}

bool message_lists(const struct guarded *g, enum raw_header_id id, const char *token)
{
	for (uint32_t i = 0; i < g->raw.count[id]; i++) {
		if (value_lists(raw_value(&g->raw, id, i), token))
			return true;
	}
	return false;
}
