// SPDX-License-Identifier: BSD-3-Clause
//
// Whose path is it? A lock beside the socket answers without a race: the kernel lets go of it
// when its holder dies, however it dies.
#include "control/admin/listener.h"

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

enum { BACKLOG = 32, MODE = 0660, DIRECTORY_MODE = 0755 };

__attribute__((format(printf, 3, 4))) static int complain(
	char *error, uint32_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, size, fmt, ap);
	va_end(ap);
	return -1;
}

static struct sockaddr_un name_of(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	return name;
}

// Somebody who does not know our lock may still listen there.
static bool answers(const char *path)
{
	struct sockaddr_un name = name_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	if (fd < 0)
		return false;
	// EAGAIN: its backlog is full, so it lives.
	alive = connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0 || errno == EAGAIN;
	close(fd);
	return alive;
}

// One level: /run/layby, not what is above it. layby-media makes the same one when it is first.
static void make_directory(const char *path)
{
	char directory[sizeof(((struct listener *)NULL)->path)];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (slash == NULL || slash == directory)
		return;
	*slash = '\0';
	mkdir(directory, DIRECTORY_MODE); // if it fails, the next step says it better
}

static int take_lock(struct listener *l, char *error, uint32_t size)
{
	char path[sizeof(l->path) + 8];

	make_directory(l->path);
	snprintf(path, sizeof(path), "%s.lock", l->path);
	l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock < 0)
		return complain(error, size,
			"control socket: cannot make %s: %s; "
			"make its directory, or set control.socket to another path",
			path, strerrordesc_np(errno));
	if (flock(l->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	close(l->lock);
	return complain(error, size,
		"control socket: another layby-core has %s; "
		"stop it, or set control.socket to another path",
		l->path);
}

static int clear_path(struct listener *l, char *error, uint32_t size)
{
	struct stat st;

	if (lstat(l->path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return complain(error, size,
			"control socket: %s is there and is no socket; "
			"remove it, or set control.socket to another path",
			l->path);
	if (answers(l->path))
		return complain(error, size,
			"control socket: another process listens at %s; "
			"stop it, or set control.socket to another path",
			l->path);
	if (unlink(l->path) < 0)
		return complain(error, size, "control socket: cannot remove the dead %s: %s",
			l->path, strerrordesc_np(errno));
	return 0;
}

static int bind_path(struct listener *l, char *error, uint32_t size)
{
	struct sockaddr_un name = name_of(l->path);
	struct stat st;

	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return complain(error, size, "control socket: %s", strerrordesc_np(errno));
	// The mode before bind(), so that there is no moment with a wider one (the umask may
	// narrow it further; chmod() puts that right).
	if (fchmod(l->fd, MODE) < 0 || bind(l->fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		goto not_bound;
	if (chmod(l->path, MODE) < 0 || lstat(l->path, &st) < 0 || listen(l->fd, BACKLOG) < 0)
		goto not_listening;
	l->inode = st.st_ino;
	return 0;

not_listening:
	unlink(l->path);
not_bound:
	complain(error, size, "control socket: cannot listen at %s: %s", l->path,
		strerrordesc_np(errno));
	close(l->fd);
	return -1;
}

int listener_open(struct listener *l, const char *path, char *error, uint32_t error_size)
{
	*l = (struct listener){ .fd = -1, .lock = -1, .kept = -1 };
	if (strlen(path) >= sizeof(l->path))
		return complain(error, error_size,
			"control socket: %s is longer than the %zu bytes a UNIX socket's path may have",
			path, sizeof(l->path) - 1);
	snprintf(l->path, sizeof(l->path), "%s", path);
	if (take_lock(l, error, error_size) < 0)
		return -1;
	if (clear_path(l, error, error_size) < 0 || bind_path(l, error, error_size) < 0) {
		close(l->lock);
		return -1;
	}
	l->kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return 0;
}

void listener_close(struct listener *l)
{
	struct stat st;

	if (lstat(l->path, &st) == 0 && st.st_ino == l->inode)
		unlink(l->path);
	close(l->fd);
	if (l->kept >= 0)
		close(l->kept);
	// The lock's file stays: whoever removes it could remove another's.
	close(l->lock);
}

// The loop would call us for ever for a connection that we cannot take: spend the descriptor in
// hand on it.
static void turn_away(struct listener *l)
{
	if (l->kept >= 0)
		close(l->kept);
	l->kept = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (l->kept >= 0)
		close(l->kept);
	l->kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int listener_accept(struct listener *l, bool *failed)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	*failed = fd < 0 && (errno == EMFILE || errno == ENFILE);
	if (*failed)
		turn_away(l);
	return fd;
}
