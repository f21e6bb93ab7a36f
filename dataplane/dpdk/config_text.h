// SPDX-License-Identifier: BSD-3-Clause
//
// What people write in the configuration, as numbers: pure and total. A range or list that does
// not read as one is false, with nothing written.
#pragma once

#include "dataplane/ip.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

// Digits only, from low to high.
[[nodiscard]] bool text_number(const char *text, uint64_t low, uint64_t high, uint64_t *out);

// A dotted quad, or an IPv6 address that has none in it. text_put_ip() is the way back.
[[nodiscard]] bool text_ip(const char *text, struct ip_address *out);

enum { TEXT_IP_MAX = 46 };
const char *text_put_ip(char out[TEXT_IP_MAX], const struct ip_address *ip);

// "16384-32767": an even port, and an odd one above it.
[[nodiscard]] bool text_rtp_ports(const char *text, uint16_t *first, uint32_t *flows);

// "1", "1-3", "1,4-6": up to max CPUs in the order written, none twice. Returns how many, or 0.
uint32_t text_cpus(const char *text, uint32_t *out, uint32_t max);

// "0000:3b:00.0"
[[nodiscard]] bool text_is_pci(const char *text);

// Whether a list of CPUs names one twice, and which.
[[nodiscard]] bool text_cpu_twice(const char *text, uint32_t *cpu);

// "2,1,1": up to max numbers from low to high, in the order written. Returns how many, or 0.
uint32_t text_numbers(const char *text, uint64_t low, uint64_t high, uint32_t *out, uint32_t max);

// "0:4096,1:2048": a number from low to high for some of the nodes below nodes, each at most
// once; the others' places in out stay as they are.
[[nodiscard]] bool text_per_node(
	const char *text, uint64_t low, uint64_t high, uint32_t *out, uint32_t nodes);
