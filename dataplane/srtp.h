// SPDX-License-Identifier: BSD-3-Clause
//
// SRTP and SRTCP (RFC 3711; suites of RFC 4568, 6188 and 7714): one direction of one flow, in
// the caller's memory. Seals and opens packets in place. Who has which key, and what becomes of
// a packet that no key opens, is node_srtp.c's.
//
// There is one master key in a direction, the key derivation rate is 0, and there is no MKI:
// signalling offers none of it and refuses it, and a packet with an MKI is a packet with a wrong
// tag.
#pragma once

#include "dataplane/cmd.h"
#include "dataplane/srtp_hmac.h"
#include "dataplane/srtp_window.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct srtp_ciphers;

enum {
	SRTP_SOURCES = 4,      // SSRCs of one far end that are remembered
	SRTP_GROWTH = 16,      // bytes by which sealing lengthens RTP at most
	SRTCP_GROWTH = 4 + 16, // the same of RTCP
	SRTCP_INDEX_BITS = 31, // RFC 3711, 3.4
	SRTP_CIPHER_KEY_MAX = 32,
	SRTP_SALT_ROOM = 16,
};

// Why a packet is not sealed or opened. Then nothing has changed but the packet's own bytes.
enum srtp_error {
	SRTP_OK = 0,
	SRTP_NO_KEY,   // no suite was set
	SRTP_SHORT,    // shorter than a header and a tag
	SRTP_BAD,      // its header is not that of RTP or RTCP
	SRTP_FORGED,   // the tag is wrong
	SRTP_SEEN,     // its number was taken already
	SRTP_TOO_OLD,  // too far behind to be told from one that was
	SRTP_WORN,     // the key has sealed as much as it may: 2^48 RTP or 2^31 RTCP packets
	SRTP_NO_SPACE, // the tag does not fit into the packet's room
	SRTP_BROKEN,   // OpenSSL failed
	SRTP_ERROR_COUNT,
};

// Session keys of RTP, or of RTCP (RFC 3711, 4.3).
struct srtp_keys {
	uint8_t cipher[SRTP_CIPHER_KEY_MAX];
	uint8_t salt[SRTP_SALT_ROOM];
	struct srtp_hmac hmac;
};

// One SSRC. A far end has one, and may turn to another at any time.
struct srtp_source {
	uint32_t ssrc;
	bool known;
	struct srtp_window rtp;
	struct srtp_window rtcp;
};

struct srtp {
	uint8_t suite; // enum dp_suite; NONE: there is no key
	uint8_t key_len;
	uint8_t tag;        // bytes
	uint8_t tag_rtcp;   // bytes
	bool aead;          // GCM
	uint32_t rtcp_next; // index of the next SRTCP packet that is sealed
	struct srtp_keys rtp;
	struct srtp_source source[SRTP_SOURCES]; // the newest first
	struct srtp_keys rtcp;
};

// The ciphers of one worker. NULL: no memory, or an OpenSSL without them.
struct srtp_ciphers *srtp_ciphers_new(void);
void srtp_ciphers_free(struct srtp_ciphers *c);

// Lets them forget the last key they were used with.
void srtp_ciphers_wipe(const struct srtp_ciphers *c);

// Bytes of master key and master salt, or 0: there is no such suite.
size_t srtp_key_len(uint8_t suite);

// Takes a master key and salt from now on. What was counted goes on (RFC 3711, 3.3.1); the same
// key once more changes nothing. s is all zero, or had a key. suite is not NONE, and one that
// srtp_key_len() knows. The master key is not kept. False: OpenSSL failed, nothing has changed.
[[nodiscard]] bool srtp_key(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t suite, const uint8_t *key);

// No trace is left of it: all zero.
void srtp_forget(struct srtp *s, const struct srtp_ciphers *c);

// In place: data has *len bytes and room for `room`; *len becomes what it is then.
[[nodiscard]] enum srtp_error srtp_seal_rtp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len, size_t room);
[[nodiscard]] enum srtp_error srtp_seal_rtcp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len, size_t room);

// In place. Authentication comes before any change of s. A packet that is refused may be garbled.
[[nodiscard]] enum srtp_error srtp_open_rtp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len);
[[nodiscard]] enum srtp_error srtp_open_rtcp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len);
