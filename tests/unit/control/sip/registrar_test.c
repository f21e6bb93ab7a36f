// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/registrar.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROOM = 20, NOW = 5000 };

static struct clock clock_;
static struct registrar *r;
static char told[256]; // what `changed` said, in a word each: "+201 " or "-201 "

static void changed(void *ctx, const char *user, const char *domain, bool reachable)
{
	size_t len = strlen(ctx);

	cr_expect(eq(int, registrar_reachable(r, user, domain), reachable), "as it is told");
	snprintf((char *)ctx + len, sizeof(told) - len, "%c%s ", reachable ? '+' : '-', user);
}

static void start(void)
{
	struct registrar_plan plan = { .contacts_max = ROOM, .ctx = told, .changed = changed };

	told[0] = '\0';
	clock_init(&clock_, NOW);
	r = registrar_new(&plan, &clock_);
}

static void stop(void)
{
	cr_expect(eq(u64, clock_.armed, registrar_count(r)), "a timer for every contact");
	r = registrar_free(r);
	cr_expect(eq(u64, clock_.armed, 0), "and none after the end");
}

TestSuite(registrar, .init = start, .fini = stop);

static enum registrar_outcome bind_at(
	const char *user, const char *uri, uint32_t expires_s, const char *call_id, uint32_t cseq)
{
	struct binding b = { .uri = uri, .expires_s = expires_s, .call_id = call_id, .cseq = cseq };

	return registrar_bind(r, user, "acme.example", &b, clock_.now_ms);
}

// From a new call every time.
static enum registrar_outcome bind(const char *user, const char *uri, uint32_t expires_s)
{
	static uint32_t calls;
	char call_id[16];

	snprintf(call_id, sizeof(call_id), "call-%u", calls++);
	return bind_at(user, uri, expires_s, call_id, 1);
}

// The contacts of a user, each followed by a blank.
static const char *contacts_of(const char *user, const char *domain)
{
	static char out[4 * REGISTRAR_CONTACTS_MAX * REGISTRAR_URI_MAX];
	struct contact c[REGISTRAR_CONTACTS_MAX];
	uint32_t n = registrar_find(r, user, domain, c);

	char *at = out;

	out[0] = '\0';
	for (uint32_t i = 0; i < n; i++)
		at += snprintf(at, sizeof(c[i].uri) + 1, "%s ", c[i].uri);
	cr_expect(eq(int, registrar_reachable(r, user, domain), n > 0));
	return out;
}

#define CONTACTS(user) contacts_of(user, "acme.example")

Test(registrar, finds_what_was_bound)
{
	struct contact c[REGISTRAR_CONTACTS_MAX];
	struct binding b = { .uri = "sip:201@192.0.2.1:5062",
		.to = { .port = 5062 },
		.nat = true,
		.expires_s = 60,
		.call_id = "x",
		.cseq = 1 };

	cr_expect(eq(int, registrar_bind(r, "201", "acme.example", &b, NOW), REGISTRAR_OK));
	cr_assert(eq(u32, registrar_find(r, "201", "acme.example", c), 1));
	cr_expect_str_eq(c[0].uri, "sip:201@192.0.2.1:5062");
	cr_expect(eq(int, c[0].to.port, 5062));
	cr_expect(c[0].nat);
	cr_expect(eq(u64, c[0].until_ms, NOW + 60000));
	cr_expect(eq(u32, registrar_count(r), 1));
	cr_expect_str_eq(CONTACTS("202"), "");
}

Test(registrar, compares_domains_without_case_and_users_with_it)
{
	cr_expect(eq(int, bind("anna", "sip:a", 60), REGISTRAR_OK));
	cr_expect_str_eq(contacts_of("anna", "ACME.Example"), "sip:a ");
	cr_expect_str_eq(contacts_of("Anna", "acme.example"), "");
	cr_expect_str_eq(contacts_of("anna", "globex.example"), "");
	cr_expect_str_eq(contacts_of("ann", "aacme.example"), "");
}

Test(registrar, names_the_newest_first)
{
	bind("201", "sip:a", 60);
	bind("201", "sip:b", 60);
	bind("201", "sip:c", 60);
	cr_expect_str_eq(CONTACTS("201"), "sip:c sip:b sip:a ");
	bind("201", "sip:a", 60);
	cr_expect_str_eq(CONTACTS("201"), "sip:a sip:c sip:b ");
	cr_expect(eq(u32, registrar_count(r), 3));
}

Test(registrar, lets_contacts_run_out_on_the_clock)
{
	bind("201", "sip:a", 60);
	bind("201", "sip:b", 90);
	clock_advance(&clock_, NOW + 60000 - 1);
	cr_expect_str_eq(CONTACTS("201"), "sip:b sip:a ");
	clock_advance(&clock_, NOW + 60000);
	cr_expect_str_eq(CONTACTS("201"), "sip:b ");
	clock_advance(&clock_, NOW + 90000);
	cr_expect_str_eq(CONTACTS("201"), "");
	cr_expect(eq(u32, registrar_count(r), 0));
	cr_expect_str_eq(told, "+201 +201 -201 ");
}

Test(registrar, a_refresh_sets_the_time_anew)
{
	bind("201", "sip:a", 60);
	clock_advance(&clock_, NOW + 50000);
	bind("201", "sip:a", 60);
	clock_advance(&clock_, NOW + 109999);
	cr_expect_str_eq(CONTACTS("201"), "sip:a ");
	clock_advance(&clock_, NOW + 110000);
	cr_expect_str_eq(CONTACTS("201"), "");
}

Test(registrar, tells_of_new_contacts_and_of_the_last_ones_end)
{
	bind("201", "sip:a", 60);
	cr_expect_str_eq(told, "+201 ");
	bind("201", "sip:a", 60);
	cr_expect_str_eq(told, "+201 ", "a refresh is no news");
	bind("201", "sip:b", 60);
	cr_expect_str_eq(told, "+201 +201 ");
	bind("201", "sip:a", 0);
	cr_expect_str_eq(told, "+201 +201 ", "he can still be reached");
	bind("201", "sip:b", 0);
	cr_expect_str_eq(told, "+201 +201 -201 ");
	bind("201", "sip:b", 0);
	cr_expect_str_eq(told, "+201 +201 -201 ", "what is not there cannot go");
}

Test(registrar, does_nothing_for_a_request_that_was_overtaken)
{
	cr_expect(eq(int, bind_at("201", "sip:a", 60, "x", 5), REGISTRAR_OK));
	cr_expect(eq(int, bind_at("201", "sip:a", 0, "x", 5), REGISTRAR_STALE));
	cr_expect(eq(int, bind_at("201", "sip:a", 90, "x", 4), REGISTRAR_STALE));
	cr_expect_str_eq(CONTACTS("201"), "sip:a ");
	clock_advance(&clock_, NOW + 60000);
	cr_expect_str_eq(CONTACTS("201"), "");

	cr_expect(eq(int, bind_at("201", "sip:a", 60, "x", 5), REGISTRAR_OK), "it was forgotten");
	cr_expect(eq(int, bind_at("201", "sip:a", 60, "y", 1), REGISTRAR_OK), "after a reboot");
	cr_expect(eq(int, bind_at("201", "sip:a", 0, "y", 2), REGISTRAR_OK));
	cr_expect_str_eq(CONTACTS("201"), "");
}

Test(registrar, clears_all_or_nothing)
{
	bind_at("201", "sip:a", 60, "x", 5);
	bind_at("201", "sip:b", 60, "y", 1);
	bind_at("202", "sip:c", 60, "x", 1);
	cr_expect(eq(int, registrar_clear(r, "201", "acme.example", "x", 5), REGISTRAR_STALE));
	cr_expect_str_eq(CONTACTS("201"), "sip:b sip:a ");
	cr_expect(eq(int, registrar_clear(r, "201", "acme.example", "x", 6), REGISTRAR_OK));
	cr_expect_str_eq(CONTACTS("201"), "");
	cr_expect_str_eq(CONTACTS("202"), "sip:c ");
	cr_expect_str_eq(told, "+201 +201 +202 -201 ");
	cr_expect(eq(int, registrar_clear(r, "201", "acme.example", "x", 1), REGISTRAR_OK));
}

Test(registrar, keeps_eight_contacts_of_a_user)
{
	char uri[16];

	for (int i = 0; i < REGISTRAR_CONTACTS_MAX; i++) {
		snprintf(uri, sizeof(uri), "sip:%d", i);
		cr_expect(eq(int, bind("201", uri, 60), REGISTRAR_OK));
	}
	cr_expect(eq(int, bind("201", "sip:9", 60), REGISTRAR_TOO_MANY));
	cr_expect(eq(int, bind("201", "sip:0", 60), REGISTRAR_OK), "a refresh always finds room");
	cr_expect_str_eq(CONTACTS("201"), "sip:0 sip:7 sip:6 sip:5 sip:4 sip:3 sip:2 sip:1 ");
	cr_expect(eq(int, bind("201", "sip:1", 0), REGISTRAR_OK));
	cr_expect(eq(int, bind("201", "sip:9", 60), REGISTRAR_OK));
}

Test(registrar, keeps_as_many_contacts_as_it_was_told)
{
	char user[16];

	for (int i = 0; i < ROOM; i++) {
		snprintf(user, sizeof(user), "%d", i);
		cr_expect(eq(int, bind(user, "sip:a", 60), REGISTRAR_OK));
	}
	cr_expect(eq(int, bind("x", "sip:a", 60), REGISTRAR_FULL));
	cr_expect_str_eq(CONTACTS("x"), "");
	cr_expect(eq(int, bind("0", "sip:a", 60), REGISTRAR_OK), "a refresh always finds room");
	cr_expect(eq(int, bind("0", "sip:a", 0), REGISTRAR_OK));
	cr_expect(eq(int, bind("x", "sip:a", 60), REGISTRAR_OK));
}

Test(registrar, keeps_no_uri_that_it_could_not_hand_out)
{
	char uri[REGISTRAR_URI_MAX + 1];

	memset(uri, 'x', REGISTRAR_URI_MAX);
	uri[REGISTRAR_URI_MAX] = '\0';
	cr_expect(eq(int, bind("201", uri, 60), REGISTRAR_FULL));
	cr_expect(eq(int, bind("201", uri + 1, 60), REGISTRAR_OK));
	cr_expect(eq(u32, registrar_count(r), 1));
}

Test(registrar, does_not_end_the_longest_time_early)
{
	cr_expect(eq(int, bind("201", "sip:a", UINT32_MAX), REGISTRAR_OK));
	clock_advance(&clock_, NOW + 1000000);
	cr_expect_str_eq(CONTACTS("201"), "sip:a ");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Binds n users and looks up a hundred thousand times.
static double time_among(uint32_t n)
{
	struct registrar_plan plan = { .contacts_max = n };
	struct contact c[REGISTRAR_CONTACTS_MAX];
	struct binding b = { .uri = "sip:a@192.0.2.1", .expires_s = 60, .call_id = "x", .cseq = 1 };
	char user[16];
	double began;

	registrar_free(r);
	r = registrar_new(&plan, &clock_);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(user, sizeof(user), "%u", i);
		cr_assert(eq(int, registrar_bind(r, user, "acme.example", &b, NOW), REGISTRAR_OK));
	}
	began = seconds();
	for (uint32_t i = 0; i < 100000; i++) {
		snprintf(user, sizeof(user), "%u", i % n);
		cr_assert(eq(u32, registrar_find(r, user, "acme.example", c), 1));
	}
	return seconds() - began;
}

Test(registrar, finds_one_of_a_hundred_thousand_as_fast_as_one_of_a_hundred)
{
	double few = time_among(100), many = time_among(100000);

	// A list would take a thousand times as long; a cache line missed takes some.
	cr_expect(many < 30 * few, "%.3f s against %.3f s", many, few);
	clock_advance(&clock_, NOW + 60000);
	cr_expect(eq(u32, registrar_count(r), 0));
}
