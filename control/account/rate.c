// SPDX-License-Identifier: BSD-3-Clause
//
// libsoxr knows no rings: it is given the end before the beginning and the beginning after the
// end, and what comes of those is left out.
#include "control/account/rate.h"

#include <soxr.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 4096 }; // samples of the ring on either side, about

static size_t gcd(size_t a, size_t b)
{
	while (b != 0) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

// So many that they become a whole number, if there is such a number; else the ring is turned by
// a part of a sample.
static size_t around(size_t n_in, size_t n_out)
{
	size_t step = n_in / gcd(n_in, n_out);

	return step < AROUND ? (AROUND + step - 1) / step * step : AROUND;
}

static void fill(int16_t *to, size_t n, const int16_t *in, size_t n_in, size_t beside)
{
	size_t at = (n_in - beside % n_in) % n_in;

	for (size_t i = 0; i < n; i++) {
		to[i] = in[at];
		at = at + 1 == n_in ? 0 : at + 1;
	}
}

bool rate_ring(int16_t *out, size_t n_out, const int16_t *in, size_t n_in)
{
	double ratio = (double)n_out / (double)n_in;
	size_t beside = around(n_in, n_out);
	size_t n = n_in + 2 * beside;
	size_t before = (size_t)((double)beside * ratio + 0.5);
	size_t room = (size_t)((double)n * ratio) + 1, made = 0;
	int16_t *from = malloc(n * sizeof(*from)), *to = malloc(room * sizeof(*to));
	const soxr_io_spec_t samples = soxr_io_spec(SOXR_INT16_I, SOXR_INT16_I);
	const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
	soxr_error_t error = "no memory";

	if (from != NULL && to != NULL) {
		fill(from, n, in, n_in, beside);
		error = soxr_oneshot((double)n_in, (double)n_out, 1, from, n, NULL, to, room, &made,
			&samples, &quality, NULL);
	}
	if (error == NULL && made < before + n_out)
		error = "too few samples";
	if (error == NULL)
		memcpy(out, to + before, n_out * sizeof(*out));
	free(from);
	free(to);
	return error == NULL;
}
