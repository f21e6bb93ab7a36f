// SPDX-License-Identifier: BSD-3-Clause
//
// What people write in the configuration, as numbers: pure and total. A range or list that does
// not read as one is false, with nothing written.
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

// Digits only, from low to high.
[[nodiscard]] bool text_number(const char *text, uint64_t low, uint64_t high, uint64_t *out);

// A dotted quad, in host order.
[[nodiscard]] bool text_ip(const char *text, uint32_t *out);

// "16384-32767": an even port, and an odd one above it.
[[nodiscard]] bool text_rtp_ports(const char *text, uint16_t *first, uint32_t *flows);

// "1", "1-3", "1,4-6": up to max CPUs in the order written, none twice. Returns how many, or 0.
uint32_t text_cpus(const char *text, uint32_t *out, uint32_t max);

// "0000:3b:00.0"
[[nodiscard]] bool text_is_pci(const char *text);
