// SPDX-License-Identifier: BSD-3-Clause
#include "control/address.h"

#include <criterion/criterion.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct row {
	const char *text;
	bool good;
	uint16_t port;
	const char *ip;   // as written back
	const char *full; // with its port, as written back
};

static const struct row rows[] = {
	{ "10.99.0.1", true, 0, "10.99.0.1", "10.99.0.1:0" },
	{ "10.99.0.1:5060", true, 5060, "10.99.0.1", "10.99.0.1:5060" },
	{ "10.99.0.1:65535", true, 65535, "10.99.0.1", "10.99.0.1:65535" },
	{ "[2001:db8::1]:5060", true, 5060, "2001:db8::1", "[2001:db8::1]:5060" },
	{ "[2001:db8::1]", true, 0, "2001:db8::1", "[2001:db8::1]:0" },
	{ "2001:db8::1", true, 0, "2001:db8::1", "[2001:db8::1]:0" },
	{ "::ffff:192.0.2.1", true, 0, "192.0.2.1", "192.0.2.1:0" },
	{ .text = "" },
	{ .text = ":5060" },
	{ .text = "10.99.0" },
	{ .text = "10.99.0.256" },
	{ .text = "10.99.0.1 " },
	{ .text = "10.99.0.1:" },
	{ .text = "10.99.0.1:65536" },
	{ .text = "10.99.0.1:005060" },
	{ .text = "10.99.0.1:5060x" },
	{ .text = "10.99.0.1:-1" },
	{ .text = "[10.99.0.1]:5060" },
	{ .text = "[2001:db8::1" },
	{ .text = "[2001:db8::1]5060" },
	{ .text = "[]" },
	{ .text = "fe80::1%eth0" },
	{ .text = "carrier.example:5060" },
	{ .text = "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd" },
};

Test(address, reads_literals_and_nothing_else)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct address a = { .ip = { 7 }, .port = 7 };
		char ip[ADDRESS_TEXT_MAX], full[ADDRESS_TEXT_MAX];

		cr_expect_eq(address_read(&a, r->text), r->good, "%s", r->text);
		if (!r->good) {
			cr_expect(a.ip[0] == 7 && a.port == 7, "%s was written", r->text);
			continue;
		}
		cr_expect_eq(a.port, r->port, "%s", r->text);
		cr_expect_str_eq(address_ip_text(a.ip, ip, sizeof(ip)), r->ip);
		cr_expect_str_eq(address_text(&a, full, sizeof(full)), r->full);
	}
}

Test(address, reads_text_without_its_end)
{
	uint8_t ip[16];

	cr_expect(address_ip_read(ip, "192.0.2.1;lr", 9));
	cr_expect(!address_ip_read(ip, "192.0.2.1\0", 10), "the NUL is not a part of it");
}

Test(address, writes_no_further_than_it_may)
{
	struct address a;
	char text[8] = "xxxxxxx";

	cr_assert(address_read(&a, "192.0.2.1:5060"));
	address_text(&a, text, 5);
	cr_expect_str_eq(text, "192.");
	cr_expect_eq(text[5], 'x');
}

struct kind {
	const char *text;
	bool v4, any, private;
};

Test(address, knows_what_is_private)
{
	static const struct kind kinds[] = {
		{ "0.0.0.0", true, true, false },
		{ "::", false, true, false },
		{ "::1.2.3.4", false, false, false },
		{ "9.255.255.255", true, false, false },
		{ "10.0.0.0", true, false, true },
		{ "11.0.0.0", true, false, false },
		{ "100.63.255.255", true, false, false },
		{ "100.64.0.0", true, false, true },
		{ "100.127.255.255", true, false, true },
		{ "100.128.0.0", true, false, false },
		{ "127.0.0.1", true, false, true },
		{ "169.254.1.1", true, false, true },
		{ "172.15.255.255", true, false, false },
		{ "172.16.0.0", true, false, true },
		{ "172.31.255.255", true, false, true },
		{ "172.32.0.0", true, false, false },
		{ "192.168.255.255", true, false, true },
		{ "192.169.0.0", true, false, false },
		{ "203.0.113.1", true, false, false },
		{ "fe80::1", false, false, true },
		{ "febf::1", false, false, true },
		{ "fec0::1", false, false, false },
		{ "fdff::1", false, false, true },
		{ "2001:db8::1", false, false, false },
		{ "::1", false, false, true },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		struct address a;

		cr_assert(address_read(&a, k->text), "%s", k->text);
		cr_expect_eq(address_is_v4(a.ip), k->v4, "%s", k->text);
		cr_expect_eq(address_is_any(a.ip), k->any, "%s", k->text);
		cr_expect_eq(address_is_private(a.ip), k->private, "%s", k->text);
	}
}

Test(address, survives_the_way_through_the_kernel)
{
	static const char *const texts[] = { "192.0.2.1:5060", "[2001:db8::1]:5062" };
	static const size_t sizes[] = { sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6) };

	for (size_t i = 0; i < 2; i++) {
		struct address before, after;
		struct sockaddr_storage sa;

		cr_assert(address_read(&before, texts[i]));
		cr_expect_eq(address_to_sockaddr(&before, &sa), sizes[i]);
		address_from_sockaddr(&after, &sa);
		cr_expect(address_same(&before, &after), "%s", texts[i]);
		after.port++;
		cr_expect(!address_same(&before, &after));
		cr_expect(address_same_ip(before.ip, after.ip));
	}
}

Test(address, makes_nothing_of_another_family)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	struct address a = { .port = 9 };

	address_from_sockaddr(&a, &sa);
	cr_expect(address_is_any(a.ip) && a.port == 0);
}
