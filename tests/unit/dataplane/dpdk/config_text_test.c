// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/config_text.h"

#include <criterion/criterion.h>

#include <string.h>

Test(config_text, a_number_is_digits_within_bounds)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
	} rows[] = {
		{ "1", true, 1 },
		{ "100", true, 100 },
		{ "007", true, 7 },
		{ "0", false, 0 },
		{ "101", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "0x10", false, 0 },
		{ "1e1", false, 0 },
		{ "18446744073709551617", false, 0 },
		{ "99999999999999999999999999", false, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;

		cr_expect_eq(text_number(rows[i].text, 1, 100, &value), rows[i].good, "%s",
			rows[i].text);
		cr_expect_eq(value, rows[i].value, "%s", rows[i].text);
	}
}

Test(config_text, rtp_ports_are_pairs)
{
	static const struct {
		const char *text;
		uint16_t first;
		uint32_t flows;
	} rows[] = {
		{ "16384-32767", 16384, 8192 },
		{ "2-65535", 2, 32767 },
		{ "65534-65535", 65534, 1 },
		{ "0-65535", 0, 0 },
		{ "16385-32767", 0, 0 },
		{ "16384-32768", 0, 0 },
		{ "16384-16383", 0, 0 },
		{ "16384", 0, 0 },
		{ "16384-", 0, 0 },
		{ "-32767", 0, 0 },
		{ "16384-32767-", 0, 0 },
		{ "16384:32767", 0, 0 },
		{ "65534-65537", 0, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t first = 0;
		uint32_t flows = 0;

		cr_expect_eq(text_rtp_ports(rows[i].text, &first, &flows), rows[i].flows > 0, "%s",
			rows[i].text);
		cr_expect(first == rows[i].first && flows == rows[i].flows, "%s", rows[i].text);
	}
}

Test(config_text, cpus_are_numbers_and_spans)
{
	static const struct {
		const char *text;
		uint32_t n;
		uint32_t cpu[4];
	} rows[] = {
		{ "0", 1, { 0 } },
		{ "1-3", 3, { 1, 2, 3 } },
		{ "7,1-2", 3, { 7, 1, 2 } },
		{ "1-1", 1, { 1 } },
		{ "1-4", 4, { 1, 2, 3, 4 } },
		{ "1-5", 0, { 0 } },
		{ "1,1", 0, { 0 } },
		{ "1-3,2", 0, { 0 } },
		{ "3-1", 0, { 0 } },
		{ "", 0, { 0 } },
		{ "1,", 0, { 0 } },
		{ ",1", 0, { 0 } },
		{ "1-", 0, { 0 } },
		{ "a", 0, { 0 } },
		{ "1024", 0, { 0 } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t cpu[4] = { 0 };

		cr_expect_eq(text_cpus(rows[i].text, cpu, 4), rows[i].n, "%s", rows[i].text);
		if (rows[i].n > 0)
			cr_expect_eq(memcmp(cpu, rows[i].cpu, rows[i].n * sizeof(*cpu)), 0, "%s",
				rows[i].text);
	}
}

Test(config_text, a_pci_address_has_one_shape)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "0000:3b:00.0", true },
		{ "ffff:FF:1f.7", true },
		{ "0000:3b:00.8", false },
		{ "0000:3b:00", false },
		{ "0000:3b:00.0.", false },
		{ "0000:3g:00.0", false },
		{ "3b:00.0", false },
		{ "", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(text_is_pci(rows[i].text), rows[i].good, "%s", rows[i].text);
}

Test(config_text, an_ip_address_is_of_either_family)
{
	static const char *const no[] = { "10.99.0", "10.99.0.256", "10.99.0.2 ", "", "layby",
		"2001:db8:::2", "2001:db8::2%eth0", "::ffff:10.99.0.2" };
	struct ip_address ip;
	char text[TEXT_IP_MAX];

	cr_assert(text_ip("10.99.0.2", &ip));
	cr_expect_eq(ip_to_v4(&ip), 0x0a630002);
	cr_expect_str_eq(text_put_ip(text, &ip), "10.99.0.2");
	cr_assert(text_ip("2001:DB8::0:2", &ip));
	cr_expect_str_eq(text_put_ip(text, &ip), "2001:db8::2");
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		cr_expect_not(text_ip(no[i], &ip), "%s", no[i]);
}
