// SPDX-License-Identifier: BSD-3-Clause
//
// The door to libevent: descriptors, signals, and the one timer that drives the wheel. One
// thread. Also the only reader of the clock in the core.
#pragma once

#include "control/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct watch; // of one descriptor

typedef void (*watch_fn)(void *ctx, bool readable, bool writable);
typedef void (*signal_fn)(void *ctx, int signal);

[[nodiscard]] struct loop *loop_new(void);
struct loop *loop_free(struct loop *l); // no watches are left; NULL is harmless; returns NULL
struct clock *loop_clock(struct loop *l);
// Milliseconds now, as of this turn of the loop.
uint64_t loop_now(const struct loop *l);

// Calls fn while fd is readable (and, while asked for, writable). fd stays the caller's.
[[nodiscard]] struct watch *loop_watch(struct loop *l, int fd, watch_fn fn, void *ctx);
void watch_want_write(struct watch *w, bool want);
// Allowed inside its own fn; NULL is harmless; returns NULL. Every watch goes before its loop.
struct watch *watch_free(struct watch *w);

[[nodiscard]] bool loop_on_signal(struct loop *l, int number, signal_fn fn, void *ctx);
// Until loop_stop().
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
