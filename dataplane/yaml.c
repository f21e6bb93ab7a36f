// SPDX-License-Identifier: BSD-3-Clause
//
// libcyaml does the reading, after a look at what it does not see (yaml_events.h). Its messages of
// several lines become one sentence.
#include "dataplane/yaml.h"

#include "dataplane/yaml_events.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE_MAX_MB = 256, KEY_MAX = 64 };

struct yaml_file {
	char *path;
	struct yaml_text text;
	const cyaml_schema_value_t *schema;
	void *data;
};

// One line, whatever the file has in its names.
static void say(const struct yaml_finding *f, const char *path, char *error, size_t error_size)
{
	if (f->line == 0)
		snprintf(error, error_size, "%s: %s", path, f->sentence);
	else
		snprintf(
			error, error_size, "%s:%zu:%zu: %s", path, f->line, f->column, f->sentence);
	for (char *c = error; error_size > 0 && *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = '?';
}

// --- the file

static bool read_text(struct yaml_file *f, int fd, struct yaml_finding *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		snprintf(out->sentence, sizeof(out->sentence), "is not a file");
		return false;
	}
	if (st.st_size > (off_t)SIZE_MAX_MB << 20) {
		snprintf(out->sentence, sizeof(out->sentence), "is larger than %d MB", SIZE_MAX_MB);
		return false;
	}
	f->text.bytes = malloc((size_t)st.st_size + 1);
	while (f->text.bytes != NULL && f->text.len < (size_t)st.st_size) {
		ssize_t n = read(fd, f->text.bytes + f->text.len, (size_t)st.st_size - f->text.len);

		if (n <= 0)
			break; // shortened meanwhile: what is there is judged
		f->text.len += (size_t)n;
	}
	return f->text.bytes != NULL;
}

static bool read_file(struct yaml_file *f, struct yaml_finding *out)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool done;

	if (fd < 0) {
		snprintf(out->sentence, sizeof(out->sentence), "%s", strerrordesc_np(errno));
		return false;
	}
	done = read_text(f, fd, out);
	close(fd);
	return done;
}

// --- what libcyaml says

// Its words and ours; %s is what follows its words.
struct phrase {
	const char *theirs, *ours;
};

static const struct phrase phrases[] = {
	{ "Invalid UINT value: ", "%s is out of range" },
	{ "Invalid uint64_t value: ", "%s is out of range" },
	{ "Invalid INT value: ", "%s is out of range" },
	{ "Invalid ENUM value: ", "\"%s\" is none of the words known here" },
	{ "STRING length < ", "is too short" },
	{ "STRING length > ", "is too long, at most %s" },
	{ "Excessive entries ", "too many entries" },
	{ "Expecting ", "expecting a %s" },
};

// What was heard so far: the first line says what, the first place after it says where.
struct hearing {
	struct yaml_finding *out;
	char key[KEY_MAX]; // whose value it is about
	bool placed;
};

// The format of libcyaml's own words; one %s.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_in_our_words(struct hearing *h, const char *text)
{
	struct yaml_finding *out = h->out;

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		size_t len = strlen(phrases[i].theirs);

		if (strncmp(text, phrases[i].theirs, len) == 0) {
			snprintf(out->sentence, sizeof(out->sentence), phrases[i].ours, text + len);
			return;
		}
	}
	snprintf(out->sentence, sizeof(out->sentence), "%s", text);
}
#pragma GCC diagnostic pop

// The number after this word of the line; 0: there is none.
static size_t number_after(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at != NULL ? strtoul(at + strlen(word), NULL, 10) : 0;
}

static void hear_place(struct hearing *h, const char *line)
{
	static const char field[] = "  in mapping field '";

	if (h->placed)
		return;
	h->placed = true;
	h->out->line = number_after(line, "(line: ");
	h->out->column = number_after(line, ", column: ");
	if (strncmp(line, field, sizeof(field) - 1) == 0) {
		const char *key = line + sizeof(field) - 1;

		snprintf(h->key, sizeof(h->key), "%.*s", (int)strcspn(key, "'"), key);
	}
}

static void hear(cyaml_log_t, void *ctx, const char *fmt, va_list args)
{
	struct hearing *h = ctx;
	char line[YAML_SENTENCE_MAX / 2];

	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "  in ", 5) == 0) {
		hear_place(h, line);
	} else if (h->out->sentence[0] == '\0' && strcmp(line, "Load: Backtrace:") != 0) {
		put_in_our_words(h, strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
	}
}

static bool load(struct yaml_file *f, struct yaml_finding *out)
{
	struct hearing h = { .out = out };
	char sentence[YAML_SENTENCE_MAX];
	cyaml_config_t config = { .log_fn = hear,
		.log_ctx = &h,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS };
	cyaml_err_t err =
		cyaml_load_data(f->text.bytes, f->text.len, &config, f->schema, &f->data, NULL);

	if (err == CYAML_OK)
		return true;
	if (out->line == 0)
		out->line = out->column = 1;
	if (out->sentence[0] == '\0')
		snprintf(out->sentence, sizeof(out->sentence), "%s", cyaml_strerror(err));
	if (h.key[0] != '\0') {
		memcpy(sentence, out->sentence, sizeof(sentence));
		snprintf(out->sentence, sizeof(out->sentence), "%s: %.400s", h.key, sentence);
	}
	return false;
}

struct yaml_file *yaml_open(const char *path, const struct cyaml_schema_value *schema, void **data,
	char *error, size_t error_size)
{
	struct yaml_file *f = calloc(1, sizeof(*f));
	struct yaml_finding finding = { .line = 0 };

	if (f == NULL || (f->path = strdup(path)) == NULL)
		goto no_memory;
	f->schema = schema;
	if (!read_file(f, &finding) || !yaml_check(&f->text, schema, &finding) ||
		!load(f, &finding))
		goto refused;
	*data = f->data;
	return f;

refused:
	if (finding.sentence[0] != '\0') {
		say(&finding, path, error, error_size);
		return yaml_close(f);
	}
no_memory:
	snprintf(error, error_size, "%s: no memory", path);
	return yaml_close(f);
}

struct yaml_file *yaml_close(struct yaml_file *f)
{
	static const cyaml_config_t config = { .mem_fn = cyaml_mem };

	if (f == NULL)
		return NULL;
	if (f->data != NULL)
		cyaml_free(&config, f->schema, f->data, 0);
	free(f->text.bytes);
	free(f->path);
	free(f);
	return NULL;
}

bool yaml_complain(const struct yaml_file *f, char *error, size_t error_size, const char *node,
	const char *fmt, ...)
{
	struct yaml_finding finding;
	va_list args;

	yaml_locate(&f->text, node, &finding);
	va_start(args, fmt);
	vsnprintf(finding.sentence, sizeof(finding.sentence), fmt, args);
	va_end(args);
	say(&finding, f->path, error, error_size);
	return false;
}
