// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/config_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { CPU_MAX = CPU_SETSIZE - 1, PORT_MAX = 65535, DIGITS_MAX = 18 };

// Reads digits at *text and moves behind them.
static bool digits(const char **text, uint64_t *out)
{
	const char *at = *text;
	uint64_t n = 0;

	while (isdigit((unsigned char)*at) && at - *text < DIGITS_MAX)
		n = n * 10 + (uint64_t)(*at++ - '0');
	if (at == *text || isdigit((unsigned char)*at))
		return false;
	*text = at;
	*out = n;
	return true;
}

bool text_number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	uint64_t n;

	if (!digits(&text, &n) || *text != '\0' || n < low || n > high)
		return false;
	*out = n;
	return true;
}

bool text_ip(const char *text, struct ip_address *out)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*out = ip_from_v4(ntohl(v4.s_addr));
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1 || ip_is_v4(v6.s6_addr))
		return false;
	*out = ip_from_bytes(v6.s6_addr);
	return true;
}

const char *text_put_ip(char out[TEXT_IP_MAX], const struct ip_address *ip)
{
	bool v4 = ip_is_v4(ip->b);

	return inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip->b + IP_V4_AT : ip->b, out, TEXT_IP_MAX);
}

bool text_rtp_ports(const char *text, uint16_t *first, uint32_t *flows)
{
	uint64_t a;
	uint64_t b;

	if (!digits(&text, &a) || *text++ != '-' || !digits(&text, &b) || *text != '\0')
		return false;
	if (a == 0 || a % 2 != 0 || b % 2 != 1 || a > b || b > PORT_MAX)
		return false;
	*first = (uint16_t)a;
	*flows = (uint32_t)(b - a + 1) / 2;
	return true;
}

static bool has(const uint32_t *list, uint32_t n, uint64_t cpu)
{
	for (uint32_t i = 0; i < n; i++) {
		if (list[i] == cpu)
			return true;
	}
	return false;
}

// One element of the list: "1" or "1-3".
static bool span(const char **text, uint64_t *from, uint64_t *to)
{
	if (!digits(text, from))
		return false;
	*to = *from;
	if (**text != '-')
		return true;
	(*text)++;
	return digits(text, to) && *from <= *to;
}

uint32_t text_cpus(const char *text, uint32_t *out, uint32_t max)
{
	uint32_t n = 0;

	for (;;) {
		uint64_t from;
		uint64_t to;

		if (!span(&text, &from, &to) || to > CPU_MAX)
			return 0;
		for (uint64_t cpu = from; cpu <= to; cpu++) {
			if (n == max || has(out, n, cpu))
				return 0;
			out[n++] = (uint32_t)cpu;
		}
		if (*text == '\0')
			return n;
		if (*text++ != ',')
			return 0;
	}
}

// Takes note of the CPUs of a span. True: *cpu was noted before.
static bool note_cpus(bool seen[CPU_MAX + 1], uint64_t from, uint64_t to, uint32_t *cpu)
{
	for (; from <= to; from++) {
		*cpu = (uint32_t)from;
		if (seen[from])
			return true;
		seen[from] = true;
	}
	return false;
}

bool text_cpu_twice(const char *text, uint32_t *cpu)
{
	bool seen[CPU_MAX + 1] = { false };
	uint64_t from;
	uint64_t to;

	do {
		if (!span(&text, &from, &to) || to > CPU_MAX)
			return false;
		if (note_cpus(seen, from, to, cpu))
			return true;
	} while (*text++ == ',');
	return false;
}

uint32_t text_numbers(const char *text, uint64_t low, uint64_t high, uint32_t *out, uint32_t max)
{
	uint32_t n = 0;

	for (;;) {
		uint64_t number;

		if (n == max || !digits(&text, &number) || number < low || number > high)
			return 0;
		out[n++] = (uint32_t)number;
		if (*text == '\0')
			return n;
		if (*text++ != ',')
			return 0;
	}
}

bool text_per_node(const char *text, uint64_t low, uint64_t high, uint32_t *out, uint32_t nodes)
{
	uint64_t seen = 0;

	for (;;) {
		uint64_t node;
		uint64_t number;

		if (!digits(&text, &node) || *text++ != ':' || !digits(&text, &number) ||
			node >= nodes || (seen >> node & 1) != 0 || number < low || number > high)
			return false;
		seen |= UINT64_C(1) << node;
		out[node] = (uint32_t)number;
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}

bool text_is_pci(const char *text)
{
	static const char shape[] = "xxxx:xx:xx.o";
	size_t i;

	for (i = 0; shape[i] != '\0'; i++) {
		int c = (unsigned char)text[i]; // its end is never what the shape wants

		if (shape[i] == 'x'       ? !isxdigit(c)
			: shape[i] == 'o' ? c < '0' || c > '7'
					  : c != shape[i])
			return false;
	}
	return text[i] == '\0';
}
