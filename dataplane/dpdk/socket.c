// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SENT_MAX = 2, RECEIVED_MAX = 8, BACKLOG = 4, MODE = 0660, DIRECTORY_MODE = 0755 };

__attribute__((format(printf, 3, 4))) static bool complain(
	char *error, size_t error_size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, error_size, fmt, args);
	va_end(args);
	return false;
}

// One level: /run/layby, not what is above it.
static void make_directory(const char *path)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	snprintf(directory, sizeof(directory), "%s", path);
	char *slash = strrchr(directory, '/');
	if (slash == NULL || slash == directory)
		return;
	*slash = '\0';
	mkdir(directory, DIRECTORY_MODE); // if it fails, the next step says it better
}

// A lock beside the socket, because a socket does not tell whether its owner lives.
static bool take_lock(const char *path, int *lock, char *error, size_t error_size)
{
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof(".lock")];

	snprintf(name, sizeof(name), "%s.lock", path);
	*lock = open(name, O_CREAT | O_RDWR | O_CLOEXEC, MODE);
	if (*lock < 0)
		return complain(error, error_size,
			"%s cannot be made: %s; make its directory, or write another socket "
			"in the configuration",
			name, strerrordesc_np(errno));
	if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	close(*lock);
	return complain(error, error_size,
		"another layby-media serves %s: stop it, or write another socket in the "
		"configuration",
		path);
}

// What is left of a predecessor is ours by the lock. Anything else stays, and bind() says so.
static void remove_old_socket(const char *path)
{
	struct stat old;

	if (lstat(path, &old) == 0 && S_ISSOCK(old.st_mode))
		unlink(path);
}

static int bind_and_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	remove_old_socket(path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		chmod(path, MODE) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

bool socket_listen(const char *path, int *listener, int *lock, char *error, size_t error_size)
{
	make_directory(path);
	if (!take_lock(path, lock, error, error_size))
		return false;
	*listener = bind_and_listen(path);
	if (*listener >= 0)
		return true;
	complain(error, error_size, "no socket at %s: %s; write another one in the configuration",
		path, strerrordesc_np(errno));
	close(*lock);
	return false;
}

// The lock file stays: to unlink it would let two take it.
void socket_close(const char *path, int listener, int lock)
{
	unlink(path);
	close(listener);
	close(lock);
}

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(RECEIVED_MAX * sizeof(int))];
};

bool socket_send(int fd, const struct attach_message *m, const int *fds, uint32_t count)
{
	union control control = { 0 };
	struct attach_message copy = *m;
	struct iovec part = { .iov_base = &copy, .iov_len = sizeof(copy) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	assert(count <= SENT_MAX);
	if (count > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));

		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(copy);
}

static void keep_first(int *kept, const struct cmsghdr *c)
{
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (*kept < 0)
			*kept = fd;
		else
			close(fd);
	}
}

enum socket_outcome socket_receive(int fd, struct attach_message *out, int *passed)
{
	union control control;
	struct iovec part = { .iov_base = out, .iov_len = sizeof(*out) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*passed = -1;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? SOCKET_NOTHING : SOCKET_END;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			keep_first(passed, c);
	}
	if (n == (ssize_t)sizeof(*out) && (message.msg_flags & MSG_TRUNC) == 0)
		return SOCKET_MESSAGE;
	if (*passed >= 0)
		close(*passed);
	*passed = -1;
	return n == 0 ? SOCKET_END : SOCKET_STRANGE;
}
