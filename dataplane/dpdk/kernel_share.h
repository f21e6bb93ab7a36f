// SPDX-License-Identifier: BSD-3-Clause
//
// Which of the frames that came in on a port are the kernel's, when it has an interface there: all
// that we do not deal with ourselves, and a copy of what both must hear. Pure. Who takes them to
// it is kernel_path.h.
#pragma once

#include "dataplane/dpdk/frame.h"

#include <stddef.h>
#include <stdint.h>

enum kernel_share {
	KERNEL_NOTHING, // ours, or nobody's
	KERNEL_COPY,    // ours, and the kernel hears it too
	KERNEL_ALL,     // not ours
};

// UDP for an address of ours is taken for ours, whatever its port: the caller knows which are.
[[nodiscard]] enum kernel_share kernel_share(
	enum frame_kind kind, const struct station *s, const uint8_t *data, size_t len);
