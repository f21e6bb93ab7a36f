// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of the table of codec.c that stand in files of their own.
#pragma once

#include "codecs/codec.h"

extern const struct codec codec_g722;
extern const struct codec *const codec_opus; // its sizes are the library's: known at start
