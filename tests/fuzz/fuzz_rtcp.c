// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/rtcp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum { US = 1 };
	uint8_t buf[RTCP_WRITE_MAX];
	struct rtcp rtcp, again;

	if (rtcp_read(&rtcp, data, len, US) != RTCP_OK)
		return 0;
	if (!rtcp_is(data, len)) // on one port it would have been taken for RTP
		abort();
	// No more blocks than bytes to hold them.
	if ((size_t)rtcp.blocks * 24 > len || rtcp.about.lost > 0x7fffff ||
		rtcp.about.lost < -0x800000)
		abort();
	// What was understood can be said again and is understood the same.
	rtcp.about.ssrc = US;
	size_t n = rtcp_write(buf, rtcp.ssrc, rtcp.sent ? &rtcp.sender : NULL, &rtcp.about, "x");
	bool bye = rtcp.bye && n + RTCP_BYE_LEN <= sizeof(buf);
	if (bye)
		n += rtcp_write_bye(buf + n, rtcp.ssrc);
	if (rtcp_read(&again, buf, n, US) != RTCP_OK || again.bye != bye)
		abort();
	if (again.ssrc != rtcp.ssrc || again.sender.ntp != rtcp.sender.ntp ||
		again.about.lost != rtcp.about.lost || again.about.dlsr != rtcp.about.dlsr)
		abort();
	return 0;
}
