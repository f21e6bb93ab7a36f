// SPDX-License-Identifier: BSD-3-Clause
//
// spandsp's ears, beside ours.
#include "tests/support/tape.h"

#include <spandsp.h>

#include <assert.h>
#include <string.h>

static void hear(void *ctx, const char *digits, int n)
{
	struct heard *h = ctx;

	for (int i = 0; i < n && h->n < TAPE_HEARD; i++)
		h->keys[h->n++] = digits[i];
}

void tape_play_spandsp(const struct tape *t, enum tape_twist twist, struct heard *heard)
{
	dtmf_rx_state_t *rx = dtmf_rx_init(NULL, hear, heard);

	memset(heard, 0, sizeof(*heard));
	assert(rx != NULL);
	if (twist == TAPE_SPANDSP_7)
		dtmf_rx_parms(rx, -1, 8, 7, -99);
	for (size_t i = 0; i < t->n; i += TAPE_FRAME) {
		size_t left = t->n - i;

		dtmf_rx(rx, t->pcm + i, (int)(left < TAPE_FRAME ? left : TAPE_FRAME));
	}
	dtmf_rx_free(rx);
}
