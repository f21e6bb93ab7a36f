// SPDX-License-Identifier: BSD-3-Clause
//
// The answer to a ping, of either family, made of the question. Pure.
#pragma once

#include "dataplane/dpdk/frame.h"

#include <stdint.h>

// Turns what frame_read() called FRAME_ECHO into its reply, in place.
void echo_reply(uint8_t *data, const struct frame *f, const struct station *s);
