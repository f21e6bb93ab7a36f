// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/srtp.h"

#include "dataplane/srtp_cipher.h"

#include <openssl/crypto.h>
#include <string.h>

enum {
	RTP_HEAD = 12,
	RTCP_HEAD = 8, // what SRTCP leaves in the clear
	WORD = 4,      // E bit and index; of RTP the roll-over counter, which is not sent
	VERSION = 2,
	IV_SSRC = 4, // of the longer IV; the shorter one begins two bytes later
	IV_INDEX = 8,
	IV_GCM = 2,
};

#define ENCRYPTED      (UINT32_C(1) << SRTCP_INDEX_BITS)
#define RTCP_INDEX_MAX (ENCRYPTED - 1)

// A packet, with all that is needed to seal or to open it.
struct body {
	const struct srtp_keys *keys;
	uint32_t ssrc;
	uint64_t index;
	uint8_t *data;
	size_t head; // bytes that are not encrypted
	size_t len;  // of all but tag and word
	uint8_t *tag;
	uint8_t tag_len;
	uint8_t word[WORD];
	bool rtcp;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < WORD; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

// RFC 3711, 4.1.1 and, from the third byte on and with a salt two bytes shorter, RFC 7714, 8.1
// and 9.1: the SSRC and 48 bits of index, under the salt.
static void fill_iv(uint8_t iv[SRTP_CTR_IV], const struct srtp *s, const struct body *b)
{
	memset(iv, 0, SRTP_CTR_IV);
	memcpy(iv + (s->aead ? IV_GCM : 0), b->keys->salt, s->aead ? SRTP_GCM_IV : 14);
	for (unsigned i = 0; i < 4; i++)
		iv[IV_SSRC + i] ^= (uint8_t)(b->ssrc >> (24 - 8 * i));
	for (unsigned i = 0; i < 6; i++)
		iv[IV_INDEX + i] ^= (uint8_t)(b->index >> (40 - 8 * i));
}

static struct srtp_text text_of(const struct srtp *s, const struct body *b, const uint8_t *iv)
{
	return (struct srtp_text){
		.key = b->keys->cipher,
		.key_len = s->key_len,
		.iv = s->aead ? iv + IV_GCM : iv,
		.aad = b->data,
		.aad_len = b->head,
		.more = b->word,
		.more_len = b->rtcp ? WORD : 0,
		.data = b->data + b->head,
		.len = b->len - b->head,
	};
}

static bool conceal(const struct srtp *s, const struct srtp_ciphers *c, const struct body *b)
{
	uint8_t iv[SRTP_CTR_IV], mac[SRTP_HMAC_LEN];

	fill_iv(iv, s, b);
	struct srtp_text text = text_of(s, b, iv);
	if (s->aead)
		return srtp_gcm_seal(c, &text, b->tag);
	if (!srtp_ctr(c, &text))
		return false;
	srtp_hmac(&b->keys->hmac, b->data, b->len, b->word, mac);
	memcpy(b->tag, mac, b->tag_len);
	return true;
}

// Is the packet genuine? Then its text is there.
static bool is_genuine(const struct srtp *s, const struct srtp_ciphers *c, const struct body *b)
{
	uint8_t iv[SRTP_CTR_IV], mac[SRTP_HMAC_LEN];

	fill_iv(iv, s, b);
	struct srtp_text text = text_of(s, b, iv);
	if (s->aead)
		return srtp_gcm_open(c, &text, b->tag);
	srtp_hmac(&b->keys->hmac, b->data, b->len, b->word, mac);
	return CRYPTO_memcmp(mac, b->tag, b->tag_len) == 0 && srtp_ctr(c, &text);
}

// The source of a packet as it is remembered, or NULL.
static struct srtp_source *find(struct srtp *s, uint32_t ssrc)
{
	for (unsigned i = 0; i < SRTP_SOURCES; i++) {
		if (s->source[i].known && s->source[i].ssrc == ssrc)
			return &s->source[i];
	}
	return NULL;
}

// A genuine packet came from it: it is the newest now. The one that was silent longest makes room
// for one that was not known; a flow that refused the fifth SSRC of a call would go deaf.
static struct srtp_source *touch(struct srtp *s, uint32_t ssrc)
{
	struct srtp_source *at = find(s, ssrc);
	struct srtp_source is = { .ssrc = ssrc, .known = true };

	if (at == s->source)
		return at;
	if (at != NULL)
		is = *at;
	else
		at = &s->source[SRTP_SOURCES - 1];
	memmove(s->source + 1, s->source, (size_t)(at - s->source) * sizeof(*at));
	s->source[0] = is;
	return s->source;
}

static const struct srtp_source nobody;

// Bytes of an RTP header with all that belongs to it, or 0: it is none.
static size_t rtp_head(const uint8_t *data, size_t len)
{
	if (len < RTP_HEAD || data[0] >> 6 != VERSION)
		return 0;

	size_t head = RTP_HEAD + 4U * (data[0] & 0x0f);
	if (data[0] & 0x10) {
		if (head + 4 > len)
			return 0;
		head += 4 + 4U * get16(data + head + 2);
	}
	return head <= len ? head : 0;
}

// What all RTP packets have in common.
static enum srtp_error rtp_body(const struct srtp *s, uint8_t *data, size_t len, struct body *out)
{
	size_t head = rtp_head(data, len);

	if (s->suite == DP_SUITE_NONE)
		return SRTP_NO_KEY;
	if (head == 0)
		return len < RTP_HEAD ? SRTP_SHORT : SRTP_BAD;
	*out = (struct body){
		.keys = &s->rtp,
		.ssrc = get32(data + 8),
		.data = data,
		.head = head,
		.len = len,
		.tag = data + len,
		.tag_len = s->tag,
	};
	return SRTP_OK;
}

static void set_index(struct body *b, uint64_t index)
{
	b->index = index;
	put32(b->word, (uint32_t)(index >> SRTP_SEQ_BITS));
}

static enum srtp_error refusal(enum srtp_seen seen)
{
	switch (seen) {
	case SRTP_SEEN_ALREADY:
		return SRTP_SEEN;
	case SRTP_SEEN_TOO_OLD:
		return SRTP_TOO_OLD;
	case SRTP_SEEN_NOT:
		break;
	}
	return SRTP_OK;
}

// What we send has one index but once: a key stream that is used twice tells both texts.
enum srtp_error srtp_seal_rtp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len, size_t room)
{
	struct body b;
	enum srtp_error error = rtp_body(s, data, *len, &b);

	if (error != SRTP_OK)
		return error;
	if (*len + s->tag > room)
		return SRTP_NO_SPACE;

	const struct srtp_source *from = find(s, b.ssrc);
	const struct srtp_window *w = from != NULL ? &from->rtp : &nobody.rtp;
	set_index(&b, srtp_window_guess(w, get16(data + 2)));
	if (b.index > SRTP_INDEX_MAX)
		return SRTP_WORN;
	error = refusal(srtp_window_look(w, b.index));
	if (error != SRTP_OK)
		return error;
	if (!conceal(s, c, &b))
		return SRTP_BROKEN;
	srtp_window_enter(&touch(s, b.ssrc)->rtp, b.index);
	*len += s->tag;
	return SRTP_OK;
}

static enum srtp_error try_index(const struct srtp *s, const struct srtp_ciphers *c,
	const struct srtp_window *w, struct body *b, uint64_t index)
{
	set_index(b, index);
	if (index > SRTP_INDEX_MAX)
		return SRTP_WORN;

	enum srtp_error error = refusal(srtp_window_look(w, index));
	if (error != SRTP_OK)
		return error;
	return is_genuine(s, c, b) ? SRTP_OK : SRTP_FORGED;
}

enum srtp_error srtp_open_rtp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len)
{
	struct body b;

	if (*len < (size_t)RTP_HEAD + s->tag)
		return s->suite == DP_SUITE_NONE ? SRTP_NO_KEY : SRTP_SHORT;
	enum srtp_error error = rtp_body(s, data, *len - s->tag, &b);
	if (error != SRTP_OK)
		return error;

	const struct srtp_source *from = find(s, b.ssrc);
	const struct srtp_window *w = from != NULL ? &from->rtp : &nobody.rtp;
	uint16_t seq = get16(data + 2);
	uint64_t second = srtp_window_guess_again(w, seq);
	error = try_index(s, c, w, &b, srtp_window_guess(w, seq));
	if (error == SRTP_FORGED && second != b.index) {
		if (s->aead)
			(void)is_genuine(s, c, &b); // puts back what the first try garbled
		error = try_index(s, c, w, &b, second);
	}
	if (error != SRTP_OK)
		return error;
	srtp_window_enter(&touch(s, b.ssrc)->rtp, b.index);
	*len = b.len;
	return SRTP_OK;
}

// Where the word and the tag stand behind len bytes of RTCP (RFC 3711, 3.4; RFC 7714, 9.4).
static void rtcp_body(const struct srtp *s, uint8_t *data, size_t len, struct body *out)
{
	*out = (struct body){
		.keys = &s->rtcp,
		.ssrc = get32(data + 4),
		.data = data,
		.head = RTCP_HEAD,
		.len = len,
		.tag = data + len + (s->aead ? 0 : WORD),
		.tag_len = s->tag_rtcp,
		.rtcp = true,
	};
}

static uint8_t *word_at(const struct srtp *s, uint8_t *data, size_t len)
{
	return data + len + (s->aead ? s->tag_rtcp : 0);
}

enum srtp_error srtp_seal_rtcp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len, size_t room)
{
	size_t growth = (size_t)WORD + s->tag_rtcp;
	struct body b;

	if (s->suite == DP_SUITE_NONE)
		return SRTP_NO_KEY;
	if (*len < RTCP_HEAD)
		return SRTP_SHORT;
	if (data[0] >> 6 != VERSION)
		return SRTP_BAD;
	if (*len + growth > room)
		return SRTP_NO_SPACE;
	if (s->rtcp_next > RTCP_INDEX_MAX)
		return SRTP_WORN;

	rtcp_body(s, data, *len, &b);
	b.index = s->rtcp_next;
	put32(b.word, ENCRYPTED | s->rtcp_next);
	memcpy(word_at(s, data, *len), b.word, WORD);
	if (!conceal(s, c, &b))
		return SRTP_BROKEN;
	s->rtcp_next++;
	*len += growth;
	return SRTP_OK;
}

enum srtp_error srtp_open_rtcp(
	struct srtp *s, const struct srtp_ciphers *c, uint8_t *data, size_t *len)
{
	size_t growth = (size_t)WORD + s->tag_rtcp;
	struct body b;

	if (s->suite == DP_SUITE_NONE)
		return SRTP_NO_KEY;
	if (*len < RTCP_HEAD + growth)
		return SRTP_SHORT;
	if (data[0] >> 6 != VERSION)
		return SRTP_BAD;

	rtcp_body(s, data, *len - growth, &b);
	memcpy(b.word, word_at(s, data, b.len), WORD);
	uint32_t word = get32(b.word);
	b.index = word & RTCP_INDEX_MAX;
	if ((word & ENCRYPTED) == 0)
		b.head = b.len; // his choice, and the tag says that it is his

	const struct srtp_source *from = find(s, b.ssrc);
	enum srtp_error error =
		from != NULL ? refusal(srtp_window_look(&from->rtcp, b.index)) : SRTP_OK;
	if (error != SRTP_OK)
		return error;
	if (!is_genuine(s, c, &b))
		return SRTP_FORGED;
	srtp_window_enter(&touch(s, b.ssrc)->rtcp, b.index);
	*len = b.len;
	return SRTP_OK;
}
