// SPDX-License-Identifier: BSD-3-Clause
//
// libsrtp2 for the system tests: reads datagrams as lines of hexadecimal digits, and writes what
// it made of each, or an empty line if it refuses it.
//
// Usage: srtp_filter open|seal SUITE KEY   the number of enum dp_suite; key and salt in digits
#include "tests/support/srtp_judge.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 2048 };

static size_t bytes(uint8_t *out, size_t room, const char *digits)
{
	size_t n = 0;

	for (unsigned byte; n < room && sscanf(digits + 2 * n, "%2x", &byte) == 1; n++)
		out[n] = (uint8_t)byte;
	return n;
}

static bool is_rtcp(const uint8_t *data, size_t len)
{
	return len > 1 && data[1] >= 200 && data[1] <= 204;
}

int main(int argc, char **argv)
{
	uint8_t key[DP_KEY_MAX] = { 0 }, data[ROOM + SRTCP_GROWTH];
	char line[2 * ROOM + 2];

	if (argc != 4 || srtp_key_len((uint8_t)strtoul(argv[2], NULL, 10)) == 0) {
		fputs("usage: srtp_filter open|seal SUITE KEY\n", stderr);
		return EXIT_FAILURE;
	}
	bytes(key, sizeof(key), argv[3]);
	bool seals = strcmp(argv[1], "seal") == 0;
	srtp_t judge = judge_new((uint8_t)strtoul(argv[2], NULL, 10), key, seals);

	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t len = bytes(data, ROOM, line);
		bool rtcp = is_rtcp(data, len);
		bool good = seals ? judge_seal(judge, rtcp, data, &len)
				  : judge_open(judge, rtcp, data, &len);

		for (size_t i = 0; good && i < len; i++)
			printf("%02x", data[i]);
		putchar('\n');
	}
	srtp_dealloc(judge);
	return EXIT_SUCCESS;
}
