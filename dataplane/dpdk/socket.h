// SPDX-License-Identifier: BSD-3-Clause
//
// The UNIX socket of the contract (attach.h), one message at a time, descriptors alongside. None
// of it waits for the other end.
#pragma once

#include "dataplane/attach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A listening SOCK_SEQPACKET socket, mode 0660, and the lock that says that it is ours. False:
// error is a sentence, and there is nothing to close.
[[nodiscard]] bool socket_listen(
	const char *path, int *listener, int *lock, char *error, size_t error_size);
void socket_close(const char *path, int listener, int lock);

// False: the other end is gone or does not read.
[[nodiscard]] bool socket_send(
	int fd, const struct attach_message *m, const int *fds, uint32_t count);

enum socket_outcome {
	SOCKET_MESSAGE,
	SOCKET_NOTHING,
	SOCKET_END,
	SOCKET_STRANGE, // not a message of ours
};

// *passed is the caller's to close if it is not -1. More descriptors than one are closed here.
[[nodiscard]] enum socket_outcome socket_receive(int fd, struct attach_message *out, int *passed);
