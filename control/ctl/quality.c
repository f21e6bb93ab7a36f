// SPDX-License-Identifier: BSD-3-Clause
//
// How the legs of a call are heard: asked until the workers have answered for each of them.
#include "control/ctl/command.h"
#include "control/ctl/text.h"

#include <time.h>

enum { LOOKS = 25, LOOK_MS = 20 };

static bool known(const json_t *result)
{
	const json_t *legs = json_object_get(result, "legs");

	for (size_t i = 0; i < json_array_size(legs); i++)
		if (!json_is_true(json_object_get(json_array_get(legs, i), "known")))
			return false;
	return true;
}

static void show_number(const json_t *o, const char *name, const char *unit)
{
	printf("  %s %" JSON_INTEGER_FORMAT "%s", name,
		json_integer_value(json_object_get(o, name)), unit);
}

static void show_way(const char *which, const json_t *o)
{
	const json_t *mos = json_object_get(o, "mos");

	printf("  %-8s", which);
	show_number(o, "packets", "");
	show_number(o, "lost", "");
	show_number(o, "jitter_us", "");
	if (json_is_number(mos))
		printf("  mos %.1f\n", json_number_value(mos));
	else
		puts("  mos not known");
}

static void show_leg(const json_t *leg)
{
	const char *name = json_string_value(json_object_get(leg, "leg"));
	const char *number = json_string_value(json_object_get(leg, "number"));
	const json_t *trip = json_object_get(leg, "round_trip_us");

	text_print(stdout, name != NULL ? name : "");
	putchar(' ');
	text_print(stdout, number != NULL ? number : "");
	putchar('\n');
	if (!json_is_true(json_object_get(leg, "known"))) {
		puts("  not known: its worker has not answered");
		return;
	}
	show_way("received", json_object_get(leg, "received"));
	show_way("sent", json_object_get(leg, "sent"));
	if (json_is_integer(trip))
		printf("  round trip %" JSON_INTEGER_FORMAT " us\n", json_integer_value(trip));
}

// The first answer makes the workers speak; from the second on theirs is in it.
static enum client_outcome ask(struct session *s, const char *ref, json_t **out)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	*out = NULL;
	for (int i = 0; i < LOOKS; i++) {
		json_decref(*out);
		*out = NULL;
		enum client_outcome o =
			client_ask(&s->client, "call.quality", json_pack("{s:s}", "ref", ref), out);

		if (o != CLIENT_OK || (i > 0 && known(*out)))
			return o;
		nanosleep(&pause, NULL);
	}
	return CLIENT_OK;
}

int run_call_quality(struct session *s, char **argument)
{
	json_t *result;
	enum client_outcome o = ask(s, argument[0], &result);

	if (o != CLIENT_OK)
		return session_failed(s, o);
	if (s->options.given[OPTION_JSON]) {
		print_json(result);
	} else {
		const json_t *legs = json_object_get(result, "legs");

		for (size_t i = 0; i < json_array_size(legs); i++)
			show_leg(json_array_get(legs, i));
	}
	json_decref(result);
	return EXIT_DONE;
}
