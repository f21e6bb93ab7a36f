// SPDX-License-Identifier: BSD-3-Clause
//
// What a leg hears from us and dials to us: music, prompts, the other party, digits.
#include "control/call/leg.h"
#include "control/log.h"

#include <string.h>

enum {
	SAY_GRACE_MS = 1500, // a PLAYED event that never comes
	PART_MS = 40000,     // whoever is to part and does not acknowledge
	DIGIT_GAP_MS = 1000, // features.md D12
	DIGIT_MIN_MS = 40,
};

static struct media *media(const struct leg *leg)
{
	return leg->x->plan.media;
}

// --- speaking

static void said(struct leg *leg)
{
	leg->speaking = false;
	clock_disarm(leg->x->plan.clock, &leg->say_timer);
	if (leg->ops != NULL && leg->ops->said != NULL)
		leg->ops->said(leg);
}

static void say_next(struct leg *leg)
{
	uint32_t n = (uint32_t)(leg->say_n - leg->say_at);
	uint64_t ms = SAY_GRACE_MS;

	if (n > DP_PROMPT_MAX)
		n = DP_PROMPT_MAX;
	for (uint32_t i = 0; i < n; i++)
		ms += media_track_ms(media(leg), leg->say[leg->say_at + i]);
	clock_arm(leg->x->plan.clock, &leg->say_timer, exchange_now(leg->x) + ms);
	media_prompt(media(leg), leg->flow, leg->say + leg->say_at, n);
	leg->say_at = (uint8_t)(leg->say_at + n);
}

static void said_later(void *what, int)
{
	struct leg *leg = what;

	if (leg->state != LEG_OVER && leg->speaking)
		said(leg);
}

void leg_say(struct leg *leg, const uint64_t *track, uint32_t n)
{
	leg->say_n = leg->say_at = 0;
	for (uint32_t i = 0; i < n && leg->say_n < LEG_SAY_MAX; i++)
		if (track[i] != 0)
			leg->say[leg->say_n++] = track[i];
	leg->speaking = true;
	if (leg->say_n > 0)
		say_next(leg);
	else // no such prompt is installed: nothing to hear, and on with it
		exchange_post(leg->x, said_later, leg, 0);
}

static void say_timeout(struct timer *timer, uint64_t)
{
	struct leg *leg = TIMER_OWNER(timer, struct leg, say_timer);

	if (leg->speaking) {
		log_warning("%s: the worker did not say that the prompt was over", leg->number);
		exchange_post(leg->x, said_later, leg, 0);
	} else {
		leg_end(leg, 0, NULL);
		exchange_settle(leg->x);
	}
}

static void hush(struct leg *leg)
{
	leg->speaking = false;
	clock_disarm(leg->x->plan.clock, &leg->say_timer);
}

void leg_music(struct leg *leg, uint64_t track)
{
	hush(leg);
	if (track != 0)
		media_music(media(leg), leg->flow, track, leg->tenant->plan->music_shared);
	else
		media_silent(media(leg), leg->flow);
}

void leg_join(struct leg *to, const struct leg *from)
{
	hush(to);
	media_relay(media(to), to->flow, from->flow);
}

uint32_t leg_number_tracks(const struct exchange *x, uint32_t number, uint64_t out[LEG_SAY_MAX])
{
	uint32_t digits = 0, n = number;

	do
		digits++;
	while ((n /= 10) != 0 && digits < LEG_SAY_MAX);
	for (uint32_t i = digits; i > 0; i--, number /= 10)
		out[i - 1] = x->plan.tracks.digit[number % 10];
	return digits;
}

// --- parting: the last thing somebody hears before we hang up

static void part_now(struct leg *leg)
{
	uint64_t say[LEG_SAY_MAX];
	uint32_t n = leg->say_n;

	memcpy(say, leg->say, sizeof(say));
	leg_say(leg, say, n);
}

static void part_said(struct leg *leg)
{
	leg_end(leg, 0, NULL);
}

static const struct leg_ops parting = { .acked = part_now, .said = part_said };

void leg_part(struct leg *leg, const uint64_t *track, uint32_t n, uint16_t code)
{
	leg_unwatch(leg);
	leg_give(leg, &parting, NULL);
	if (leg->state == LEG_CALLING && !leg_answer(leg, NULL)) {
		leg_end(leg, code, NULL);
		return;
	}
	if (leg->state == LEG_OVER)
		return; // the answer could not be given
	leg->say_n = 0;
	for (uint32_t i = 0; i < n && i < LEG_SAY_MAX; i++)
		leg->say[leg->say_n++] = track[i];
	if (leg->state == LEG_UP)
		part_now(leg);
	else
		clock_arm(leg->x->plan.clock, &leg->say_timer, exchange_now(leg->x) + PART_MS);
}

// --- digits

void leg_watch(struct leg *leg, const char *code)
{
	struct digits digits;

	digits_init(&digits, code, DIGIT_GAP_MS);
	// Asked again in the middle of a code (a late ACK, a re-INVITE): what is withheld stays so.
	if (leg->watching && digits_same_code(&leg->digits, &digits))
		return;
	leg->digits = digits;
	leg->watching = true;
	media_watch(media(leg), leg->flow, digits_watch_mask(&leg->digits));
}

void leg_unwatch(struct leg *leg)
{
	if (!leg->watching)
		return;
	leg->watching = false;
	clock_disarm(leg->x->plan.clock, &leg->digits_timer);
	media_watch(media(leg), leg->flow, 0);
}

// What was withheld and is no code goes to whoever hears this leg; then we listen anew.
static void give_back(struct leg *leg, const struct digits_list *list)
{
	uint16_t ms[DIGITS_LIST_MAX];

	for (uint32_t i = 0; i < list->n; i++)
		ms[i] = list->ms[i] < DIGIT_MIN_MS ? DIGIT_MIN_MS : list->ms[i];
	if (leg->ops != NULL && leg->ops->digits != NULL)
		leg->ops->digits(leg, list->digit, ms, list->n);
}

static void rearm(struct leg *leg)
{
	uint64_t at = digits_deadline(&leg->digits);

	if (at != 0) {
		clock_arm(leg->x->plan.clock, &leg->digits_timer, at);
		return;
	}
	clock_disarm(leg->x->plan.clock, &leg->digits_timer);
	if (leg->watching)
		media_watch(media(leg), leg->flow, digits_watch_mask(&leg->digits));
}

static void digit(struct leg *leg, const struct media_event *event)
{
	struct digits_list list = { .n = 0 };
	enum digits_outcome outcome;

	if (!leg->watching)
		return;
	outcome = digits_press(&leg->digits, event->digit, event->duration_ms, event->withheld,
		exchange_now(leg->x), &list);
	if (list.n > 0)
		give_back(leg, &list);
	if (outcome == DIGITS_MATCH && leg->ops != NULL && leg->ops->code != NULL)
		leg->ops->code(leg);
	if (outcome != DIGITS_PASS && leg->state != LEG_OVER)
		rearm(leg);
}

static void digits_timeout(struct timer *timer, uint64_t now_ms)
{
	struct leg *leg = TIMER_OWNER(timer, struct leg, digits_timer);
	struct digits_list list = { .n = 0 };

	digits_expire(&leg->digits, now_ms, &list);
	if (list.n > 0)
		give_back(leg, &list);
	rearm(leg);
}

void leg_digits(struct leg *leg, const uint8_t *digit, const uint16_t *ms, uint32_t n)
{
	for (uint32_t at = 0; at < n; at += DP_DIGITS_MAX) {
		uint32_t run = n - at < DP_DIGITS_MAX ? n - at : DP_DIGITS_MAX;

		media_digits(media(leg), leg->flow, digit + at, ms + at, run);
	}
}

// --- the media's news

static void music(struct leg *leg, bool playing)
{
	if (leg->ops != NULL && leg->ops->music != NULL)
		leg->ops->music(leg, playing);
}

static void failed(struct leg *leg, const struct media_event *event)
{
	log_warning("%s: the worker refused command %u: reason %u", leg->number, event->cmd,
		event->refusal);
	switch (event->cmd) {
	case DP_CMD_MUSIC:
		music(leg, false);
		break;
	case DP_CMD_PROMPT:
		if (leg->speaking)
			said(leg);
		break;
	case DP_CMD_OPEN:
	case DP_CMD_REMOTE: // no media will ever flow: worse than no call
		leg_drop(leg);
		break;
	default:
		break;
	}
}

static void hear(struct leg *leg, const struct media_event *event)
{
	switch (event->kind) {
	case MEDIA_DIGIT:
		digit(leg, event);
		break;
	case MEDIA_PLAYED:
		if (leg->speaking && leg->say_at < leg->say_n)
			say_next(leg);
		else if (leg->speaking)
			said(leg);
		break;
	case MEDIA_DONE:
		if (event->cmd == DP_CMD_MUSIC)
			music(leg, true);
		break;
	case MEDIA_FAILED:
		failed(leg, event);
		break;
	case MEDIA_QUALITY:
		leg->quality = event->raw->quality;
		leg->judged = true;
		break;
	case MEDIA_LOCKED:
	case MEDIA_CLOSED:
		break;
	}
}

void leg_media(struct leg *leg, const struct media_event *event)
{
	struct exchange *x = leg->x;

	exchange_hold(x);
	if (leg->state != LEG_OVER)
		hear(leg, event);
	exchange_release(x);
}

void leg_voice_init(struct leg *leg)
{
	timer_init(&leg->say_timer, say_timeout);
	timer_init(&leg->digits_timer, digits_timeout);
}

void leg_voice_stop(struct leg *leg)
{
	leg->watching = false;
	clock_disarm(leg->x->plan.clock, &leg->say_timer);
	clock_disarm(leg->x->plan.clock, &leg->digits_timer);
}
