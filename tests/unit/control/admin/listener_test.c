// SPDX-License-Identifier: BSD-3-Clause
#include "control/admin/listener.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/listener.XXXXXX";
static char path[64];
static char error[512];
static struct listener l;

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/control.sock", dir);
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert(eq(int, system(command), 0));
}

TestSuite(listener, .init = setup, .fini = teardown, .timeout = 20);

// A client's end, or -1.
static int come(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	close(fd);
	return -1;
}

static mode_t mode_of(const char *file)
{
	struct stat st;

	cr_assert(eq(int, lstat(file, &st), 0));
	return st.st_mode & 07777;
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void expect_refused(const char *where, const char *sentence)
{
	int before = open_fds();

	error[0] = '\0';
	cr_expect(eq(int, listener_open(&l, where, error, sizeof(error)), -1));
	cr_expect_not_null(strstr(error, sentence), "it says: %s", error);
	cr_expect(eq(int, open_fds(), before), "a descriptor is left behind");
}

Test(listener, lets_the_group_in_and_nobody_else_whatever_the_umask)
{
	static const mode_t masks[] = { 0, 022, 077 };

	for (size_t i = 0; i < 3; i++) {
		umask(masks[i]);
		cr_assert(eq(int, listener_open(&l, path, error, sizeof(error)), 0), "%s", error);
		cr_expect(eq(uint, mode_of(path), 0660));
		listener_close(&l);
	}
}

Test(listener, makes_its_directory_when_it_is_the_first_to_come)
{
	snprintf(path, sizeof(path), "%s/layby/control.sock", dir);
	cr_assert(eq(int, listener_open(&l, path, error, sizeof(error)), 0), "%s", error);
	listener_close(&l);
}

Test(listener, goes_away_with_its_socket)
{
	int before = open_fds();

	cr_assert(eq(int, listener_open(&l, path, error, sizeof(error)), 0), "%s", error);
	int fd = come();
	cr_expect(ge(int, fd, 0));
	close(fd);
	listener_close(&l);
	cr_expect(eq(int, access(path, F_OK), -1));
	cr_expect(eq(int, open_fds(), before));
}

Test(listener, takes_the_path_of_a_dead_process_over)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		_exit(listener_open(&l, path, error, sizeof(error)) == 0 ? 0 : 1);
	}
	cr_assert(eq(int, waitpid(child, &status, 0), child));
	cr_assert(eq(int, status, 0));
	cr_assert(eq(int, access(path, F_OK), 0), "it died without removing its socket");
	cr_assert(eq(int, listener_open(&l, path, error, sizeof(error)), 0), "%s", error);
	int fd = come();
	cr_expect(ge(int, fd, 0));
	close(fd);
	listener_close(&l);
}

Test(listener, leaves_the_path_to_a_living_process)
{
	struct listener first;

	cr_assert(eq(int, listener_open(&first, path, error, sizeof(error)), 0), "%s", error);
	expect_refused(path, "another layby-core has");
	int fd = come();
	cr_expect(ge(int, fd, 0), "the first one still listens");
	close(fd);
	listener_close(&first);
}

Test(listener, leaves_the_path_to_a_stranger_who_listens)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int stranger = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	cr_assert(eq(int, bind(stranger, (struct sockaddr *)&name, sizeof(name)), 0));
	cr_assert(eq(int, listen(stranger, 1), 0));
	expect_refused(path, "another process listens");
	cr_expect(eq(int, access(path, F_OK), 0));
	close(stranger);
}

Test(listener, says_what_is_wrong_with_a_path)
{
	char file[160];
	char long_path[200];

	expect_refused("/no/such/directory/control.sock", "No such file or directory");
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	expect_refused(long_path, "is longer than the 107 bytes");
	snprintf(file, sizeof(file), "%s/file", dir);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	expect_refused(file, "is no socket");
	cr_expect(eq(int, access(file, F_OK), 0), "the file is still there");
}

Test(listener, does_not_remove_a_socket_that_another_put_there)
{
	struct listener second;
	char moved[160];

	cr_assert(eq(int, listener_open(&l, path, error, sizeof(error)), 0));
	snprintf(moved, sizeof(moved), "%s/moved", dir);
	cr_assert(eq(int, rename(path, moved), 0));
	snprintf(moved, sizeof(moved), "%s.lock", path);
	unlink(moved);
	cr_assert(eq(int, listener_open(&second, path, error, sizeof(error)), 0), "%s", error);
	listener_close(&l);
	cr_expect(eq(int, access(path, F_OK), 0));
	listener_close(&second);
}

Test(listener, accepts_one_after_the_other_and_does_not_wait)
{
	bool failed;

	cr_assert(eq(int, listener_open(&l, path, error, sizeof(error)), 0));
	int client = come();
	int fd = listener_accept(&l, &failed);
	cr_expect(ge(int, fd, 0));
	cr_expect(eq(int, fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK));
	cr_expect(eq(int, fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC));
	cr_expect(eq(int, listener_accept(&l, &failed), -1));
	cr_expect(not(failed));
	close(fd);
	close(client);
	listener_close(&l);
}

Test(listener, turns_a_connection_away_when_no_descriptor_is_left)
{
	struct rlimit limit;
	struct rlimit none;
	bool failed;
	char byte;

	cr_assert(eq(int, listener_open(&l, path, error, sizeof(error)), 0));
	int client = come();
	cr_assert(eq(int, getrlimit(RLIMIT_NOFILE, &limit), 0));
	none = (struct rlimit){ .rlim_cur = (rlim_t)client + 1, .rlim_max = limit.rlim_max };
	int filler = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	while (filler >= 0)
		filler = dup(0);
	cr_expect(eq(int, listener_accept(&l, &failed), -1));
	cr_expect(failed);
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_expect(eq(sz, (size_t)read(client, &byte, 1), 0), "it sees that we hung up");
	close(client);
	client = come();
	int fd = listener_accept(&l, &failed);
	cr_expect(ge(int, fd, 0), "the next one is welcome again");
	close(fd);
	close(client);
	listener_close(&l);
}
