// SPDX-License-Identifier: BSD-3-Clause
//
// The socket to layby-media (dataplane/attach.h): connect, be told of the bridge, hand over
// tracks, notice the end, try again every second. Knows nothing of flows.
#pragma once

#include "control/clock.h"
#include "dataplane/attach.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct loop;
struct watch;

enum { MEDIA_LINK_RETRY_MS = 1000 };

struct media_link_ops {
	void *ctx;
	// Both descriptors are the callee's. NULL, or why this is no media that we can work with.
	const char *(*hello)(void *ctx, int bridge, int wake);
	void (*track)(void *ctx, const struct attach_message *answer);
	// PLAN, MOVED, STALLED, RECORDING, RECORDED. fd is -1 or what came with it; it stays the link's.
	void (*said)(void *ctx, const struct attach_message *message, int fd);
	void (*writable)(void *ctx); // again, after a send that found no room
	void (*gone)(void *ctx);     // after hello only
};

struct media_link {
	struct loop *loop;
	struct media_link_ops ops;
	struct sockaddr_un where;
	struct timer retry;
	struct watch *watch;
	int fd;       // -1: not connected
	bool greeted; // HELLO has been heard
	bool moaned;  // it was said why we are not attached; once is enough
};

// The first try is made in the loop, at once. False: the path is too long for a socket.
[[nodiscard]] bool media_link_init(struct media_link *l, struct loop *loop, const char *path,
	const struct media_link_ops *ops);
void media_link_clear(struct media_link *l);
// Hangs up, for this reason, and tries again later; gone() is called as for any other end.
void media_link_drop(struct media_link *l, const char *why);

enum media_sent { MEDIA_SENT, MEDIA_NO_ROOM, MEDIA_NOT_SENT };

// fd stays the caller's; -1: none. NOT_SENT: the end of the connection will say so by itself.
[[nodiscard]] enum media_sent media_link_send(
	struct media_link *l, const struct attach_message *message, int fd);
