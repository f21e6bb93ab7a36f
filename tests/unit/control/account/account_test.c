// SPDX-License-Identifier: BSD-3-Clause
#include "control/account/account.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct accounts *load(const char *text)
{
	char path[64], error[256] = "";

	snprintf(path, sizeof(path), "layby-account-%d.yaml", getpid());
	FILE *f = fopen(path, "w");
	cr_assert(f != NULL && fputs(text, f) >= 0);
	fclose(f);
	struct accounts *a = accounts_load(path, error, sizeof(error));
	unlink(path);
	cr_assert(a != NULL, "%s", error);
	return a;
}

static const char two[] =
	"accounts:\n"
	"  - name: acme\n"
	"    domain: Acme.Example\n"
	"    parking: {}\n"
	"    lots: [ { name: front, slots: 1-4 }, { name: back, slots: 70-79 } ]\n"
	"    users: [ { name: \"9\", password: p }, { name: \"10\", password: p },\n"
	"             { name: anna, password: p }, { name: Anna, password: p } ]\n"
	"    numbers: [ { number: \"+611\", flow: f }, { number: \"612\", flow: g } ]\n"
	"    flows: [ { name: f, steps: [ { hangup: true } ] },\n"
	"             { name: g, steps: [ { hangup: true } ] } ]\n"
	"  - { name: bank, domain: bank.example }\n";

Test(account, is_found_by_name_domain_and_number)
{
	struct accounts *all = load(two);
	const struct account *acme = accounts_by_name(all, "acme");
	const struct number *number = NULL;

	cr_assert(acme != NULL);
	cr_expect_str_eq(acme->domain, "acme.example");
	cr_expect(accounts_by_name(all, "ACME") == NULL);
	cr_expect(accounts_by_name(all, "") == NULL);
	cr_expect(accounts_by_domain(all, "acme.example") == acme);
	cr_expect(accounts_by_domain(all, "ACME.eXample") == acme, "RFC 3261, 19.1.4");
	cr_expect(accounts_by_domain(all, "acme.example.") == NULL);
	cr_expect_str_eq(accounts_by_domain(all, "bank.example")->name, "bank");
	cr_expect(accounts_by_number(all, "+611", &number) == acme);
	cr_expect_str_eq(number->flow->name, "f");
	cr_expect(accounts_by_number(all, "612", &number) == acme);
	cr_expect_str_eq(number->flow->name, "g");
	cr_expect(accounts_by_number(all, "611", &number) == NULL);
	cr_expect_str_eq(number->number, "612", "untouched when there is none");
	accounts_unref(all);
}

Test(account, a_domain_of_any_length_can_be_asked_for)
{
	struct accounts *all = load(two);
	char domain[2000];

	memset(domain, 'a', sizeof(domain) - 1);
	for (size_t len = 250; len < sizeof(domain) - 1; len++) {
		domain[len] = '\0';
		cr_expect(accounts_by_domain(all, domain) == NULL);
		domain[len] = 'a';
	}
	domain[sizeof(domain) - 1] = '\0';
	cr_expect(accounts_by_domain(all, domain) == NULL);
	accounts_unref(all);
}

Test(account, knows_its_users_whatever_their_order_in_the_file)
{
	static const char *const names[] = { "9", "10", "anna", "Anna" };
	struct accounts *all = load(two);
	const struct account *acme = accounts_by_name(all, "acme");

	cr_assert_eq(acme->users, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct user *u = account_user(acme, names[i]);

		cr_assert(u != NULL, "%s", names[i]);
		cr_expect_str_eq(u->name, names[i]);
	}
	cr_expect(account_user(acme, "1") == NULL);
	cr_expect(account_user(acme, "ANNA") == NULL);
	cr_expect(account_user(accounts_by_name(all, "bank"), "9") == NULL);
	accounts_unref(all);
}

Test(account, knows_the_lot_of_a_slot)
{
	struct accounts *all = load(two);
	const struct account *acme = accounts_by_name(all, "acme");

	cr_expect(account_lot(acme, 0) == NULL);
	cr_expect_str_eq(account_lot(acme, 1)->name, "front");
	cr_expect_str_eq(account_lot(acme, 4)->name, "front");
	cr_expect(account_lot(acme, 5) == NULL);
	cr_expect(account_lot(acme, 69) == NULL);
	cr_expect_str_eq(account_lot(acme, 70)->name, "back");
	cr_expect_str_eq(account_lot(acme, 79)->name, "back");
	cr_expect(account_lot(acme, 80) == NULL);
	cr_expect(account_lot(accounts_by_name(all, "bank"), 1) == NULL);
	accounts_unref(all);
}

Test(account, lives_as_long_as_somebody_refers_to_it)
{
	struct accounts *all = load(two);

	cr_expect(accounts_ref(all) == all);
	cr_expect(accounts_unref(all) == NULL);
	cr_expect_str_eq(all->account[0].name, "acme");
	cr_expect(accounts_unref(all) == NULL);
	cr_expect(accounts_unref(NULL) == NULL);
}
