// SPDX-License-Identifier: BSD-3-Clause
//
// A UNIX socket at a path: taken over from a dead process, never from a living one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct listener {
	int fd;   // accepts, does not wait
	int lock; // held for as long as the path is ours
	int kept; // a descriptor in hand, to be able to refuse when none is left
	char path[108];
	uint64_t inode; // of our socket
};

// Listens with mode 0660. Returns 0, or -1 with a sentence in error and nothing left behind.
[[nodiscard]] int listener_open(
	struct listener *l, const char *path, char *error, uint32_t error_size);
// Removes the socket, unless somebody has put another one there.
void listener_close(struct listener *l);
// The next connection; -1: there is none. *failed: there was one, it had to be turned away
// because no descriptor was left.
[[nodiscard]] int listener_accept(struct listener *l, bool *failed);
