// SPDX-License-Identifier: BSD-3-Clause
//
// An IP address and a port. IPv4 is kept mapped into 16 bytes (::ffff:a.b.c.d), as everywhere in
// layby, so that IPv6 needs no other struct.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr_storage;

struct address {
	uint8_t ip[16];
	uint16_t port; // host order
};

enum { ADDRESS_TEXT_MAX = 56 }; // "[ipv6]:port" and the NUL

// Reads a literal IPv4 or IPv6 address (brackets allowed round IPv6), no port, len bytes of text
// that need no NUL. False: not an address; out is untouched.
[[nodiscard]] bool address_ip_read(uint8_t out[16], const char *text, size_t len);
// Reads "ip:port" or "[ip6]:port"; the port is left 0 when absent.
[[nodiscard]] bool address_read(struct address *out, const char *text);
// Writes "a.b.c.d" or the IPv6 text, without brackets. Returns buf.
const char *address_ip_text(const uint8_t ip[16], char *buf, size_t size);
// Writes "a.b.c.d:port" or "[ip6]:port". Returns buf.
const char *address_text(const struct address *a, char *buf, size_t size);

bool address_is_v4(const uint8_t ip[16]);
bool address_is_any(const uint8_t ip[16]);     // 0.0.0.0 or ::
bool address_is_private(const uint8_t ip[16]); // RFC 1918, RFC 6598, link-local, loopback, ULA
bool address_same_ip(const uint8_t a[16], const uint8_t b[16]);
bool address_same(const struct address *a, const struct address *b);

size_t address_to_sockaddr(const struct address *a, struct sockaddr_storage *out);
void address_from_sockaddr(struct address *out, const struct sockaddr_storage *sa);
