// SPDX-License-Identifier: BSD-3-Clause
#include "control/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool address_ip_read(uint8_t out[16], const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN + 2];
	struct in_addr v4;
	struct in6_addr v6;

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, &v4) == 1) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + sizeof(mapped), &v4, sizeof(v4));
		return true;
	}
	if (inet_pton(AF_INET6, copy, &v6) != 1)
		return false;
	memcpy(out, &v6, sizeof(v6));
	return true;
}

// Digits only, 1-65535. An empty text is no port.
static bool port_read(uint16_t *out, const char *text)
{
	uint32_t port = 0;

	if (text[0] == '\0' || strlen(text) > 5)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (uint32_t)(*text - '0');
	}
	*out = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

bool address_read(struct address *out, const char *text)
{
	struct address a = { .port = 0 };
	const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon = strchr(end != NULL ? end : text, ':');

	// A bare IPv6 address has more than one colon and no port.
	if (end == NULL && colon != NULL && strchr(colon + 1, ':') != NULL)
		colon = NULL;
	if (!address_ip_read(a.ip, text, colon != NULL ? (size_t)(colon - text) : strlen(text)))
		return false;
	if (colon != NULL && !port_read(&a.port, colon + 1))
		return false;
	*out = a;
	return true;
}

bool address_is_v4(const uint8_t ip[16])
{
	return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

const char *address_ip_text(const uint8_t ip[16], char *buf, size_t size)
{
	const char *text = address_is_v4(ip) ?
				   inet_ntop(AF_INET, ip + 12, buf, (socklen_t)size) :
				   inet_ntop(AF_INET6, ip, buf, (socklen_t)size);

	if (text == NULL && size > 0)
		buf[0] = '\0';
	return buf;
}

const char *address_text(const struct address *a, char *buf, size_t size)
{
	char ip[INET6_ADDRSTRLEN];

	address_ip_text(a->ip, ip, sizeof(ip));
	snprintf(buf, size, address_is_v4(a->ip) ? "%s:%u" : "[%s]:%u", ip, a->port);
	return buf;
}

bool address_is_any(const uint8_t ip[16])
{
	static const uint8_t zero[16];

	return memcmp(ip, zero, 16) == 0 || (address_is_v4(ip) && memcmp(ip + 12, zero, 4) == 0);
}

static bool is_private_v4(const uint8_t *ip)
{
	return ip[0] == 10 || ip[0] == 127 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
	       (ip[0] == 192 && ip[1] == 168) || (ip[0] == 169 && ip[1] == 254) ||
	       (ip[0] == 100 && (ip[1] & 0xc0) == 64);
}

bool address_is_private(const uint8_t ip[16])
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (address_is_v4(ip))
		return is_private_v4(ip + 12);
	return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) ||
	       memcmp(ip, loopback, 16) == 0;
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
