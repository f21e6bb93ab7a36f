// SPDX-License-Identifier: BSD-3-Clause
//
// What a transcript expects, for Criterion tests on the stage.
#pragma once

#include "tests/support/stage.h"

#include <criterion/criterion.h>

#include <string.h>

#define expect_text(got, want)                                                                 \
	do {                                                                                   \
		const char *got_ = (got);                                                      \
		cr_expect(strcmp(got_, (want)) == 0, "%s: got \"%s\", not \"%s\"", #got, got_, \
			(want));                                                               \
	} while (0)

#define expect_number(got, want)                                                                   \
	do {                                                                                       \
		long got_ = (long)(got);                                                           \
		cr_expect(got_ == (long)(want), "%s: got %ld, not %ld", #got, got_, (long)(want)); \
	} while (0)

// The next thing said begins like this; its value is what was said.
#define expect_said(start)                                                   \
	({                                                                   \
		const struct said *said_ = stage_next();                     \
		cr_assert(strncmp(said_->text, (start), strlen(start)) == 0, \
			"expected %s, said: %.300s", (start), said_->text);  \
		said_;                                                       \
	})

#define expect_silence() \
	cr_assert(stage_unheard() == 0, "said instead of nothing: %.300s", stage_next()->text)

#define expect_told(what)                                                                  \
	({                                                                                 \
		const struct told *told_ = stage_told();                                   \
		cr_assert(told_->kind == SIP_EV_##what, "expected " #what ", was told %s", \
			sip_event_name(told_->kind));                                      \
		told_;                                                                     \
	})

#define expect_untold()                                                  \
	do {                                                             \
		const struct told *told_ = stage_told();                 \
		cr_assert(told_->kind == SIP_EVENT_COUNT, "was told %s", \
			sip_event_name(told_->kind));                    \
	} while (0)
