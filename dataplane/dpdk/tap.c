// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char key[] = "iface=";

bool tap_is_one(const char *device)
{
	return strncmp(device, "net_tap", strlen("net_tap")) == 0;
}

// The interface's name, in a request for the kernel. Without a name the driver takes its own.
static struct ifreq request_for(const char *device)
{
	struct ifreq request = { 0 };
	const char *at = strstr(device, key);

	if (at == NULL)
		snprintf(request.ifr_name, sizeof(request.ifr_name), "dtap0");
	else
		snprintf(request.ifr_name, sizeof(request.ifr_name), "%.*s",
			(int)strcspn(at + strlen(key), ","), at + strlen(key));
	return request;
}

// A tap has a carrier exactly while somebody holds its other end.
bool tap_is_served(const char *device)
{
	struct ifreq request = request_for(device);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool served;

	if (fd < 0)
		return false;
	served = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
	close(fd);
	return served;
}

// Asks the kernel what it has told the driver, who keeps it to himself.
static int try_it(struct ifreq request)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		err = errno;
	close(fd);
	return err;
}

void tap_complain(const char *port, const char *device, char *error, size_t error_size)
{
	struct ifreq request = request_for(device);
	int err = tap_is_served(device) ? EBUSY : try_it(request);

	if (err == EBUSY)
		snprintf(error, error_size,
			"port %s: the tap %s is in use: stop the other layby-media, or write "
			"another iface",
			port, request.ifr_name);
	else if (err == EPERM || err == EACCES)
		snprintf(error, error_size,
			"port %s: a tap is not permitted: run layby-media as root, or with "
			"CAP_NET_ADMIN",
			port);
	else if (err == ENOENT || err == ENODEV || err == ENXIO)
		snprintf(error, error_size,
			"port %s: there is no /dev/net/tun: modprobe tun, or give it to the "
			"container",
			port);
	else
		snprintf(error, error_size,
			"port %s: the tap %s cannot be made (%s): start with --verbose and read "
			"why",
			port, request.ifr_name, err != 0 ? strerrordesc_np(err) : "unknown");
}
