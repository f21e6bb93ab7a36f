// SPDX-License-Identifier: BSD-3-Clause
//
// The payload of a telephone-event (RFC 4733, section 2.3): four bytes and a digit. What the
// packets of one event have to do with each other is not known here (dataplane/node_digits.c).
//
//   | event: 8 | end: 1 | reserved: 1 | volume: 6 | duration: 16 |
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TELEPHONE_EVENT_LEN = 4,
	TELEPHONE_EVENT_DIGITS = 16,  // codes 0-15 are digits: 0-9 * # A-D
	TELEPHONE_EVENT_VOLUME = 10,  // -10 dBm0, what is sent when nobody says otherwise
	TELEPHONE_EVENT_NONE = 0xff,  // "no such digit"
	TELEPHONE_EVENT_MAX = 0xffff, // a longer event goes on in a new segment (section 2.5.1.3)
};

struct telephone_event {
	uint8_t code;   // 0-15
	uint8_t volume; // 0-63: dBm0 without its minus
	bool end;
	uint16_t duration; // RTP clock units since the event began
};

// Why a payload is not a digit. Zero means it is.
enum telephone_event_error {
	TELEPHONE_EVENT_OK = 0,
	TELEPHONE_EVENT_SHORT,
	TELEPHONE_EVENT_NO_DIGIT,
};

// Reads the first event of a payload. *out is written only on TELEPHONE_EVENT_OK.
[[nodiscard]] enum telephone_event_error telephone_event_read(
	struct telephone_event *out, const uint8_t *data, size_t len);

// Writes TELEPHONE_EVENT_LEN bytes.
void telephone_event_write(uint8_t *buf, const struct telephone_event *event);

// The key that a code stands for, and back: TELEPHONE_EVENT_NONE or '\0' for none.
uint8_t telephone_event_code(char key);
char telephone_event_key(uint8_t code);
