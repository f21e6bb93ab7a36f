// SPDX-License-Identifier: BSD-3-Clause
//
// What tones there are; what is done with them is in tone.c.
#pragma once

#include "codecs/tone.h"

enum { TONE_DIGITS = 16, TONE_COUNTRIES = 10 };

struct tone_country {
	char iso[3];
	struct tone tone[TONE_KINDS];
};

extern const struct tone_country tone_countries[TONE_COUNTRIES];
extern const struct tone tone_digits[TONE_DIGITS];
