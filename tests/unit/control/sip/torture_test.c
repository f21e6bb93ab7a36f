// SPDX-License-Identifier: BSD-3-Clause
//
// Messages that others collected to break parsers, as datagrams to a whole endpoint: RFC 4475
// against its table of expected answers, and sets that must only leave us alive and empty.
#include "tests/support/stage_expect.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 65536 };

static bool load(const char *path, char buf[FILE_MAX], size_t *len)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return false;
	*len = fread(buf, 1, FILE_MAX, f);
	fclose(f);
	return true;
}

static void skip_loudly(const char *path)
{
	fprintf(stderr, "SKIPPED: no %s\n", path);
	cr_skip_test("no %s", path);
}

static void refuse_calls(const struct sip_event *event)
{
	if (event->kind == SIP_EV_INVITE)
		sip_refuse(event->dialog, 486, NULL);
}

static void start(void)
{
	stage_start();
	stage.react = refuse_calls;
}

TestSuite(torture, .init = start, .fini = stage_end);

// The endpoint still does its work.
static void alive(void)
{
	stage_deaf();
	stage_say(STAGE_TRUNK,
		"INVITE sip:1@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKalive\n"
		"From: <sip:2@x>;tag=1\nTo: <sip:1@x>\nCall-ID: alive\nCSeq: 1 INVITE\n"
		"Contact: <sip:2@10.0.0.9>\n",
		NULL);
	expect_told(INVITE);
	expect_said("SIP/2.0 486 ");
	stage_pass(70000);
	expect_number(sip_transactions(stage.sip), 0);
	expect_number(sip_dialogs(stage.sip), 0);
}

// --- RFC 4475

static bool mentions(const char *cell, int code)
{
	char digits[8];

	snprintf(digits, sizeof(digits), "%d", code);
	return strstr(cell, digits) != NULL;
}

// What the table allows: its own numbers; "process" is a challenge to an INVITE or a REGISTER of
// somebody unknown, and so is any success it speaks of, or 481 for a dialog that nobody has;
// "drop" is silence.
static bool allowed(const char *expected, const char *guard, const char *gap, int code)
{
	bool processed = strstr(expected, "process") != NULL || mentions(expected, 200);

	if (code == 0)
		return strstr(expected, "drop") != NULL;
	if (mentions(expected, code))
		return true;
	if (processed && (code == 401 || code == 481))
		return true;
	// A deviation that the table itself records.
	return strstr(gap, "wrong reject") != NULL && mentions(guard, code);
}

static int code_of(const struct said *said)
{
	return said->len > 12 ? (int)strtol(said->text + 8, NULL, 10) : 0;
}

static void try_one(char *cells[7], int *tried)
{
	static char buf[FILE_MAX];
	char path[512];
	size_t len;

	snprintf(path, sizeof(path), TESTDATA "/rfc4475/%s.dat", cells[0]);
	cr_assert(load(path, buf, &len), "%s", path);
	stage_deaf();
	stage_bytes("192.0.2.100:5060", buf, len);
	const struct said *said = stage_next();
	int code = code_of(said);
	cr_expect(allowed(cells[3], cells[6], cells[5], code), "%s: %d, expected: %s", cells[0],
		code, cells[3]);
	cr_expect(code == 0 || strstr(said->text, "\r\nCSeq: ") != NULL, "%s: a broken answer",
		cells[0]);
	cr_expect(code == 0 || said->len <= len + 300, "%s: answer of %zu bytes to %zu", cells[0],
		said->len, len);
	if (code == 415)
		cr_expect(strstr(said->text, "\r\nAccept: ") != NULL);
	if (code == 420)
		cr_expect(strstr(said->text, "\r\nUnsupported: ") != NULL);
	if (code == 405)
		cr_expect(strstr(said->text, "\r\nAllow: ") != NULL);
	if (code == 401)
		cr_expect(strstr(said->text, "\r\nWWW-Authenticate: Digest ") != NULL);
	expect_silence();
	(*tried)++;
}

Test(torture, row_44_every_message_of_rfc_4475_gets_what_the_table_says)
{
	FILE *table = fopen(TESTDATA "/rfc4475/EXPECTED.tsv", "r");
	char line[2048];
	int tried = 0;

	if (table == NULL)
		skip_loudly(TESTDATA "/rfc4475/EXPECTED.tsv");
	while (fgets(line, sizeof(line), table) != NULL) {
		char *cells[7] = { NULL };
		char *rest = line;

		for (int i = 0; i < 7 && rest != NULL; i++)
			cells[i] = strsep(&rest, "\t\n");
		if (cells[6] != NULL && strcmp(cells[0], "file") != 0)
			try_one(cells, &tried);
	}
	fclose(table);
	expect_number(tried, 49);
	expect_untold();
	alive();
}

// --- sets that we must survive

static void survive(const char *folder, int at_least)
{
	static char buf[FILE_MAX];
	struct dirent *e;
	DIR *dir = opendir(folder);
	int tried = 0;

	if (dir == NULL)
		skip_loudly(folder);
	while ((e = readdir(dir)) != NULL) {
		char path[1024];
		size_t len;

		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (e->d_name[0] == '.' || !load(path, buf, &len))
			continue;
		stage_deaf();
		stage_bytes("192.0.2.100:5060", buf, len);
		cr_expect(stage_unheard() <= 1, "%s: one answer at most", e->d_name);
		stage_bytes(STAGE_TRUNK, buf, len);
		stage_pass(1000);
		tried++;
	}
	closedir(dir);
	cr_expect(tried >= at_least, "%s: only %d files", folder, tried);
	stage_pass(70000);
	alive();
}

Test(torture, rfc_4475_from_the_trunk_leaves_nothing_behind)
{
	survive(TESTDATA "/rfc4475", 49);
}

Test(torture, what_leaks_and_overreads_in_osip_does_not_reach_it)
{
	survive(TESTDATA "/osip-findings", 4);
}

Test(torture, the_messages_of_sofia_sip_leave_nothing_behind)
{
	survive(TESTDATA "/sofia-sip-msgs", 50);
}

Test(torture, row_43_what_is_huge_is_refused_before_the_parser)
{
	static char big[70000];
	static const struct {
		const char *what;
		const char *head, *unit;
		int times;
	} rows[] = {
		{ "parameters in the request URI", "INVITE sip:a@b", ";p=1", 15000 },
		{ "header lines", "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1",
			"\r\nX: y", 10000 },
		{ "contacts",
			"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nm: <sip:a@b>",
			",<sip:a@b>", 500 },
		{ "vias", "INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1",
			"\r\nv: SIP/2.0/UDP h", 100 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = (size_t)sprintf(big, "%s", rows[i].head);
		for (int t = 0; t < rows[i].times && n + 100 < sizeof(big); t++)
			n += (size_t)sprintf(big + n, "%s", rows[i].unit);
		n += (size_t)sprintf(big + n, "\r\n\r\n");
		stage_deaf();
		stage_bytes("192.0.2.100:5060", big, n);
		cr_expect(stage_unheard() <= 1, "%s", rows[i].what);
	}
	expect_number(sip_stats(stage.sip)->requests, 0);
	cr_expect(sip_stats(stage.sip)->bad_limits >= 3);
	alive();
}
