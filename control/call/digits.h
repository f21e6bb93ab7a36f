// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <stdbool.h>
#include <stdint.h>
enum { DIGITS_LIST_MAX = 16 };
struct digits { uint32_t x; };
struct digits_list { uint8_t digit[DIGITS_LIST_MAX]; uint16_t ms[DIGITS_LIST_MAX]; uint32_t n; };
enum digits_outcome { DIGITS_PASS, DIGITS_WAIT, DIGITS_MATCH, DIGITS_GIVE_BACK };
void digits_init(struct digits *d, const char *code, uint32_t gap_ms);
enum digits_outcome digits_press(struct digits *d, uint8_t digit, uint16_t ms, bool withheld, uint64_t now_ms, struct digits_list *out);
void digits_expire(struct digits *d, uint64_t now_ms, struct digits_list *out);
uint64_t digits_deadline(const struct digits *d);
uint16_t digits_watch_mask(const struct digits *d);
