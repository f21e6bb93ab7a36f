// SPDX-License-Identifier: BSD-3-Clause
//
// The other end of the control socket: asks, waits for the answer, but not for ever.
#pragma once

#include <jansson.h>
#include <stddef.h>

enum client_outcome {
	CLIENT_OK = 0,
	CLIENT_REFUSED, // the core answered, and its answer is no
	CLIENT_GONE,    // there is no core, or it does not answer, or that is none
};

enum { CLIENT_ERROR_MAX = 1024, CLIENT_REASON_MAX = 64 };

struct client {
	int fd;
	json_int_t id; // of the last request
	char *text;    // what was received and not taken
	size_t len, size;
	char error[CLIENT_ERROR_MAX];   // why the last outcome was not OK
	char reason[CLIENT_REASON_MAX]; // REFUSED: the stable word for it
};

[[nodiscard]] enum client_outcome client_open(struct client *c, const char *path);
void client_close(struct client *c);

// Takes params over (NULL: none). *out, the result, is the caller's.
[[nodiscard]] enum client_outcome client_ask(
	struct client *c, const char *method, json_t *params, json_t **out);
// Waits, for ever, for the next notification; *out is the caller's.
[[nodiscard]] enum client_outcome client_listen(struct client *c, json_t **out);
