// SPDX-License-Identifier: BSD-3-Clause
//
// How tests listen: what tones are in some samples and how strong, and what else is there.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>

// The amplitude of a tone in n samples (Goertzel's sum, written out).
static inline double ear_tone(const int16_t *pcm, size_t n, double hz, double rate)
{
	double s = 0, c = 0;

	for (size_t i = 0; i < n; i++) {
		double w = 0.5 - 0.5 * cos(2 * M_PI * ((double)i + 0.5) / (double)n);

		s += w * pcm[i] * sin(2 * M_PI * hz * (double)i / rate);
		c += w * pcm[i] * cos(2 * M_PI * hz * (double)i / rate);
	}
	return 4 * sqrt(s * s + c * c) / (double)n;
}

static inline double ear_power(const int16_t *pcm, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)pcm[i] * pcm[i];
	return n > 0 ? sum / (double)n : 0;
}

static inline double ear_db(double ratio)
{
	return 10 * log10(ratio > 1e-12 ? ratio : 1e-12);
}

// Signal to noise of one sine of about hz: what is left beside the best sine of that tone.
static inline double ear_sine_rest(const int16_t *pcm, size_t n, double hz, double rate)
{
	double w = 2 * M_PI * hz / rate, ss = 0, cc = 0, sc = 0, ys = 0, yc = 0, yy = 0;

	for (size_t i = 0; i < n; i++) {
		double s = sin(w * (double)i), c = cos(w * (double)i), y = pcm[i];

		ss += s * s, cc += c * c, sc += s * c, ys += y * s, yc += y * c, yy += y * y;
	}
	double det = ss * cc - sc * sc;
	double a = (ys * cc - yc * sc) / det, b = (yc * ss - ys * sc) / det;
	return yy - a * ys - b * yc;
}

static inline double ear_sine_snr(const int16_t *pcm, size_t n, double hz, double rate)
{
	double least = 1e30, total = ear_power(pcm, n) * (double)n;

	for (int ppm = -12000; ppm <= 12000; ppm += 250) {
		double rest = ear_sine_rest(pcm, n, hz * (1 + ppm * 1e-6), rate);

		least = rest < least ? rest : least;
	}
	return ear_db(total / (least + 1));
}
