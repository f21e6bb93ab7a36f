// SPDX-License-Identifier: BSD-3-Clause
//
// The one socket of SIP, on the loopback.
#include "control/sip/transport.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct transport *ours;
static struct address here;

static void open_ours(void)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	cr_assert(address_read(&here, "127.0.0.1:0"));
	ours = transport_open(&here);
	cr_assert(ne(ptr, ours, NULL));
	cr_assert(eq(int, getsockname(transport_fd(ours), (struct sockaddr *)&sa, &len), 0));
	address_from_sockaddr(&here, &sa);
}

static void close_ours(void)
{
	transport_close(ours);
}

TestSuite(transport, .init = open_ours, .fini = close_ours, .timeout = 10);

struct heard {
	uint32_t n;
	size_t len;
	char data[TRANSPORT_DATAGRAM_MAX];
	struct address from;
};

static void hear(void *ctx, const char *data, size_t len, const struct address *from)
{
	struct heard *h = ctx;

	h->n++;
	h->len = len;
	memcpy(h->data, data, len);
	h->from = *from;
}

static void await(void)
{
	struct pollfd fd = { .fd = transport_fd(ours), .events = POLLIN };

	cr_assert(eq(int, poll(&fd, 1, 5000), 1));
}

Test(transport, brings_a_datagram_with_the_address_it_came_from)
{
	static struct heard h;

	transport_send(ours, &here, "INVITE", 6);
	await();
	transport_read(ours, hear, &h);
	cr_expect(eq(u32, h.n, 1));
	cr_assert(eq(sz, h.len, 6));
	cr_expect(eq(int, memcmp(h.data, "INVITE", 6), 0));
	cr_expect(eq(u16, h.from.port, here.port));
	cr_expect(address_same_ip(h.from.ip, here.ip));
}

Test(transport, lets_others_have_their_turn_in_a_flood)
{
	static struct heard h;

	for (int i = 0; i < TRANSPORT_BURST + 5; i++)
		transport_send(ours, &here, "x", 1);
	await();
	transport_read(ours, hear, &h);
	cr_expect(eq(u32, h.n, TRANSPORT_BURST));
	transport_read(ours, hear, &h);
	cr_expect(eq(u32, h.n, TRANSPORT_BURST + 5));
}

Test(transport, an_empty_datagram_is_one_too)
{
	static struct heard h;

	transport_send(ours, &here, "", 0);
	transport_send(ours, &here, "y", 1);
	await();
	transport_read(ours, hear, &h);
	cr_expect(eq(u32, h.n, 2));
}

Test(transport, says_what_could_not_be_sent)
{
	static char long_one[70000];

	cr_expect(not(transport_send(ours, &here, long_one, sizeof(long_one))));
	cr_expect(transport_send(ours, &here, long_one, 20));
}

Test(transport, says_why_it_cannot_listen)
{
	cr_expect(eq(ptr, transport_open(&here), NULL));
	cr_expect(eq(int, errno, EADDRINUSE));
}
