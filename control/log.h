// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for people, to stderr: "level where: text". The core only: workers count, they do not
// speak. What a stranger can cause is logged at most some times a second (log_limited).
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

__attribute__((format(printf, 3, 4))) void log_at(
	enum log_level level, const char *where, const char *fmt, ...);

// First of all: a descriptor that is opened later must not become the log because whoever started
// us had closed his.
void log_open(void);
void log_set_level(enum log_level level);
bool log_level_read(enum log_level *out, const char *text); // "error" ... "debug"

// A budget for lines that strangers cause: at most `burst` at once and `burst` a second.
struct log_budget {
	uint64_t second;
	uint32_t used;
	uint32_t suppressed;
};
bool log_allowed(struct log_budget *b, uint32_t burst, uint64_t now_ms);

#define log_error(...)   log_at(LOG_ERROR, __func__, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __func__, __VA_ARGS__)
#define log_notice(...)  log_at(LOG_NOTICE, __func__, __VA_ARGS__)
#define log_info(...)    log_at(LOG_INFO, __func__, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_DEBUG, __func__, __VA_ARGS__)
