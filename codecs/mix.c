// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/mix_kernels.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

static void add(int16_t *dst, const int16_t *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = mix_clamp(dst[i] + src[i]);
}

static void scale(int16_t *dst, const int16_t *src, size_t n, int32_t gain)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = mix_scaled(src[i], gain);
}

static void scale_add(int16_t *dst, const int16_t *src, size_t n, int32_t gain)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = mix_clamp(dst[i] + mix_scaled(src[i], gain));
}

static void ramp(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = mix_scaled(src[i], mix_gain_at(at, step, i));
}

static void ramp_add(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = mix_clamp(dst[i] + mix_scaled(src[i], mix_gain_at(at, step, i)));
}

const struct mix_kernels mix_plain = { add, scale, scale_add, ramp, ramp_add };

const struct mix_kernels *mix_kernels(enum cpu_level level)
{
#if defined(__x86_64__)
	static const struct mix_kernels *const all[CPU_LEVELS] = { &mix_plain, &mix_avx2,
		&mix_avx512 };
#else
	static const struct mix_kernels *const all[CPU_LEVELS] = { &mix_plain };
#endif

	return level <= cpu_level() ? all[level] : NULL;
}

static const struct mix_kernels *use = &mix_plain;

__attribute__((constructor)) static void choose(void)
{
	use = mix_kernels(cpu_level());
}

int32_t mix_gain(int tenths)
{
	if (tenths <= MIX_MIN)
		return 0;
	if (tenths > MIX_MAX)
		tenths = MIX_MAX;
	return (int32_t)lrintf(MIX_UNITY * powf(10, (float)tenths / 200));
}

void mix_add(int16_t *dst, const int16_t *src, size_t n)
{
	use->add(dst, src, n);
}

void mix_ramp_init(struct mix_ramp *r, int tenths)
{
	int32_t gain = mix_gain(tenths) << MIX_RAMP_Q;

	*r = (struct mix_ramp){ .at = gain, .to = gain };
}

void mix_ramp_to(struct mix_ramp *r, int tenths, uint32_t samples)
{
	assert(samples <= INT32_MAX);
	r->to = mix_gain(tenths) << MIX_RAMP_Q;
	if (samples == 0 || r->to == r->at) {
		r->at = r->to;
		r->left = 0;
		return;
	}
	r->step = (r->to - r->at) / (int32_t)samples;
	r->left = samples;
}

void mix_ramp_skip(struct mix_ramp *r, size_t n)
{
	if (n < r->left) {
		r->left -= (uint32_t)n;
		r->at += r->step * (int32_t)n;
		return;
	}
	r->left = 0;
	r->at = r->to;
}

void mix_ramp_scale(struct mix_ramp *r, int16_t *dst, const int16_t *src, size_t n)
{
	size_t moving = n < r->left ? n : r->left;

	use->ramp(dst, src, moving, r->at, r->step);
	mix_ramp_skip(r, moving);
	use->scale(dst + moving, src + moving, n - moving, r->at >> MIX_RAMP_Q);
}

void mix_ramp_add(struct mix_ramp *r, int16_t *dst, const int16_t *src, size_t n)
{
	size_t moving = n < r->left ? n : r->left;

	use->ramp_add(dst, src, moving, r->at, r->step);
	mix_ramp_skip(r, moving);
	use->scale_add(dst + moving, src + moving, n - moving, r->at >> MIX_RAMP_Q);
}
