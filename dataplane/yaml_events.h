// SPDX-License-Identifier: BSD-3-Clause
//
// Inside the door to libcyaml: the text looked at as libyaml's own events. Not for others.
#pragma once

#include "dataplane/yaml.h"

#include <stddef.h>
#include <stdint.h>

enum { YAML_SENTENCE_MAX = 512 };

// A complaint on its way: where, and what.
struct yaml_finding {
	size_t line, column; // from 1; 0: about the file as a whole
	char sentence[YAML_SENTENCE_MAX];
};

struct yaml_text {
	uint8_t *bytes;
	size_t len;
};

// What libcyaml lets pass or cannot place: where exactly the syntax breaks, "120s" or 0x78 for a
// number, "maybe" for a bool, a name that is unknown, twice there or missing, a list too short,
// aliases, a NUL, a second document, no document.
[[nodiscard]] bool yaml_check(const struct yaml_text *text, const struct cyaml_schema_value *schema,
	struct yaml_finding *out);

// The place of the node with this path, or of the last part of it that exists.
void yaml_locate(const struct yaml_text *text, const char *node, struct yaml_finding *out);
