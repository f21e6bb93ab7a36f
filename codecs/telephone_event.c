// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/telephone_event.h"

// In the order of RFC 4733, table 3.
static const char keys[TELEPHONE_EVENT_DIGITS] = {
	'0',
	'1',
	'2',
	'3',
	'4',
	'5',
	'6',
	'7',
	'8',
	'9',
	'*',
	'#',
	'A',
	'B',
	'C',
	'D',
};

enum telephone_event_error telephone_event_read(
	struct telephone_event *out, const uint8_t *data, size_t len)
{
	if (len < TELEPHONE_EVENT_LEN)
		return TELEPHONE_EVENT_SHORT;
	if (data[0] >= TELEPHONE_EVENT_DIGITS)
		return TELEPHONE_EVENT_NO_DIGIT;

	*out = (struct telephone_event){
		.code = data[0],
		.volume = data[1] & 0x3f,
		.end = data[1] >> 7,
		.duration = (uint16_t)(data[2] << 8 | data[3]),
	};
	return TELEPHONE_EVENT_OK;
}

void telephone_event_write(uint8_t *buf, const struct telephone_event *event)
{
	buf[0] = event->code;
	buf[1] = (uint8_t)((event->end ? 0x80 : 0) | (event->volume & 0x3f));
	buf[2] = (uint8_t)(event->duration >> 8);
	buf[3] = (uint8_t)event->duration;
}

uint8_t telephone_event_code(char key)
{
	// A to D are the last four, and people write them small as well.
	if (key >= 'a' && key <= 'd')
		return (uint8_t)(TELEPHONE_EVENT_DIGITS - 4 + (key - 'a'));
	for (unsigned code = 0; code < TELEPHONE_EVENT_DIGITS; code++) {
		if (keys[code] == key)
			return (uint8_t)code;
	}
	return TELEPHONE_EVENT_NONE;
}

char telephone_event_key(uint8_t code)
{
	if (code >= TELEPHONE_EVENT_DIGITS)
		return '\0';
	return keys[code];
}
