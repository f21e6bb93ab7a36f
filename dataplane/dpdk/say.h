// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for people, on standard error. For the main thread only: a worker counts.
#pragma once

__attribute__((format(printf, 1, 2))) void say(const char *fmt, ...);
