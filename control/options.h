// SPDX-License-Identifier: BSD-3-Clause
//
// What layby-core was called with.
#pragma once

#include <stdbool.h>

struct options {
	const char *config;
	bool check; // read the files, say what is wrong, and end
};

enum options_outcome {
	OPTIONS_GO,
	OPTIONS_ANSWERED, // only help or the version was wanted, and is given
	OPTIONS_WRONG,    // and how it goes is said
};

enum options_outcome options_read(struct options *out, int argc, char **argv);
