// SPDX-License-Identifier: BSD-3-Clause
#include "control/config.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static bool load(struct config *c, const char *text, char *error, uint32_t size)
{
	snprintf(path, sizeof(path), "layby-config-%d.yaml", getpid());
	FILE *f = fopen(path, "w");

	cr_assert(f != NULL && fputs(text, f) >= 0);
	fclose(f);
	bool good = config_load(c, path, error, size);
	unlink(path);
	return good;
}

Test(config, has_a_default_for_all_but_the_address)
{
	struct config c;
	char error[256] = "", text[ADDRESS_TEXT_MAX];

	cr_assert(load(&c, "sip: { listen: \"udp:10.99.0.1\" }\n", error, sizeof(error)), "%s",
		error);
	cr_expect_str_eq(address_text(&c.sip, text, sizeof(text)), "10.99.0.1:5060");
	cr_expect_str_eq(c.media_socket, "/run/layby/media.sock");
	cr_expect_str_eq(c.control_socket, "/run/layby/control.sock");
	cr_expect_str_eq(c.accounts, "/etc/layby/accounts.yaml");
	cr_expect_str_eq(c.prompts, "/usr/share/asterisk/sounds/en_US_f_Allison");
	cr_expect_str_eq(c.music, "/usr/share/asterisk/moh/reno_project-system.wav");
	cr_expect(c.trunk_name == NULL && c.trunk.port == 0);
	cr_expect(c.calls_max == 10000 && c.log == LOG_INFO);
	config_clear(&c);
	cr_expect(c.media_socket == NULL);
}

Test(config, takes_what_is_said)
{
	static const char all[] = "sip: { listen: \"udp:[2001:db8::1]:5070\" }\n"
				  "media: { socket: /a }\n"
				  "control: { socket: /b }\n"
				  "accounts: { file: /c }\n"
				  "prompts: { directory: /d }\n"
				  "music: { default: /e }\n"
				  "trunk: { name: carrier, address: \"192.0.2.9\" }\n"
				  "limits: { calls: 7 }\n"
				  "log: debug\n";
	struct config c;
	char error[256] = "", text[ADDRESS_TEXT_MAX];

	cr_assert(load(&c, all, error, sizeof(error)), "%s", error);
	cr_expect_str_eq(address_text(&c.sip, text, sizeof(text)), "[2001:db8::1]:5070");
	cr_expect_str_eq(c.media_socket, "/a");
	cr_expect_str_eq(c.control_socket, "/b");
	cr_expect_str_eq(c.accounts, "/c");
	cr_expect_str_eq(c.prompts, "/d");
	cr_expect_str_eq(c.music, "/e");
	cr_expect_str_eq(c.trunk_name, "carrier");
	cr_expect_str_eq(address_text(&c.trunk, text, sizeof(text)), "192.0.2.9:5060");
	cr_expect(c.calls_max == 7 && c.log == LOG_DEBUG);
	config_clear(&c);
}

struct row {
	const char *text;
	const char *complaint; // after the file's name
};

#define SIP "sip: { listen: \"udp:10.0.0.1:5060\" }\n"

Test(config, says_what_is_wrong_and_where)
{
	// clang-format off
	static const struct row rows[] = {
		{ "log: info\n", ":1:1: \"sip\" is missing here" },
		{ "sip: { listen: \"tcp:10.0.0.1:5060\" }\n", ":1:16: \"tcp:10.0.0.1:5060\" is not like udp:" },
		{ "sip: { listen: \"udp:0.0.0.0:5060\" }\n", ":1:16: \"udp:0.0.0.0:5060\" is not like udp:" },
		{ "sip: { listen: \"udp:sip.example:5060\" }\n", ":1:16: \"udp:sip.example:5060\" is not like" },
		{ SIP "trunk: { name: carrier }\n", ":2:8: \"address\" is missing here" },
		{ SIP "trunk: { name: carrier, address: x }\n", ":2:34: \"x\" is not like 192.0.2.1:5060" },
		{ SIP "trunk: { name: a b, address: 192.0.2.1 }\n", ":2:16: a trunk's name is one plain word" },
		{ SIP "limits: { calls: 0 }\n", ":2:18: the appliance takes 1-1000000 calls" },
		{ SIP "limits: { calls: 1000001 }\n", ":2:18: the appliance takes 1-1000000 calls" },
		{ SIP "limits: { calls: many }\n", ":2:18: \"many\" is not a whole number" },
		{ SIP "log: loud\n", ":2:6: \"loud\" is none of error, warning, notice, info, debug" },
		{ SIP "musik: { default: x }\n", ":2:1: nothing is called \"musik\" here" },
		{ SIP "media: { socket: /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }\n", ":2:18: socket: is too long, at most 107" },
	};
	// clang-format on

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config c = { .calls_max = 4711 };
		char error[256] = "";

		cr_expect(!load(&c, rows[i].text, error, sizeof(error)), "%s", rows[i].text);
		cr_expect(c.calls_max == 4711, "written though refused");
		cr_expect(strncmp(error, path, strlen(path)) == 0, "%s", error);
		const char *tail = error + strlen(path);
		cr_expect(strncmp(tail, rows[i].complaint, strlen(rows[i].complaint)) == 0,
			"%s\n  instead of %s", tail, rows[i].complaint);
	}
}

Test(config, the_example_is_good)
{
	struct config c;
	char error[256] = "";

	cr_assert(config_load(&c, EXAMPLES "/layby-core.yaml", error, sizeof(error)), "%s", error);
	cr_expect_str_eq(c.trunk_name, "carrier");
	config_clear(&c);
}
