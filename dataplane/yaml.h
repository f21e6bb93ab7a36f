// SPDX-License-Identifier: BSD-3-Clause
//
// The door to libcyaml, for both processes: a YAML file, read by a schema, or one sentence that
// names the file, line and column of what is wrong.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cyaml_schema_value;
struct yaml_file;

// Reads path by schema into *data (freed by yaml_close). NULL: error says why.
[[nodiscard]] struct yaml_file *yaml_open(const char *path, const struct cyaml_schema_value *schema,
	void **data, char *error, size_t error_size);

// For what the schema cannot say: writes "path:line:column: " of the node with this path, like
// "accounts[3].users[1].name" (what exists of it), and then the sentence. Always returns false.
__attribute__((format(printf, 5, 6))) bool yaml_complain(const struct yaml_file *f, char *error,
	size_t error_size, const char *node, const char *fmt, ...);

struct yaml_file *yaml_close(struct yaml_file *f); // frees *data too; returns NULL
