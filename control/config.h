// SPDX-License-Identifier: BSD-3-Clause
//
// layby-core's own settings, from a YAML file. Accounts are in another (account/account.h).
#pragma once

#include "control/address.h"
#include "control/log.h"

#include <stdint.h>

struct config {
	struct address sip;   // sip.listen: UDP
	char *media_socket;   // where layby-media listens
	char *control_socket; // where laybyctl comes
	char *accounts;       // provisioning file
	char *prompts;        // directory of the prompts (digits/1.wav, pbx-invalidpark.wav …)
	char *music;          // file of the default music
	char *trunk_name;     // NULL: no trunk
	struct address trunk; // its address: the only one believed, and where calls out go
	uint32_t calls_max;   // 1-1000000
	enum log_level log;
};

// False: error says what, where and what to do; *out is untouched.
[[nodiscard]] bool config_load(
	struct config *out, const char *path, char *error, uint32_t error_size);
void config_clear(struct config *c);
