// SPDX-License-Identifier: BSD-3-Clause
//
// A description half read: between sdp.c, which knows lines, and sdp_audio.c, which knows what
// stands under the one audio line we act on. Nobody else includes it.
#pragma once

#include "control/sip/sdp.h"
#include "control/sip/words.h"

enum { SDP_PT_MAX = 127, SDP_PORT_MAX = 65535 };

// The address of a c= line.
struct sdp_place {
	enum { PLACE_NONE, PLACE_BAD, PLACE_GOOD } state;
	uint8_t ip[16];
};

struct sdp_reader {
	struct media_desc desc;
	enum { IN_SESSION, IN_AUDIO, IN_OTHER } where;
	bool version;
	bool chosen; // the audio line that desc describes has been met
	struct sdp_place session, audio;
	int session_direction, audio_direction; // -1: not said

	// of the audio line
	uint8_t formats;              // entries of desc.codec in use while reading
	bool mapped[SDP_CODECS_MAX];  // has had its rtpmap
	bool unfit[SDP_CODECS_MAX];   // more text than an entry holds: left out
	int8_t entry[SDP_PT_MAX + 1]; // of a payload type, or -1
	uint16_t rtcp_port;           // of a=rtcp; 0: not said
	struct sdp_place rtcp;
};

// Reads "IN IP4 192.0.2.1".
void sdp_read_place(struct sdp_place *out, struct span text);

// Takes the payload types of the audio line; they have been checked.
void sdp_audio_formats(struct sdp_reader *r, struct span formats);
// An attribute below the audio line.
[[nodiscard]] enum sdp_outcome sdp_audio_attribute(
	struct sdp_reader *r, struct span name, struct span value);
// Everything is read: makes desc whole.
void sdp_audio_finish(struct sdp_reader *r);
