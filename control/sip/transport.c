// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET_BUFFER = 4 << 20 };

struct transport {
	int fd;
	char data[TRANSPORT_DATAGRAM_MAX];
};

struct transport *transport_open(const struct address *local)
{
	struct sockaddr_storage sa;
	socklen_t len = (socklen_t)address_to_sockaddr(local, &sa);
	int size = SOCKET_BUFFER, err;
	struct transport *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		goto no_socket;
	// As much as the kernel allows: a burst of calls must not be lost while a timer runs.
	setsockopt(t->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(t->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind(t->fd, (const struct sockaddr *)&sa, len) < 0)
		goto not_bound;
	return t;

not_bound:
	err = errno;
	close(t->fd);
	errno = err;
no_socket:
	err = errno;
	free(t);
	errno = err;
	return NULL;
}

struct transport *transport_close(struct transport *t)
{
	if (t != NULL) {
		close(t->fd);
		free(t);
	}
	return NULL;
}

int transport_fd(const struct transport *t)
{
	return t->fd;
}

void transport_read(struct transport *t, transport_fn fn, void *ctx)
{
	for (int i = 0; i < TRANSPORT_BURST; i++) {
		struct sockaddr_storage sa;
		socklen_t sa_len = sizeof(sa);
		struct address from;
		ssize_t n = recvfrom(
			t->fd, t->data, sizeof(t->data), 0, (struct sockaddr *)&sa, &sa_len);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			continue; // interrupted, or no memory: the next one may be had
		address_from_sockaddr(&from, &sa);
		fn(ctx, t->data, (size_t)n, &from);
	}
}

bool transport_send(struct transport *t, const struct address *to, const char *data, size_t len)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = (socklen_t)address_to_sockaddr(to, &sa);

	return sendto(t->fd, data, len, 0, (const struct sockaddr *)&sa, sa_len) >= 0;
}
