// SPDX-License-Identifier: BSD-3-Clause
//
// A real socket, the real loop, and askers of all kinds.
#include "control/admin/connection.h"
#include "control/loop.h"
#include "tests/support/fake_office.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 23, LINE_LIMIT = 65536 };

static char dir[] = "/tmp/admin.XXXXXX";
static char path[64];
static struct fake_office office;
static struct loop *loop;
static struct admin *admin;
static struct timer stop;
static char text[TEXT_MAX];

static void stop_now(struct timer *, uint64_t)
{
	loop_stop(loop);
}

static void setup(void)
{
	struct admin_ops ops;
	char error[512] = "";

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/control.sock", dir);
	office = (struct fake_office){ .parked = 3, .caller = "Ann" };
	fake_office_ops(&office, &ops);
	loop = loop_new();
	cr_assert_not_null(loop);
	timer_init(&stop, stop_now);
	admin = admin_new(loop, path, &ops, error, sizeof(error));
	cr_assert_not_null(admin, "%s", error);
}

static void teardown(void)
{
	char command[128];

	admin = admin_free(admin);
	loop = loop_free(loop);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert(eq(int, system(command), 0));
}

TestSuite(socket, .init = setup, .fini = teardown, .timeout = 20);

// Lets the core work for so long.
static void turn(uint64_t ms)
{
	clock_arm(loop_clock(loop), &stop, loop_now(loop) + ms);
	loop_run(loop);
}

static int come(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	// EAGAIN: more wait to be accepted than the kernel keeps.
	while (connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		cr_assert(eq(int, errno, EAGAIN));
		turn(2);
	}
	return fd;
}

static void write_text(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		cr_assert(n > 0 || errno == EAGAIN, "%s", strerror(errno));
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
		if (n < 0)
			turn(2);
	}
}

static void write_line(int fd, const char *line)
{
	write_text(fd, line, strlen(line));
	write_text(fd, "\n", 1);
}

// Reads until there are so many lines, the other end is gone, or it takes too long. Returns the
// lines.
static int read_lines(int fd, int lines)
{
	size_t len = 0;
	int n = 0;

	for (int tries = 0; n < lines && tries < 2000; tries++) {
		ssize_t got = recv(fd, text + len, sizeof(text) - 1 - len, 0);

		if (got == 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			n += text[len + (size_t)i] == '\n';
		len += got > 0 ? (size_t)got : 0;
		if (got < 0)
			turn(2);
	}
	text[len] = '\0';
	return n;
}

// Reads until this was said, or it takes too long.
static bool read_until(int fd, const char *what)
{
	size_t len = 0;

	text[0] = '\0';
	for (int tries = 0; tries < 1000; tries++) {
		ssize_t got = recv(fd, text + len, sizeof(text) - 1 - len, 0);

		len += got > 0 ? (size_t)got : 0;
		text[len] = '\0';
		if (strstr(text, what) != NULL)
			return true;
		if (got < 0)
			turn(2);
	}
	return false;
}

static bool hung_up(int fd)
{
	for (int tries = 0; tries < 100; tries++) {
		char byte[4096];
		ssize_t n = recv(fd, byte, sizeof(byte), 0);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return true;
		turn(2);
	}
	return false;
}

static bool said(const char *what)
{
	return strstr(text, what) != NULL;
}

#define INFO      "{\"jsonrpc\":\"2.0\",\"method\":\"system.info\",\"id\":1}"
#define STATS     "{\"jsonrpc\":\"2.0\",\"method\":\"stats.get\",\"id\":\"stats\"}"
#define SLOTS     "{\"jsonrpc\":\"2.0\",\"method\":\"slot.list\",\"id\":1,\"params\":{\"limit\":1000}}"
#define SUBSCRIBE "{\"jsonrpc\":\"2.0\",\"method\":\"events.subscribe\",\"id\":\"sub\"}"

// One of the socket's own counters.
static long counter(const char *name)
{
	char key[64];
	int fd = come();

	write_line(fd, STATS);
	cr_assert(eq(int, read_lines(fd, 1), 1));
	close(fd);
	snprintf(key, sizeof(key), "\"%s\":", name);
	const char *control = strstr(text, "\"control\":");
	cr_assert_not_null(control);
	const char *at = strstr(control, key);
	cr_assert_not_null(at, "there is no counter %s", name);
	return strtol(at + strlen(key), NULL, 10);
}

static void happen(int n)
{
	for (int i = 0; i < n; i++)
		admin_event(admin,
			&(struct event_row){ .name = "park.parked", .account = "acme", .slot = 1 });
}

Test(socket, answers_each_line_however_it_arrives)
{
	int fd = come();

	write_line(fd, INFO "\n" INFO "\r");
	cr_expect(eq(int, read_lines(fd, 2), 2));
	cr_expect(said("\"version\""));
	write_text(fd, INFO, 10);
	turn(5);
	write_text(fd, INFO + 10, strlen(INFO) - 10);
	turn(5);
	write_text(fd, "\n", 1);
	cr_expect(eq(int, read_lines(fd, 1), 1));
	cr_expect(said("\"version\""));
	close(fd);
}

Test(socket, answers_the_last_line_of_one_who_has_finished_and_hangs_up)
{
	int fd = come();

	write_text(fd, INFO "\n" INFO, 2 * strlen(INFO) + 1);
	shutdown(fd, SHUT_WR);
	cr_expect(eq(int, read_lines(fd, 3), 2));
	cr_expect(hung_up(fd));
	close(fd);
}

Test(socket, sends_a_great_answer_to_one_who_has_finished)
{
	int fd = come();
	int small = 4096;

	office.parked = 2000;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 0; i < 4; i++)
		write_line(fd, SLOTS);
	shutdown(fd, SHUT_WR);
	turn(100);
	cr_expect(eq(int, read_lines(fd, 5), 4));
	cr_expect(hung_up(fd));
	close(fd);
}

Test(socket, takes_a_line_of_64_KB_and_not_a_byte_more)
{
	static char line[LINE_LIMIT + 2];
	int fd = come();

	memset(line, ' ', sizeof(line));
	memcpy(line, INFO, strlen(INFO));
	line[LINE_LIMIT] = '\n';
	write_text(fd, line, LINE_LIMIT + 1);
	cr_expect(eq(int, read_lines(fd, 1), 1));
	cr_expect(said("\"version\""));

	line[LINE_LIMIT] = ' ';
	line[LINE_LIMIT + 1] = '\n';
	write_text(fd, line, LINE_LIMIT + 2);
	cr_expect(eq(int, read_lines(fd, 2), 1));
	cr_expect(said("line_too_long"));
	cr_expect(hung_up(fd));
	close(fd);
	cr_expect(eq(long, counter("long_lines"), 1));
}

Test(socket, refuses_the_thirty_third_and_says_so)
{
	int fd[32];
	int more;

	for (int i = 0; i < 32; i++) {
		fd[i] = come();
		turn(2);
	}
	more = come();
	cr_expect(eq(int, read_lines(more, 2), 1));
	cr_expect(said("too_many_connections"));
	close(more);
	write_line(fd[31], INFO);
	cr_expect(eq(int, read_lines(fd[31], 1), 1));
	close(fd[0]);
	turn(5);
	more = come();
	write_line(more, INFO);
	cr_expect(eq(int, read_lines(more, 1), 1));
	cr_expect(said("\"version\""));
	close(more);
	for (int i = 1; i < 32; i++)
		close(fd[i]);
	turn(5);
	cr_expect(eq(long, counter("connections_refused"), 1));
}

Test(socket, tells_subscribers_and_only_them)
{
	int first = come();
	int second = come();
	int other = come();

	write_line(first, SUBSCRIBE);
	write_line(second, SUBSCRIBE);
	write_line(other, INFO);
	cr_expect(eq(int, read_lines(first, 1), 1));
	cr_expect(said("\"sub\""));
	cr_expect(eq(int, read_lines(second, 1), 1));
	cr_expect(eq(int, read_lines(other, 1), 1));
	happen(2);
	cr_expect(eq(int, read_lines(first, 2), 2));
	cr_expect(said("\"method\":\"event\"") && said("\"seq\":1,") && said("\"seq\":2,"));
	cr_expect(eq(int, read_lines(second, 2), 2));
	turn(20);
	cr_expect(eq(int, (int)recv(other, text, 1, 0), -1), "it did not ask for events");
	close(first);
	close(second);
	close(other);
}

Test(socket, answers_the_subscription_before_the_events_it_asked_for)
{
	int fd = come();

	happen(3);
	write_line(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"events.subscribe\",\"id\":9,"
		       "\"params\":{\"since\":1}}");
	cr_expect(eq(int, read_lines(fd, 3), 3));
	cr_expect(lt(ptr, strstr(text, "\"id\":9"), strstr(text, "\"seq\":2,\"time\"")));
	cr_expect(not(said("\"seq\":1,\"time\"")));
	close(fd);
}

Test(socket, tells_a_slow_subscriber_what_it_missed)
{
	int fd = come();
	long seq = 0;
	int gaps = 0;

	write_line(fd, SUBSCRIBE);
	cr_expect(eq(int, read_lines(fd, 1), 1));
	for (int i = 0; i < 30; i++) {
		happen(1000);
		turn(2);
	}
	cr_assert(read_until(fd, "\"seq\":30000,"));
	for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		char *to = strstr(line, "\"to\":");
		char *end = strchr(line, '\n');

		if (to != NULL && to < end) {
			seq = strtol(to + 5, NULL, 10);
			gaps++;
			continue;
		}
		cr_assert(eq(long, strtol(strstr(line, "\"seq\":") + 6, NULL, 10), ++seq));
	}
	cr_expect(gt(int, gaps, 0));
	cr_expect(eq(long, seq, 30000));
	close(fd);
}

Test(socket, an_asker_who_does_not_read_does_not_keep_another_waiting)
{
	int rude = come();
	int polite = come();
	int asked = 0;
	char line[128];

	office.parked = 1000;
	// As much as it can say before it would have to wait.
	for (int full = 0; full < 50 && asked < 5000;) {
		snprintf(line, sizeof(line),
			"{\"jsonrpc\":\"2.0\",\"method\":\"slot.list\",\"id\":%06d}\n",
			100000 + asked);
		ssize_t n = send(rude, line, strlen(line), MSG_NOSIGNAL);

		if (n < 0) {
			full++;
			turn(1);
			continue;
		}
		cr_assert(eq(sz, (size_t)n, strlen(line)));
		asked++;
	}
	cr_expect(gt(int, asked, 1000));
	write_line(polite, INFO);
	cr_expect(eq(int, read_lines(polite, 1), 1));
	// And once it reads, it gets every answer, in order.
	int answered = 0;
	while (answered < asked) {
		int n = read_lines(rude, asked - answered < 100 ? asked - answered : 100);
		char *at = text;

		cr_assert(gt(int, n, 0), "%d of %d answers", answered, asked);
		while ((at = strstr(at, "\"id\":")) != NULL) {
			cr_assert(eq(int, (int)strtol(at + 5, NULL, 10), 100000 + answered));
			answered++;
			at++;
		}
	}
	cr_expect(eq(int, answered, asked));
	close(rude);
	close(polite);
}

// Asks for more than the kernel keeps for it.
static void ask_for_much(int fd)
{
	office.parked = 1000;
	for (int i = 0; i < 40; i++)
		write_line(fd, SLOTS);
}

Test(socket, hangs_up_on_one_who_reads_nothing_for_too_long)
{
	int fd = come();

	cr_assert(eq(u64, admin->stall_ms, 30000));
	admin->stall_ms = 300;
	ask_for_much(fd);
	turn(100);
	cr_expect(eq(long, counter("slow_readers"), 0));
	turn(400);
	cr_expect(eq(long, counter("slow_readers"), 1));
	cr_expect(hung_up(fd));
	close(fd);
}

Test(socket, is_patient_with_one_who_reads_slowly)
{
	static char some[60000];
	int fd = come();

	admin->stall_ms = 300;
	ask_for_much(fd);
	for (int i = 0; i < 12; i++) {
		turn(50);
		cr_assert(gt(int, (int)recv(fd, some, sizeof(some), 0), 0));
	}
	cr_expect(eq(long, counter("slow_readers"), 0));
	close(fd);
}

static long cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

Test(socket, sleeps_while_an_asker_neither_reads_nor_stops_asking)
{
	int rude = come();
	int finished = come();
	long before;

	ask_for_much(finished);
	shutdown(finished, SHUT_WR);
	// Until it could not send another byte: our buffer for it is full.
	for (int full = 0; full < 20;) {
		if (send(rude, SLOTS "\n", strlen(SLOTS) + 1, MSG_NOSIGNAL) < 0) {
			full++;
			turn(2);
		}
	}
	before = cpu_ms();
	turn(500);
	cr_expect(lt(long, cpu_ms() - before, 100));
	close(rude);
	close(finished);
}

Test(socket, survives_askers_who_vanish)
{
	office.parked = 1000;
	for (int i = 0; i < 100; i++) {
		int fd = come();

		write_line(fd, i % 2 ? SUBSCRIBE
				     : "{\"jsonrpc\":\"2.0\",\"method\":\"slot.list\","
				       "\"id\":1,\"params\":{\"limit\":1000}}");
		if (i % 3 == 0)
			turn(1);
		happen(1);
		close(fd);
	}
	turn(20);
	cr_expect(eq(long, counter("connections"), 101));
	int fd = come();
	write_line(fd, INFO);
	cr_expect(eq(int, read_lines(fd, 1), 1));
	cr_expect(said("\"connections\":1"), "%s", text);
	close(fd);
}

Test(socket, says_in_the_log_who_changed_what)
{
	char file[160];
	char log[1024];
	char who[64];
	int fd = come();

	snprintf(file, sizeof(file), "%s/log", dir);
	int out = open(file, O_CREAT | O_RDWR, 0600);
	int kept = dup(2);
	dup2(out, 2);
	write_line(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"account.reload\",\"id\":1}");
	write_line(fd, INFO);
	cr_expect(eq(int, read_lines(fd, 2), 2));
	dup2(kept, 2);
	ssize_t n = pread(out, log, sizeof(log) - 1, 0);
	log[n > 0 ? n : 0] = '\0';
	snprintf(who, sizeof(who), "account.reload by uid %u, pid %d: ok", getuid(), getpid());
	cr_expect_not_null(strstr(log, who), "the log says: %s", log);
	cr_expect_null(strstr(log, "system.info"), "looking changes nothing");
	close(out);
	close(kept);
	close(fd);
}

Test(socket, an_event_without_an_admin_is_heard_by_nobody)
{
	admin_event(NULL, &(struct event_row){ .name = "park.parked" });
	cr_expect_null(admin_free(NULL));
}
