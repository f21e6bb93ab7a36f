// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/sounds.h"

#include <criterion/criterion.h>

#include <ftw.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "/usr/share/asterisk"

static struct sounds *found;

static int see(const char *path, const struct stat *info, int kind)
{
	const char *dot = strrchr(path, '.');

	(void)info;
	if (kind == FTW_F && dot != NULL && strcmp(dot, ".wav") == 0 && found->n < SOUNDS_MAX)
		found->path[found->n++] = strdup(path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void sounds_find(struct sounds *s)
{
	found = s;
	s->n = 0;
	ftw(ROOT, see, 16);
	qsort(s->path, s->n, sizeof(s->path[0]), by_name);
	if (s->n > 0)
		return;
	fprintf(stderr,
		"\n*** SKIPPED: nothing that is no digit was heard: no WAV files under " ROOT
		". scripts/install-packages installs them. ***\n\n");
	cr_skip_test("no sounds");
}

bool sounds_read(struct tape *t, const char *path, double decibels)
{
	double gain = pow(10, decibels / 20);
	SF_INFO info = { 0 };
	SNDFILE *file = sf_open(path, SFM_READ, &info);

	tape_rewind(t, 1);
	if (file == NULL)
		return false;
	if (info.samplerate == 8000 && info.channels == 1)
		t->n = (size_t)sf_read_short(file, t->pcm, TAPE_ROOM);
	sf_close(file);
	for (size_t i = 0; i < t->n; i++) {
		double v = round(gain * t->pcm[i]);

		t->pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
	}
	return t->n > 0;
}
