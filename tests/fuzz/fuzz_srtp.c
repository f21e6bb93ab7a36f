// SPDX-License-Identifier: BSD-3-Clause
//
// The first byte says suite, RTP or RTCP, and whether the rest comes from a stranger or is first
// sealed by the owner of the key (then the second byte says which of its bytes is spoilt, if any).
#include "dataplane/srtp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct srtp_ciphers *ciphers;

static enum srtp_error open(struct srtp *s, bool rtcp, uint8_t *data, size_t *len)
{
	return rtcp ? srtp_open_rtcp(s, ciphers, data, len) : srtp_open_rtp(s, ciphers, data, len);
}

// What is refused changes nothing; what is taken does not grow, and is taken once.
static enum srtp_error take(struct srtp *s, bool rtcp, const uint8_t *data, size_t *len)
{
	struct srtp before = *s;
	uint8_t *copy = malloc(*len > 0 ? *len : 1);
	size_t n = *len;

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, data, n);
	enum srtp_error error = open(s, rtcp, copy, len);
	if (error != SRTP_OK && (memcmp(&before, s, sizeof(before)) != 0 || *len != n))
		abort();
	if (error == SRTP_OK && *len >= n)
		abort();
	free(copy);
	return error;
}

static void genuine(struct srtp *s, bool rtcp, const uint8_t *data, size_t len, uint8_t spoilt)
{
	struct srtp from = *s;
	size_t room = len + SRTCP_GROWTH, n = len;
	uint8_t *sealed = malloc(room);

	if (sealed == NULL)
		abort();
	if (len > 0)
		memcpy(sealed, data, len);
	enum srtp_error error = rtcp ? srtp_seal_rtcp(&from, ciphers, sealed, &n, room)
				     : srtp_seal_rtp(&from, ciphers, sealed, &n, room);
	size_t got = n;
	if (error == SRTP_OK && spoilt != 0) {
		sealed[spoilt % n] ^= spoilt;
		if (take(s, rtcp, sealed, &got) == SRTP_OK)
			abort();
		sealed[spoilt % n] ^= spoilt;
	}
	if (error == SRTP_OK && (take(s, rtcp, sealed, &got) != SRTP_OK || got != len))
		abort();
	got = n;
	if (error == SRTP_OK && take(s, rtcp, sealed, &got) != SRTP_SEEN)
		abort();
	free(sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t key[DP_KEY_MAX] = { 1, 2, 3 };
	struct srtp s = { 0 };

	if (len < 2)
		return 0;
	if (ciphers == NULL)
		ciphers = srtp_ciphers_new();

	uint8_t suite = (uint8_t)(1 + data[0] % (DP_SUITE_COUNT - 1));
	bool rtcp = (data[0] & 0x40) != 0, stranger = (data[0] & 0x80) != 0;
	if (ciphers == NULL || !srtp_key(&s, ciphers, suite, key))
		abort();
	if (!stranger)
		genuine(&s, rtcp, data + 2, len - 2, data[1]);
	size_t n = len - 2;
	(void)take(&s, rtcp, data + 2, &n);
	return 0;
}
