// SPDX-License-Identifier: BSD-3-Clause
//
// UDP sockets ↔ bytes. Nothing here knows what the bytes mean.
#pragma once

#include "control/address.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	TRANSPORT_DATAGRAM_MAX = 65535,
	TRANSPORT_BURST = 64, // datagrams taken in one go, so that timers get their turn
};

struct transport;

typedef void (*transport_fn)(void *ctx, const char *data, size_t len, const struct address *from);

// A bound, non-blocking UDP socket. NULL: errno says why.
[[nodiscard]] struct transport *transport_open(const struct address *local);
struct transport *transport_close(struct transport *t); // NULL is harmless; returns NULL
int transport_fd(const struct transport *t);
// Hands over what has arrived, at most TRANSPORT_BURST datagrams.
void transport_read(struct transport *t, transport_fn fn, void *ctx);
// Sends, or drops and says false: the socket's buffer is full, or there is no way to that address.
bool transport_send(struct transport *t, const struct address *to, const char *data, size_t len);
