// SPDX-License-Identifier: BSD-3-Clause
//
// The kernel's side of a tap: whether we may have it, which the driver does not say. Knows no
// DPDK.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Whether a device string of the configuration is a tap's: "net_tap0,iface=layby0".
bool tap_is_one(const char *device);

// Whether somebody serves the tap already. To be asked before it is made: the driver would
// become one more queue of it and take every other packet.
[[nodiscard]] bool tap_is_served(const char *device);

// Why it cannot be made, and what to do about it.
void tap_complain(const char *port, const char *device, char *error, size_t error_size);
