// SPDX-License-Identifier: BSD-3-Clause
#include "control/log.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int pipe_out = -1, stderr_kept = -1;

static void listen_in(void)
{
	int ends[2];

	cr_assert(pipe(ends) == 0);
	stderr_kept = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	pipe_out = ends[0];
}

// All that was logged since listen_in().
static const char *heard(void)
{
	static char text[8192];
	ssize_t n;

	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	n = read(pipe_out, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(pipe_out);
	return text;
}

Test(log, says_level_where_and_text)
{
	listen_in();
	log_at(LOG_WARNING, "park", "slot %d is %s", 2, "taken");
	cr_expect_str_eq(heard(), "warning park: slot 2 is taken\n");
}

Test(log, keeps_quiet_above_its_level)
{
	listen_in();
	log_debug("not by default");
	log_set_level(LOG_ERROR);
	log_warning("no");
	log_error("yes");
	log_set_level(LOG_DEBUG);
	log_debug("now");
	const char *text = heard();
	cr_expect(strstr(text, "yes") && strstr(text, "now"));
	cr_expect(strstr(text, "no\n") == NULL && strstr(text, "default") == NULL);
}

Test(log, does_not_let_a_stranger_write_lines)
{
	listen_in();
	log_at(LOG_INFO, "sip", "from \"%s\"", "a\r\nerror main: lie\x1b[2J\x7f");
	cr_expect_str_eq(heard(), "info sip: from \"a??error main: lie?[2J?\"\n");
}

Test(log, cuts_a_line_that_is_too_long)
{
	char big[3000];

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	listen_in();
	log_info("%s", big);
	log_at(LOG_INFO, big, "x");
	const char *text = heard();
	size_t first = strcspn(text, "\n") + 1;
	cr_expect_eq(first, 1023);
	cr_expect_eq(strlen(text), 2 * 1023);
	cr_expect_eq(text[strlen(text) - 1], '\n');
}

Test(log, holds_back_what_comes_too_often)
{
	struct log_budget b = { 0 };
	unsigned said = 0;

	listen_in();
	for (unsigned i = 0; i < 100; i++)
		said += log_allowed(&b, 3, 5000 + i);
	cr_expect_eq(said, 3);
	cr_expect(log_allowed(&b, 3, 6000), "a new second");
	cr_expect(strstr(heard(), "97 more lines") != NULL, "what was held back is counted");
}

Test(log, knows_its_levels_by_name)
{
	enum log_level level = LOG_ERROR;

	cr_expect(log_level_read(&level, "notice") && level == LOG_NOTICE);
	cr_expect(log_level_read(&level, "debug") && level == LOG_DEBUG);
	cr_expect(!log_level_read(&level, "loud") && level == LOG_DEBUG);
	cr_expect(!log_level_read(&level, ""));
}

// The answer is what the child's descriptors are when it has no others.
static int open_after_closing_all(void)
{
	char where[64] = "";

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	log_open();
	if (readlink("/proc/self/fd/2", where, sizeof(where) - 1) < 0)
		return 1;
	return strcmp(where, "/dev/null") != 0 || open("/dev/null", O_RDONLY) <= STDERR_FILENO;
}

Test(log, goes_nowhere_when_there_is_no_standard_error)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(open_after_closing_all());
	cr_assert(waitpid(child, &status, 0) == child);
	cr_expect(status == 0);
}
