// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/rtp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rtp rtp;

	if (rtp_read(&rtp, data, len) != RTP_OK)
		return 0;
	// Whatever we accept must lie inside what we were given.
	if (rtp.payload_off < RTP_FIXED_LEN || (size_t)rtp.payload_off + rtp.payload_len > len)
		abort();
	return 0;
}
