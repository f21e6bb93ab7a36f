// SPDX-License-Identifier: BSD-3-Clause
//
// A YAML text as a stream of libyaml's events, walked along a schema, or along a path. Builds no
// tree: a file of tens of thousands of accounts costs no memory here.
#include "dataplane/yaml_events.h"

#include <assert.h>
#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 32 };

static void place(struct yaml_finding *out, yaml_mark_t mark)
{
	out->line = mark.line + 1;
	out->column = mark.column + 1;
}

__attribute__((format(printf, 3, 4))) static bool find(
	struct yaml_finding *out, const yaml_event_t *e, const char *fmt, ...)
{
	va_list args;

	place(out, e->start_mark);
	va_start(args, fmt);
	vsnprintf(out->sentence, sizeof(out->sentence), fmt, args);
	va_end(args);
	return false;
}

// --- what libcyaml does not look at

// One open mapping or sequence, and what the schema says about it; NULL: unknown to the schema,
// which libcyaml will say better.
struct nest {
	const cyaml_schema_value_t *schema;
	bool mapping;
	bool at_key;
	const cyaml_schema_value_t *value; // of the key just read
	uint64_t seen;                     // keys, as bits by their places in the schema
	uint32_t values;                   // read so far
	yaml_mark_t start;
};

struct walk {
	const cyaml_schema_value_t *top;
	struct nest nest[DEPTH_MAX];
	unsigned depth, documents;
};

// The fields of a mapping that the schema knows; NULL: it says nothing about them.
static const cyaml_schema_field_t *fields(const struct nest *n)
{
	const cyaml_schema_value_t *s = n->schema;

	return n->mapping && s != NULL && s->type == CYAML_MAPPING ? s->mapping.fields : NULL;
}

static bool take_key(
	struct nest *n, const yaml_event_t *e, const char *key, struct yaml_finding *out)
{
	const cyaml_schema_field_t *f = fields(n);
	unsigned i = 0;

	n->at_key = false;
	n->value = NULL;
	if (f == NULL)
		return true;
	while (f[i].key != NULL && strcmp(f[i].key, key) != 0)
		i++;
	if (f[i].key == NULL)
		return find(out, e, "nothing is called \"%s\" here", key);
	assert(i < 64);
	if ((n->seen >> i & 1) != 0)
		return find(out, e, "\"%s\" is here twice", key);
	n->seen |= (uint64_t)1 << i;
	n->value = &f[i].value;
	return true;
}

static bool leave_mapping(const struct nest *n, struct yaml_finding *out)
{
	const cyaml_schema_field_t *f = fields(n);

	for (unsigned i = 0; f != NULL && f[i].key != NULL; i++) {
		if ((f[i].value.flags & CYAML_FLAG_OPTIONAL) != 0 || (n->seen >> i & 1) != 0)
			continue;
		place(out, n->start);
		snprintf(out->sentence, sizeof(out->sentence), "\"%s\" is missing here", f[i].key);
		return false;
	}
	return true;
}

static bool leave_sequence(const struct nest *n, struct yaml_finding *out)
{
	const cyaml_schema_value_t *s = n->schema;

	if (s == NULL || s->type != CYAML_SEQUENCE || n->values >= s->sequence.min)
		return true;
	place(out, n->start);
	snprintf(out->sentence, sizeof(out->sentence), "too few entries");
	return false;
}

// What the schema says of the value that comes now.
static const cyaml_schema_value_t *expected(const struct walk *w)
{
	if (w->depth == 0)
		return w->top;

	const struct nest *n = &w->nest[w->depth - 1];

	if (n->mapping)
		return n->value;
	if (n->schema != NULL && n->schema->type == CYAML_SEQUENCE)
		return n->schema->sequence.entry;
	return NULL;
}

static void value_read(struct walk *w)
{
	if (w->depth == 0)
		return;
	w->nest[w->depth - 1].at_key = true;
	w->nest[w->depth - 1].values++;
}

static bool is_bool(const char *text)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

// Decimal, so that it means what a reader thinks it means.
static bool is_number(const char *text, bool may_be_negative)
{
	text += may_be_negative && *text == '-';
	return strspn(text, "0123456789") == strlen(text) && (text[0] != '0' || text[1] == '\0') &&
	       text[0] != '\0';
}

static bool check_value(const cyaml_schema_value_t *s, const yaml_event_t *e, const char *text,
	struct yaml_finding *out)
{
	if (s == NULL)
		return true;
	if (s->type == CYAML_UINT && !is_number(text, /* may_be_negative */ false))
		return find(out, e, "\"%s\" is not a whole number", text);
	if (s->type == CYAML_INT && !is_number(text, /* may_be_negative */ true))
		return find(out, e, "\"%s\" is not a whole number", text);
	if (s->type == CYAML_BOOL && !is_bool(text))
		return find(out, e, "\"%s\" is neither true nor false", text);
	return true;
}

static bool take_scalar(struct walk *w, const yaml_event_t *e, struct yaml_finding *out)
{
	const char *text = (const char *)e->data.scalar.value;
	struct nest *n = w->depth > 0 ? &w->nest[w->depth - 1] : NULL;

	if (memchr(text, '\0', e->data.scalar.length) != NULL)
		return find(out, e, "a NUL is in this text");
	if (n != NULL && n->mapping && n->at_key)
		return take_key(n, e, text, out);
	if (!check_value(expected(w), e, text, out))
		return false;
	value_read(w);
	return true;
}

static bool enter(struct walk *w, const yaml_event_t *e, bool mapping, struct yaml_finding *out)
{
	const cyaml_schema_value_t *s = expected(w);

	if (w->depth > 0 && w->nest[w->depth - 1].mapping && w->nest[w->depth - 1].at_key)
		return find(out, e, "a name is expected here");
	if (w->depth == DEPTH_MAX)
		return find(out, e, "nested too deeply");
	w->nest[w->depth++] = (struct nest){
		.schema = s, .mapping = mapping, .at_key = true, .start = e->start_mark
	};
	return true;
}

static bool take(struct walk *w, const yaml_event_t *e, struct yaml_finding *out)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return w->documents++ == 0 || find(out, e, "a second document begins here");
	case YAML_ALIAS_EVENT:
		return find(out, e, "aliases are not taken: write it out");
	case YAML_SCALAR_EVENT:
		return take_scalar(w, e, out);
	case YAML_SEQUENCE_START_EVENT:
		return enter(w, e, /* mapping */ false, out);
	case YAML_MAPPING_START_EVENT:
		return enter(w, e, /* mapping */ true, out);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		w->depth--;
		value_read(w);
		return w->nest[w->depth].mapping ? leave_mapping(&w->nest[w->depth], out)
						 : leave_sequence(&w->nest[w->depth], out);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	}
	return true;
}

static bool next(yaml_parser_t *p, yaml_event_t *e, struct yaml_finding *out)
{
	if (yaml_parser_parse(p, e) != 0)
		return true;
	place(out, p->problem_mark);
	snprintf(out->sentence, sizeof(out->sentence), "%s", p->problem ? p->problem : "no memory");
	return false;
}

bool yaml_check(const struct yaml_text *text, const struct cyaml_schema_value *schema,
	struct yaml_finding *out)
{
	struct walk w = { .top = schema };
	yaml_parser_t p;
	bool good, last;

	if (yaml_parser_initialize(&p) == 0)
		return false;
	yaml_parser_set_input_string(&p, text->bytes, text->len);
	do {
		yaml_event_t e;

		good = next(&p, &e, out);
		last = !good || e.type == YAML_STREAM_END_EVENT;
		if (good) {
			good = take(&w, &e, out);
			yaml_event_delete(&e);
		}
	} while (good && !last);
	yaml_parser_delete(&p);
	if (good && w.documents == 0) {
		snprintf(out->sentence, sizeof(out->sentence), "is empty");
		return false;
	}
	return good;
}

// --- the place of a node

static bool opens(yaml_event_type_t type)
{
	return type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
}

static bool closes(yaml_event_type_t type)
{
	return type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
}

// False: the mapping or sequence ends here.
static bool skip_node(yaml_parser_t *p, struct yaml_finding *out)
{
	unsigned depth = 0;

	do {
		yaml_event_t e;

		if (!next(p, &e, out))
			return false;
		yaml_event_type_t type = e.type;

		yaml_event_delete(&e);
		if (closes(type) && depth == 0)
			return false;
		depth += opens(type);
		depth -= closes(type);
	} while (depth > 0);
	return true;
}

// Goes to the value of this key in the mapping just entered. False: it is not there.
static bool go_to_key(yaml_parser_t *p, const char *key, size_t len, struct yaml_finding *out)
{
	for (;;) {
		yaml_event_t e;
		bool found, end;

		if (!next(p, &e, out))
			return false;
		end = e.type != YAML_SCALAR_EVENT;
		found = !end && e.data.scalar.length == len &&
			memcmp(e.data.scalar.value, key, len) == 0;
		yaml_event_delete(&e);
		if (found || end || !skip_node(p, out))
			return found;
	}
}

// One part of the path, "name" or "[3]"; returns what follows it, NULL when it is not there.
static const char *go_to(
	yaml_parser_t *p, yaml_event_type_t in, const char *node, struct yaml_finding *s)
{
	char *rest;

	if (*node == '[' && in == YAML_SEQUENCE_START_EVENT) {
		for (unsigned long n = strtoul(node + 1, &rest, 10); n > 0; n--)
			if (!skip_node(p, s))
				return NULL;
		return rest + 1;
	}
	node += *node == '.';

	size_t len = strcspn(node, ".[");

	if (in != YAML_MAPPING_START_EVENT || !go_to_key(p, node, len, s))
		return NULL;
	return node + len;
}

static void follow(yaml_parser_t *p, const char *node, struct yaml_finding *out)
{
	struct yaml_finding ignored;

	while (node != NULL) {
		yaml_event_t e;

		if (!next(p, &e, &ignored))
			return;
		yaml_event_type_t type = e.type;
		bool node_here = type == YAML_SCALAR_EVENT || opens(type);

		if (node_here)
			place(out, e.start_mark);
		yaml_event_delete(&e);
		if (node_here)
			node = *node != '\0' ? go_to(p, type, node, &ignored) : NULL;
		else if (closes(type) || type == YAML_STREAM_END_EVENT)
			return;
	}
}

void yaml_locate(const struct yaml_text *text, const char *node, struct yaml_finding *out)
{
	yaml_parser_t p;

	out->line = out->column = 1;
	if (yaml_parser_initialize(&p) == 0)
		return;
	yaml_parser_set_input_string(&p, text->bytes, text->len);
	follow(&p, node, out);
	yaml_parser_delete(&p);
}
