// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/stage_digest.h"

#include "control/sip/digest.h"
#include "control/sip/osip.h"

#include <stdio.h>
#include <string.h>

static void md5(const char *text, char out[33])
{
	osip_MD5_CTX ctx;
	unsigned char digest[16];
	char copy[1024];

	snprintf(copy, sizeof(copy), "%s", text);
	osip_MD5Init(&ctx);
	osip_MD5Update(&ctx, (unsigned char *)copy, (unsigned)strlen(copy));
	osip_MD5Final(digest, &ctx);
	for (int i = 0; i < 16; i++)
		sprintf(out + 2 * (size_t)i, "%02x", digest[i]);
}

static void quoted(const char *header, const char *name, char *out, size_t size)
{
	char mark[32];

	snprintf(mark, sizeof(mark), "%s=\"", name);
	const char *at = strstr(header, mark);
	out[0] = '\0';
	if (at != NULL) {
		at += strlen(mark);
		snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
	}
}

const char *stage_authorization(const struct said *said, const char *method, const char *uri,
	const char *user, const char *password, unsigned nc)
{
	static char out[1024];
	const char *header = stage_value(said, "WWW-Authenticate");
	char realm[128], nonce[256], ha1[33], ha2[33], response[33], text[600];

	quoted(header, "realm", realm, sizeof(realm));
	quoted(header, "nonce", nonce, sizeof(nonce));
	digest_ha1(user, realm, password, ha1);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	md5(text, ha2);
	snprintf(text, sizeof(text), "%s:%s:%08x:cn:auth:%s", ha1, nonce, nc, ha2);
	md5(text, response);
	snprintf(out, sizeof(out),
		"Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
		"response=\"%s\", algorithm=MD5, cnonce=\"cn\", nc=%08x, qop=auth\n",
		user, realm, nonce, uri, response, nc);
	return out;
}
