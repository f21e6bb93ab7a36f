// SPDX-License-Identifier: BSD-3-Clause
//
// The door to libsoxr: a piece of audio in another number of samples.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Turns n_in samples into n_out that last as long. The audio is taken as a ring: what is heard at
// its seam, when it is played round and round, is as smooth as before. False: no memory.
[[nodiscard]] bool rate_ring(int16_t *out, size_t n_out, const int16_t *in, size_t n_in);
