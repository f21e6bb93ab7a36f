// SPDX-License-Identifier: BSD-3-Clause
//
// Several cards as one port (DPDK's net_bonding): its members are made, bound together and, when
// the port ends, taken apart. What a worker must do for it is in port.h: LACP needs to be sent
// for.
#pragma once

#include "dataplane/dpdk/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The device of a port that has members. False: error is a sentence.
[[nodiscard]] bool bond_make(
	const struct config_port *p, uint16_t *id, char *error, size_t error_size);

// Sees to it that a member whose link is up is the one that an active-backup bond sends by: some
// drivers (net_tap) promise to tell of a lost link and do not. For the main thread, often.
void bond_watch(uint16_t id);

// The members of the port, if it is a bond; they outlive it. Returns how many.
uint16_t bond_members(uint16_t id, uint16_t members[CONFIG_MEMBERS_MAX]);
