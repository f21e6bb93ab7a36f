// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/yaml.h"

#include <criterion/criterion.h>

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct item {
	char *name;
	uint32_t n;
	bool on;
};

struct top {
	struct item *items;
	uint32_t items_count;
	int size;
	int32_t shift;
};

// clang-format off
static const cyaml_schema_field_t item_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct item, name, 1, 8),
	CYAML_FIELD_UINT("n", CYAML_FLAG_OPTIONAL, struct item, n),
	CYAML_FIELD_BOOL("on", CYAML_FLAG_OPTIONAL, struct item, on),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t item_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct item, item_fields)
};
static const cyaml_strval_t sizes[] = { { "small", 1 }, { "big", 2 } };
static const cyaml_schema_field_t top_fields[] = {
	CYAML_FIELD_SEQUENCE("items", CYAML_FLAG_POINTER, struct top, items, &item_schema, 1, 3),
	CYAML_FIELD_ENUM("size", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct top, size, sizes, 2),
	CYAML_FIELD_INT("shift", CYAML_FLAG_OPTIONAL, struct top, shift),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct top, top_fields)
};
// clang-format on

static char path[64];

static void write_file(const char *text, size_t len)
{
	snprintf(path, sizeof(path), "layby-yaml-%d.yaml", getpid());
	FILE *f = fopen(path, "w");

	cr_assert(f != NULL && fwrite(text, 1, len, f) == len);
	fclose(f);
}

static struct yaml_file *open_text(const char *text, struct top **out, char *error, size_t size)
{
	void *data = NULL;

	write_file(text, strlen(text));
	struct yaml_file *f = yaml_open(path, &schema, &data, error, size);
	*out = data;
	return f;
}

static void drop_file(void)
{
	if (path[0] != '\0')
		unlink(path);
}

// What follows the file's name in a complaint.
static const char *tail(const char *error)
{
	cr_assert(strncmp(error, path, strlen(path)) == 0, "%s", error);
	return error + strlen(path);
}

Test(yaml, reads_by_the_schema, .fini = drop_file)
{
	struct top *top;
	char error[256] = "";
	struct yaml_file *f = open_text("# comment\nitems:\n  - { name: one, n: 7, on: yes }\n"
					"  - name: \"2\"\nsize: big\nshift: -3\n",
		&top, error, sizeof(error));

	cr_assert(f != NULL, "%s", error);
	cr_expect_eq(top->items_count, 2);
	cr_expect_str_eq(top->items[0].name, "one");
	cr_expect(top->items[0].n == 7 && top->items[0].on && !top->items[1].on);
	cr_expect_str_eq(top->items[1].name, "2");
	cr_expect(top->size == 2 && top->shift == -3);
	cr_expect(yaml_close(f) == NULL);
	cr_expect(yaml_close(NULL) == NULL);
}

struct row {
	const char *text;
	const char *complaint;
};

// clang-format off
static const struct row rows[] = {
	{ "\"it\\nems\": 1\n", ":1:1: nothing is called \"it?ems\" here" },
	{ "items:\n  - name: a\n  - nam: b\n", ":3:5: nothing is called \"nam\" here" },
	{ "items:\n  - name: a\n    n: 99999999999\n", ":3:8: n: '99999999999' is out of range" },
	{ "items:\n  - name: a\n    n: 2m\n", ":3:8: \"2m\" is not a whole number" },
	{ "items:\n  - name: a\n    n: 010\n", ":3:8: \"010\" is not a whole number" },
	{ "items:\n  - name: a\n    n: 0x10\n", ":3:8: \"0x10\" is not a whole number" },
	{ "items:\n  - name: a\n    n: -1\n", ":3:8: \"-1\" is not a whole number" },
	{ "items:\n  - name: a\n    n: \"\"\n", ":3:8: \"\" is not a whole number" },
	{ "items: [{ name: a }]\nshift: --3\n", ":2:8: \"--3\" is not a whole number" },
	{ "items:\n  - name: a\n    on: maybe\n", ":3:9: \"maybe\" is neither true nor false" },
	{ "items:\n  - n: 3\n", ":2:5: \"name\" is missing here" },
	{ "size: big\n", ":1:1: \"items\" is missing here" },
	{ "items: []\n", ":1:8: too few entries" },
	{ "items: [{name: a},{name: a},{name: a},{name: a}]\n", ":1:39: too many entries" },
	{ "items: 3\n", ":1:8: items: expecting a SEQUENCE, got event: SCALAR" },
	{ "- a\n", ":1:1: expecting a MAPPING, got event: SEQUENCE_START" },
	{ "items: [{ name: a }]\nsize: huge\n", ":2:7: size: \"huge\" is none of the words known here" },
	{ "items: [{ name: a }]\nsize: 1\n", ":2:7: size: \"1\" is none of the words known here" },
	{ "items:\n - name: a\n   name: b\n", ":3:4: \"name\" is here twice" },
	{ "items:\n - name:\n", ":2:9: name: is too short" },
	{ "items:\n - name: longerthan8\n", ":2:10: name: is too long, at most 8: longerthan8" },
	{ "items:\n\t- name: a\n", ":2:1: found character that cannot start any token" },
	{ "items:\n  - name: [\n", ":3:1: did not find expected node content" },
	{ "items: [{ name: \"a\\0b\" }]\n", ":1:17: a NUL is in this text" },
	{ "items:\n - &x name: a\n - *x\n", ":3:4: aliases are not taken: write it out" },
	{ "items: [{ name: a }]\n---\nitems: []\n", ":2:1: a second document begins here" },
	{ "items: [{ name: a }]\n? [x]\n: 1\n", ":2:3: a name is expected here" },
	{ "", ": is empty" },
	{ "# nothing\n", ": is empty" },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", ":1:33: nested too deeply" },
};
// clang-format on

Test(yaml, says_in_one_sentence_what_is_wrong_and_where, .fini = drop_file)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct top *top;
		char error[256] = "";
		struct yaml_file *f = open_text(rows[i].text, &top, error, sizeof(error));

		cr_expect(f == NULL, "taken: %s", rows[i].text);
		if (f == NULL)
			cr_expect_str_eq(tail(error), rows[i].complaint);
		yaml_close(f);
	}
}

Test(yaml, refuses_what_is_no_text, .fini = drop_file)
{
	static const char bad[] = "items: [{ name: \"\xff\xfe\" }]\n";
	struct top *top;
	char error[256] = "";

	cr_expect(open_text(bad, &top, error, sizeof(error)) == NULL);
	cr_expect(strstr(error, "UTF-8") != NULL, "%s", error);
}

Test(yaml, says_why_a_file_cannot_be_read)
{
	void *data;
	char error[256] = "";

	cr_expect(yaml_open("/nowhere/x.yaml", &schema, &data, error, sizeof(error)) == NULL);
	cr_expect_str_eq(error, "/nowhere/x.yaml: No such file or directory");
	cr_expect(yaml_open(".", &schema, &data, error, sizeof(error)) == NULL);
	cr_expect_str_eq(error, ".: is not a file");
}

Test(yaml, does_not_wait_for_a_writer, .fini = drop_file, .timeout = 5)
{
	void *data;
	char error[256] = "";

	snprintf(path, sizeof(path), "layby-yaml-%d.yaml", getpid());
	cr_assert(mkfifo(path, 0600) == 0);
	cr_expect(yaml_open(path, &schema, &data, error, sizeof(error)) == NULL);
	cr_expect_str_eq(tail(error), ": is not a file");
}

struct spot {
	const char *node;
	const char *complaint;
};

Test(yaml, finds_the_place_of_a_node, .fini = drop_file)
{
	static const struct spot spots[] = {
		{ "", ":2:1: x 1" },
		{ "items", ":3:3: x 1" },
		{ "items[0]", ":3:5: x 1" },
		{ "items[1].name", ":6:11: x 1" },
		{ "items[2].n", ":7:23: x 1" },
		{ "items[1].n", ":6:5: x 1" }, // not there: the item
		{ "items[9].name", ":3:3: x 1" },
		{ "items[1].name.deeper", ":6:11: x 1" },
		{ "size", ":8:7: x 1" },
		{ "nothing", ":2:1: x 1" },
	};
	struct top *top;
	char error[256] = "";
	struct yaml_file *f = open_text("# first\nitems:\n  - name: a\n    n: 1\n    on: true\n"
					"  - name: b\n  - { name: c, n:     3 }\nsize: big\n",
		&top, error, sizeof(error));

	cr_assert(f != NULL, "%s", error);
	for (size_t i = 0; i < sizeof(spots) / sizeof(spots[0]); i++) {
		cr_expect(!yaml_complain(f, error, sizeof(error), spots[i].node, "x %d", 1));
		cr_expect_str_eq(tail(error), spots[i].complaint);
	}
	yaml_close(f);
}
