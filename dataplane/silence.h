// SPDX-License-Identifier: BSD-3-Clause
//
// A packet of audio that is to be heard as silence, in its own codec and of its own length.
#pragma once

#include <stddef.h>

struct pkt;
struct rtp_flow;

// Makes silence of the audio that f has received. n: samples that it was decoded into, for a codec
// of which the payload alone does not say it.
void silence_packet(const struct rtp_flow *f, struct pkt *p, size_t n);
