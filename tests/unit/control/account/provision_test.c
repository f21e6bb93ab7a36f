// SPDX-License-Identifier: BSD-3-Clause
#include "control/account/account.h"
#include "control/sip/digest.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static struct accounts *load(const char *text, char *error, uint32_t size)
{
	snprintf(path, sizeof(path), "layby-provision-%d.yaml", getpid());
	FILE *f = fopen(path, "w");
	cr_assert(f != NULL && fputs(text, f) >= 0);
	fclose(f);
	struct accounts *a = accounts_load(path, error, size);
	unlink(path);
	return a;
}

static struct accounts *load_good(const char *text)
{
	char error[256] = "";
	struct accounts *a = load(text, error, sizeof(error));

	cr_assert(a != NULL, "%s", error);
	return a;
}

static const char acme[] =
	"accounts:\n"
	"  - name: acme\n"
	"    domain: acme.example\n"
	"    music: /srv/acme.wav\n"
	"    music-position: shared\n"
	"    parking: { code: \"*7\", fallback: reception }\n"
	"    lots:\n"
	"      - { name: front, slots: 1-4, timeout: 120, music: /srv/front.wav }\n"
	"      - { name: back, slots: \"70\", timeout: 0 }\n"
	"    users:\n"
	"      - { name: \"202\", ha1: 0123456789ABCDEF0123456789abcdef }\n"
	"      - { name: \"201\", password: secret, display: \"Anna\" }\n"
	"    numbers: [ { number: \"+61355500100\", flow: main } ]\n"
	"    flows:\n"
	"      - name: main\n"
	"        steps:\n"
	"          - { dial: [\"201\", \"202\"], seconds: 20 }\n"
	"          - { queue: [\"201\"], seconds: 3600 }\n"
	"          - { forward: \"sip:voicemail@192.0.2.9:5070\", seconds: 1 }\n"
	"          - { hangup: true }\n"
	"      - name: reception\n"
	"        steps: [ { dial: [\"202\"] }, { queue: [\"202\"] }, { forward: \"sip:192.0.2.9\" } ]\n";

Test(provision, takes_all_that_a_file_says)
{
	struct accounts *all = load_good(acme);
	const struct account *a = &all->account[0];
	char ha1[33];

	cr_assert_eq(all->count, 1);
	cr_expect_str_eq(a->name, "acme");
	cr_expect_str_eq(a->music, "/srv/acme.wav");
	cr_expect(a->music_shared);
	cr_expect(a->parking);
	cr_expect_str_eq(a->park_code, "*7");
	cr_expect_str_eq(a->fallback->name, "reception");

	cr_assert_eq(a->lots, 2);
	cr_expect(a->lot[0].first == 1 && a->lot[0].last == 4 && a->lot[0].timeout_s == 120);
	cr_expect_str_eq(a->lot[0].music, "/srv/front.wav");
	cr_expect(a->lot[1].first == 70 && a->lot[1].last == 70 && a->lot[1].timeout_s == 0);
	cr_expect(a->lot[1].music == NULL);

	cr_assert_eq(a->users, 2);
	digest_ha1("201", "acme.example", "secret", ha1);
	cr_expect_str_eq(a->user[0].name, "201");
	cr_expect_str_eq(a->user[0].display, "Anna");
	cr_expect_str_eq(a->user[0].ha1, ha1);
	cr_expect_str_eq(a->user[1].ha1, "0123456789abcdef0123456789abcdef");
	cr_expect_str_eq(a->user[1].display, "");

	cr_assert_eq(a->numbers, 1);
	cr_expect_str_eq(a->number[0].number, "+61355500100");
	cr_expect(a->number[0].flow == &a->flow[0]);
	accounts_unref(all);
}

struct expected_step {
	enum step_kind kind;
	uint32_t seconds, users;
	const char *uri;
};

Test(provision, keeps_the_steps_in_order_with_their_times)
{
	static const struct expected_step main_steps[] = { { STEP_DIAL, 20, 2, NULL },
		{ STEP_QUEUE, 3600, 1, NULL },
		{ STEP_FORWARD, 1, 0, "sip:voicemail@192.0.2.9:5070" },
		{ STEP_HANGUP, 0, 0, NULL } };
	static const struct expected_step defaults[] = { { STEP_DIAL, 30, 1, NULL },
		{ STEP_QUEUE, 300, 1, NULL }, { STEP_FORWARD, 30, 0, "sip:192.0.2.9" } };
	static const struct expected_step *const expected[] = { main_steps, defaults };
	static const uint32_t counts[] = { 4, 3 };
	struct accounts *all = load_good(acme);
	const struct account *a = &all->account[0];

	cr_assert_eq(a->flows, 2);
	for (int f = 0; f < 2; f++) {
		cr_assert_eq(a->flow[f].steps, counts[f]);
		for (uint32_t i = 0; i < counts[f]; i++) {
			const struct step *s = &a->flow[f].step[i];
			const struct expected_step *e = &expected[f][i];

			cr_expect(s->kind == e->kind && s->seconds == e->seconds, "%d.%u", f, i);
			cr_expect_eq(s->users, e->users, "%d.%u", f, i);
			if (e->uri != NULL)
				cr_expect_str_eq(s->uri, e->uri);
		}
	}
	cr_expect(a->flow[0].step[0].user[0] == account_user(a, "201"));
	cr_expect(a->flow[0].step[0].user[1] == account_user(a, "202"));
	accounts_unref(all);
}

Test(provision, parking_is_off_unless_it_is_there)
{
	struct accounts *all = load_good("accounts:\n  - { name: a, domain: a.example }\n"
					 "  - { name: b, domain: b.example, parking: {} }\n");
	const struct account *a = &all->account[0], *b = &all->account[1];

	cr_expect(!a->parking && a->lots == 0);
	cr_assert(b->parking && b->lots == 1);
	cr_expect_str_eq(b->park_code, "#0");
	cr_expect(b->fallback == NULL);
	cr_expect_str_eq(b->lot[0].name, "default");
	cr_expect(b->lot[0].first == 1 && b->lot[0].last == 4 && b->lot[0].timeout_s == 120);
	accounts_unref(all);
}

Test(provision, a_file_may_have_no_accounts)
{
	struct accounts *all = load_good("accounts: []\n");

	cr_expect(all->count == 0 && accounts_by_name(all, "a") == NULL);
	accounts_unref(all);
}

struct row {
	const char *text; // lines of one account, after its name and domain
	const char *complaint;
};

#define USERS        "    users: [ { name: \"201\", password: p } ]\n"
#define STEPS(steps) USERS "    flows: [ { name: f, steps: [ " steps " ] } ]\n"

// clang-format off
static const struct row rows[] = {
	// users
	{ "    users: [ { name: \"20 1\", password: p } ]\n", ":4:22: a user's name has letters" },
	{ "    users: [ { name: \"201\" } ]\n", ":4:14: user 201 needs either a password or an ha1" },
	{ "    users: [ { name: \"201\", password: p, ha1: 0 } ]\n", ":4:14: user 201 needs either" },
	{ "    users: [ { name: a, ha1: 0123456789abcdef0123456789abcdeg } ]\n", ":4:30: an ha1 is 32" },
	{ "    users: [ { name: a, ha1: 0123456789abcdef } ]\n", ":4:30: an ha1 is 32" },
	{ "    users: [ { name: a, password: p, display: \"a\\r\\nb\" } ]\n", ":4:47: a display name has" },
	{ "    users:\n    - { name: b, password: p }\n    - { name: c, password: p }\n"
	  "    - { name: b, password: q }\n", ":7:15: there is a user b already" },
	// flows and steps
	{ "    flows: [ { name: f, steps: [] } ]\n", ":4:32: too few entries" },
	{ STEPS("{ dial: [\"999\"] }"), ":5:43: there is no user 999" },
	{ STEPS("{ queue: [\"201\", \"999\"] }"), ":5:51: there is no user 999" },
	{ STEPS("{ dial: [\"201\", \"201\"] }"), ":5:50: user 201 is here twice" },
	{ STEPS("{ dial: [] }"), ":5:42: too few entries" },
	{ STEPS("{ seconds: 5 }"), ":5:34: a step is exactly one of" },
	{ STEPS("{ dial: [\"201\"], queue: [\"201\"] }"), ":5:34: a step is exactly one of" },
	{ STEPS("{ dial: [\"201\"], seconds: 0 }"), ":5:60: a step takes 1-3600 seconds" },
	{ STEPS("{ dial: [\"201\"], seconds: 3601 }"), ":5:60: a step takes 1-3600 seconds" },
	{ STEPS("{ dial: [\"201\"], seconds: 20s }"), ":5:60: \"20s\" is not a whole number" },
	{ STEPS("{ hangup: true, seconds: 5 }"), ":5:59: hanging up takes no time" },
	{ STEPS("{ hangup: false }"), ":5:44: hangup is true, or is not said" },
	{ STEPS("{ hangup: true }, { dial: [\"201\"] }"), ":5:52: nothing comes after hangup" },
	{ STEPS("{ forward: \"sip:vm@voicemail.example\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sips:vm@192.0.2.9\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"tel:+61355500100\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:@192.0.2.9\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:a b@192.0.2.9\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:a@b@192.0.2.9\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:vm@192.0.2.9:0\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:vm@192.0.2.9:70000\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:vm@192.0.2.9;lr\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:vm@192.0.2.9?a=b\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:vm@2001:db8::9\" }"), ":5:45: a call is forwarded to" },
	{ STEPS("{ forward: \"sip:vm@0.0.0.0\" }"), ":5:45: a call is forwarded to" },
	{ "    flows:\n    - { name: f, steps: [ { hangup: true } ] }\n"
	  "    - { name: f, steps: [ { hangup: true } ] }\n", ":6:15: there is a call flow f already" },
	{ "    flows: [ { name: f g, steps: [ { hangup: true } ] } ]\n", ":4:22: a call flow's name" },
	// numbers
	{ "    numbers: [ { number: \"+61\", flow: main } ]\n", ":4:39: there is no call flow main" },
	{ STEPS("{ hangup: true }") "    numbers: [ { number: \"+\", flow: f } ]\n", ":6:26: a number is" },
	{ STEPS("{ hangup: true }") "    numbers: [ { number: \"6 1\", flow: f } ]\n", ":6:26: a number is" },
	{ STEPS("{ hangup: true }") "    numbers: [ { number: \"123456789012345678901\", flow: f } ]\n", ":6:26: a number is" },
	{ STEPS("{ hangup: true }") "    numbers:\n    - { number: \"1\", flow: f }\n    - { number: \"1\", flow: f }\n",
	  ":8:17: number 1 is in use already" },
	// parking and lots
	{ "    parking: { code: \"#0123456789\" }\n", ":4:22: a code is 1-8 of 0-9 * #" },
	{ "    parking: { code: \"#a\" }\n", ":4:22: a code is 1-8 of 0-9 * #" },
	{ "    parking: { code: \"\" }\n", ":4:22: code: is too short" },
	{ "    parking: { fallback: f }\n", ":4:26: there is no call flow f" },
	{ "    parking: {}\n    users: [ { name: \"3\", password: p } ]\n", ":4:14: user 3 is also a slot of the default lot" },
	{ "    lots: [ { name: f, slots: 1-4 }, { name: f, slots: 5-6 } ]\n", ":4:46: there is a lot f already" },
	{ "    lots: [ { name: f, slots: 1-4 }, { name: g, slots: 4-6 } ]\n", ":4:56: slots 4-6 overlap those of lot f" },
	{ "    lots: [ { name: f, slots: 5-9 }, { name: g, slots: 1-6 } ]\n", ":4:56: slots 1-6 overlap those of lot f" },
	{ USERS "    lots: [ { name: f, slots: 201-204 } ]\n", ":5:31: slot 201 of lot f is also a user's name" },
	{ USERS "    lots: [ { name: f, slots: 198-201 } ]\n", ":5:31: slot 201 of lot f is also a user's name" },
	{ "    music-position: here\n", ":4:21: music-position is own" },
	{ "    lots: [ { name: f, slots: 4-1 } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 0-4 } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 1- } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: \"-4\" } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 1--4 } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 1-2-3 } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: a-b } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 1-10001 } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 999999-1000000 } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 18446744073709551617-18446744073709551618 } ]\n", ":4:31: slots: is too long" },
	{ "    lots: [ { name: f, slots: 99999999999999999999 } ]\n", ":4:31: slots are a range like 1-4" },
	{ "    lots: [ { name: f, slots: 1-4, timeout: 9 } ]\n", ":4:45: a timeout is 10-86400 seconds" },
	{ "    lots: [ { name: f, slots: 1-4, timeout: 86401 } ]\n", ":4:45: a timeout is 10-86400 seconds" },
	{ "    lots: [ { name: \"f\\tg\", slots: 1-4 } ]\n", ":4:21: a lot's name has letters" },
	// the account
	{ "    parkin: {}\n", ":4:5: nothing is called \"parkin\" here" },
	{ "  - { name: a, domain: b.example }\n", ":4:13: there is an account a already" },
	{ "  - { name: b, domain: A.Example }\n", ":4:24: domain a.example is another account's already" },
	{ "  - { name: b c, domain: b.example }\n", ":4:13: an account's name has letters" },
	{ "  - { name: b, domain: \"b@example\" }\n", ":4:24: a domain is a host name" },
	{ "  - { name: b }\n", ":4:5: \"domain\" is missing here" },
};
// clang-format on

Test(provision, refuses_a_file_whole_and_says_where)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[2048], error[256] = "";

		snprintf(text, sizeof(text), "accounts:\n  - name: a\n    domain: a.example\n%s",
			rows[i].text);
		cr_expect(load(text, error, sizeof(error)) == NULL, "taken: %s", text);
		cr_assert(strncmp(error, path, strlen(path)) == 0, "%s", error);
		const char *tail = error + strlen(path);
		cr_expect(strncmp(tail, rows[i].complaint, strlen(rows[i].complaint)) == 0,
			"%s\n  %s\n  instead of %s", rows[i].text, tail, rows[i].complaint);
	}
}

Test(provision, a_number_belongs_to_one_account)
{
	char error[256] = "";
	struct accounts *a = load(
		"accounts:\n"
		"  - { name: a, domain: a.example, flows: [ { name: f, steps: [ { hangup: true } ] } ],\n"
		"      numbers: [ { number: \"1\", flow: f } ] }\n"
		"  - { name: b, domain: b.example, flows: [ { name: f, steps: [ { hangup: true } ] } ],\n"
		"      numbers: [ { number: \"2\", flow: f }, { number: \"1\", flow: f } ] }\n",
		error, sizeof(error));

	cr_expect(a == NULL);
	cr_expect_str_eq(error + strlen(path), ":5:54: number 1 is in use already");
}

Test(provision, forwards_to_literal_addresses)
{
	static const char *const good[] = { "sip:192.0.2.9", "SIP:vm@192.0.2.9:5070",
		"sip:+613@[2001:db8::9]", "sip:*97@[2001:0db8::9]:5070" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			"accounts:\n  - name: a\n    domain: a.example\n"
			"    flows: [ { name: f, steps: [ { forward: \"%s\" } ] } ]\n",
			good[i]);
		struct accounts *all = load_good(text);
		cr_expect_str_eq(all->account[0].flow[0].step[0].uri, good[i]);
		accounts_unref(all);
	}
}

Test(provision, the_example_is_good)
{
	char error[256] = "";
	struct accounts *all = accounts_load(EXAMPLES "/accounts.yaml", error, sizeof(error));

	cr_assert(all != NULL, "%s", error);
	cr_expect(all->count == 1 && all->account[0].parking);
	accounts_unref(all);
}
