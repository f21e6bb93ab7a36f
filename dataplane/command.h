// SPDX-License-Identifier: BSD-3-Clause
//
// What the files that carry out commands have of each other. Each checks everything on the
// caller's copy before it changes anything, and says why it did not.
#pragma once

#include "dataplane/node.h"

// Does what one command says to its flow, which is open.
typedef enum dp_refusal (*obey_fn)(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);

enum dp_refusal play_music(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);
enum dp_refusal play_prompt(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);

// Is what the flow plays now there in this codec? And there as samples? MUSIC and PROMPT only.
bool play_can_go_on(const struct engine *e, const struct rtp_flow *f, const struct voice_leg *leg);
bool play_is_samples(const struct engine *e, const struct rtp_flow *f);
