// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/plc.h"

#include <string.h>

static size_t past_samples(const struct plc *p)
{
	return p->rate / 1000 * PLC_PAST_MS;
}

void plc_init(struct plc *p, uint32_t rate)
{
	p->rate = rate;
	p->lost = 0;
	memset(p->past, 0, sizeof(int16_t) * past_samples(p));
}

void plc_heard(struct plc *p, int16_t *pcm, size_t n)
{
	size_t past = past_samples(p);

	p->lost = 0;
	if (n >= past) {
		memcpy(p->past, pcm + n - past, sizeof(int16_t) * past);
		return;
	}
	memmove(p->past, p->past + n, sizeof(int16_t) * (past - n));
	memcpy(p->past + past - n, pcm, sizeof(int16_t) * n);
}

void plc_fill(struct plc *p, int16_t *pcm, size_t n)
{
	int32_t faded = (int32_t)(p->rate / 1000 * PLC_FADED_MS);
	size_t past = past_samples(p);

	for (size_t i = 0; i < n; i++) {
		int32_t left = faded - (int32_t)p->lost;

		pcm[i] = 0;
		if (left <= 0)
			continue;
		pcm[i] = (int16_t)(p->past[p->lost++ % past] * left / faded);
	}
}
