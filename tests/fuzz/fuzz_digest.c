// SPDX-License-Identifier: BSD-3-Clause
//
// Two properties. The input as a header: without the password nobody is ever believed. The
// input as changes to a right header, each an offset and a byte: when it is still believed, it
// is for the same user, and not a second time.
#include "control/sip/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { NOW = 1000000, TEXT_MAX = 4096 };

static const struct address home = { { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 }, 5060 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool ha1(void *, const char *user, const char *realm, char out[33])
{
	if (strcmp(user, "201") != 0 || strcmp(realm, "acme.example") != 0)
		return false;
	digest_ha1(user, realm, "secret", out);
	return true;
}

static enum digest_outcome check(struct digest *d, const char *header, struct digest_claim *claim)
{
	struct digest_request req = { header, "REGISTER", "sip:acme.example", "acme.example",
		&home };
	enum digest_outcome outcome = digest_check(d, &req, ha1, NULL, NOW, claim);

	must(strlen(claim->user) < DIGEST_NAME_MAX && strlen(claim->realm) < DIGEST_NAME_MAX);
	return outcome;
}

static void check_stranger(struct digest *d, const uint8_t *data, size_t len)
{
	struct digest_claim claim;
	char *header = strndup((const char *)data, len);

	must(header != NULL);
	must(check(d, header, &claim) != DIGEST_OK);
	free(header);
}

// As digest_ha1 hashes three parts with colons between, it makes the other hashes too.
static void write_header(struct digest *d, char *out, size_t size)
{
	char challenge[DIGEST_TEXT_MAX], nonce[64], first[33], second[33], response[33];
	char rest[128];

	must(digest_challenge(d, challenge, sizeof(challenge), "acme.example", &home, false, NOW) >
		0);
	must(sscanf(strstr(challenge, "nonce="), "nonce=\"%63[^\"]\"", nonce) == 1);
	digest_ha1("201", "acme.example", "secret", first);
	digest_ha1("REGISTER", "sip", "acme.example", second);
	snprintf(rest, sizeof(rest), "00000001:c0ffee:auth:%s", second);
	digest_ha1(first, nonce, rest, response);
	snprintf(out, size,
		"Digest username=\"201\", realm=\"acme.example\", nonce=\"%s\", "
		"uri=\"sip:acme.example\", response=\"%s\", cnonce=\"c0ffee\", qop=auth, "
		"nc=00000001",
		nonce, response);
}

static void check_changed(struct digest *d, const uint8_t *data, size_t len)
{
	struct digest_claim claim;
	char header[TEXT_MAX];
	size_t header_len;

	write_header(d, header, sizeof(header));
	header_len = strlen(header);
	for (size_t i = 0; i + 2 < len; i += 3) {
		size_t at = (size_t)data[i] << 8 | data[i + 1];

		header[at % header_len] = (char)data[i + 2];
	}
	if (check(d, header, &claim) != DIGEST_OK)
		return;
	must(strcmp(claim.user, "201") == 0 && strcmp(claim.realm, "acme.example") == 0);
	must(check(d, header, &claim) == DIGEST_STALE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint64_t seed[2] = { 1, 2 };
	struct digest *d = digest_new(seed);

	must(d != NULL);
	check_stranger(d, data, len);
	check_changed(d, data, len);
	digest_free(d);
	return 0;
}
