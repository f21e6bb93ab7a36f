// SPDX-License-Identifier: BSD-3-Clause
//
// Whatever description is read can be answered: the answer reads back, has as many media lines,
// and takes the offer's audio line; and an offer made of the codecs that were read reads back
// with the same ones.
#include "control/sip/sdp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_read(const struct media_desc *d)
{
	must(d->rtp.port != 0 && d->rtcp.port != 0);
	must(d->mlines >= 1 && d->mlines <= SDP_MLINES_MAX && d->audio < d->mlines);
	must(d->codecs <= SDP_CODECS_MAX && d->dtmf_pt >= -1 && d->dtmf_pt <= 127);
	must(d->direction <= SDP_SENDRECV);
	for (uint8_t i = 0; i < d->codecs; i++)
		must(d->codec[i].clock != 0 && d->codec[i].channels != 0 && d->codec[i].pt <= 127 &&
			d->codec[i].name[0] != '\0');
}

static void check_answer(const struct media_desc *offer, const struct sdp_local *local)
{
	char text[SDP_TEXT_MAX];
	struct media_desc d;
	size_t len = sdp_write_answer(text, sizeof(text), local, offer);

	must(len > 0);
	must(sdp_read(&d, text, len) == SDP_OK);
	check_read(&d);
	must(d.mlines == offer->mlines && d.audio == offer->audio);
	must(address_same(&d.rtp, &local->rtp));
	must(d.codecs == 1 && sdp_same_codec(&d.codec[0], local->codec));
}

static void check_offer(const struct media_desc *theirs, const struct sdp_local *local)
{
	// Eight descriptions as long as the longest we read: what is written may be longer than
	// what was, and must still be written.
	static char text[8 * SDP_TEXT_MAX];
	struct media_desc d;
	size_t len = sdp_write_offer(text, sizeof(text), local);

	must(len > 0);
	if (len > SDP_TEXT_MAX)
		return;
	must(sdp_read(&d, text, len) == SDP_OK);
	must(d.codecs == theirs->codecs && d.dtmf_pt == theirs->dtmf_pt);
	for (uint8_t i = 0; i < d.codecs; i++)
		must(sdp_same_codec(&d.codec[i], &theirs->codec[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct sdp_codec pcmu = {
		.pt = 0, .channels = 1, .clock = 8000, .name = "PCMU"
	};
	struct sdp_local local = { .session = UINT64_MAX,
		.version = UINT64_MAX,
		.ptime = 20,
		.codecs = 1,
		.codec = &pcmu };
	struct media_desc d;
	enum sdp_outcome outcome = sdp_read(&d, (const char *)data, len);

	must(outcome < SDP_OUTCOME_COUNT && sdp_outcome_text(outcome) != NULL);
	if (outcome != SDP_OK)
		return 0;
	check_read(&d);
	must(address_read(&local.rtp, "192.0.2.7:16384"));
	local.direction = sdp_answer_direction(d.direction, SDP_SENDRECV);
	local.dtmf_pt = d.dtmf_pt;
	local.codec = d.codecs > 0 ? &d.codec[0] : &pcmu;
	if (local.codec->pt == local.dtmf_pt)
		local.dtmf_pt = -1;
	check_answer(&d, &local);
	if (d.codecs == 0)
		return 0;
	local.dtmf_pt = d.dtmf_pt;
	local.codecs = d.codecs;
	local.codec = d.codec;
	check_offer(&d, &local);
	return 0;
}
