// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/dad.h"

enum dad_step dad_turn(struct station *s, struct station_address *a, uint64_t now)
{
	if (a->state != ADDRESS_TENTATIVE)
		return DAD_NOTHING;
	if (!a->probed) {
		a->probed = true;
		a->due = now + DAD_WAIT_MS * 1000000ULL;
		return DAD_ASK;
	}
	if (now < a->due)
		return DAD_NOTHING;
	a->state = ADDRESS_VALID;
	s->tentative--;
	return DAD_OURS;
}

bool dad_object(struct station *s, struct station_address *a)
{
	if (a->state != ADDRESS_TENTATIVE)
		return false;
	a->state = ADDRESS_DUPLICATE;
	s->tentative--;
	return true;
}
