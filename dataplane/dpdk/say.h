// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for people, on standard error. For the main thread only: a worker counts.
#pragma once

// First of all: a descriptor that is opened later must not become standard error because whoever
// started us had closed his.
void say_open(void);
__attribute__((format(printf, 1, 2))) void say(const char *fmt, ...);
