// SPDX-License-Identifier: BSD-3-Clause
//
// IP addresses as text, as 16 bytes and as the kernel wants them. No names: nothing here asks DNS.
#include "control/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }; // RFC 4291, 2.5.5.2

bool address_ip_read(uint8_t out[16], const char *text, size_t len)
{
	char literal[INET6_ADDRSTRLEN];
	bool v6 = memchr(text, ':', len) != NULL;

	if (v6 && len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(literal) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(literal, text, len);
	literal[len] = '\0';

	uint8_t ip[16];

	memcpy(ip, mapped, sizeof(mapped));
	if (inet_pton(v6 ? AF_INET6 : AF_INET, literal, v6 ? ip : ip + 12) != 1)
		return false;
	memcpy(out, ip, sizeof(ip));
	return true;
}

static bool read_port(uint16_t *out, const char *text)
{
	uint32_t port = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (uint32_t)(text[i] - '0');
	if (port > UINT16_MAX)
		return false;
	*out = (uint16_t)port;
	return true;
}

// Where the ":port" of this text begins; its end when there is none. More than one colon
// without brackets is a bare IPv6 address, which can have no port.
static const char *port_of(const char *text)
{
	const char *end = text + strlen(text);
	const char *from = text[0] == '[' ? strchr(text, ']') : text;
	const char *colon = from != NULL ? strchr(from, ':') : NULL;

	if (colon == NULL || (from == text && strchr(colon + 1, ':') != NULL))
		return end;
	return colon;
}

bool address_read(struct address *out, const char *text)
{
	const char *port = port_of(text);
	struct address a = { .port = 0 };

	if (!address_ip_read(a.ip, text, (size_t)(port - text)))
		return false;
	if (*port == ':' && !read_port(&a.port, port + 1))
		return false;
	*out = a;
	return true;
}

const char *address_ip_text(const uint8_t ip[16], char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address_is_v4(ip))
		inet_ntop(AF_INET, ip + 12, text, sizeof(text));
	else
		inet_ntop(AF_INET6, ip, text, sizeof(text));
	snprintf(buf, size, "%s", text);
	return buf;
}

const char *address_text(const struct address *a, char *buf, size_t size)
{
	char ip[INET6_ADDRSTRLEN];

	address_ip_text(a->ip, ip, sizeof(ip));
	snprintf(buf, size, address_is_v4(a->ip) ? "%s:%u" : "[%s]:%u", ip, a->port);
	return buf;
}

bool address_is_v4(const uint8_t ip[16])
{
	return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

bool address_is_any(const uint8_t ip[16])
{
	static const uint8_t zero[16];

	return memcmp(ip + 12, zero, 4) == 0 &&
	       (address_is_v4(ip) || memcmp(ip, zero, sizeof(mapped)) == 0);
}

struct prefix {
	uint8_t ip[16];
	uint8_t bits;
};

static bool is_in(const struct prefix *p, const uint8_t ip[16])
{
	uint8_t whole = p->bits / 8, rest = p->bits % 8;

	if (memcmp(ip, p->ip, whole) != 0)
		return false;
	return rest == 0 || (ip[whole] ^ p->ip[whole]) >> (8 - rest) == 0;
}

#define V4(a, b, n)                                   \
	{                                             \
		{ [10] = 0xff, 0xff, a, b }, 96 + (n) \
	}

bool address_is_private(const uint8_t ip[16])
{
	static const struct prefix nets[] = {
		V4(10, 0, 8), // RFC 1918
		V4(172, 16, 12), V4(192, 168, 16),
		V4(100, 64, 10),        // RFC 6598: behind a carrier's NAT
		V4(169, 254, 16),       // RFC 3927: link-local
		V4(127, 0, 8),          // loopback
		{ { 0xfe, 0x80 }, 10 }, // RFC 4291: link-local
		{ { 0xfc }, 7 },        // RFC 4193: unique local
		{ { [15] = 1 }, 128 },  // ::1
	};

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if (is_in(&nets[i], ip))
			return true;
	return false;
}

bool address_same_ip(const uint8_t a[16], const uint8_t b[16])
{
	return memcmp(a, b, 16) == 0;
}

bool address_same(const struct address *a, const struct address *b)
{
	return a->port == b->port && address_same_ip(a->ip, b->ip);
}

size_t address_to_sockaddr(const struct address *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (address_is_v4(a->ip)) {
		struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(a->port) };

		memcpy(&sin.sin_addr, a->ip + 12, 4);
		memcpy(out, &sin, sizeof(sin));
		return sizeof(sin);
	}
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };

	memcpy(&sin6.sin6_addr, a->ip, 16);
	memcpy(out, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

void address_from_sockaddr(struct address *out, const struct sockaddr_storage *sa)
{
	*out = (struct address){ .port = 0 };
	if (sa->ss_family == AF_INET) {
		struct sockaddr_in sin;

		memcpy(&sin, sa, sizeof(sin));
		memcpy(out->ip, mapped, sizeof(mapped));
		memcpy(out->ip + 12, &sin.sin_addr, 4);
		out->port = ntohs(sin.sin_port);
	} else if (sa->ss_family == AF_INET6) {
		struct sockaddr_in6 sin6;

		memcpy(&sin6, sa, sizeof(sin6));
		memcpy(out->ip, &sin6.sin6_addr, 16);
		out->port = ntohs(sin6.sin6_port);
	}
}
