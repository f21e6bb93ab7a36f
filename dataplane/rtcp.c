// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/rtcp.h"

#include <assert.h>
#include <string.h>

enum {
	VERSION = 2,
	HEADER = 4,
	SR_LEN = 28, // with its header, without blocks
	RR_LEN = 8,
	BLOCK_LEN = 24,
	APP_LEN = 12,
	CNAME = 1, // SDES item
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

// One packet of a compound: header included, padding not.
struct part {
	const uint8_t *data;
	size_t len;
	uint8_t type;
	uint8_t count;
};

static void read_block(struct rtcp_block *out, const uint8_t *p)
{
	uint32_t lost = get32(p + 4) & 0xffffff;

	*out = (struct rtcp_block){
		.ssrc = get32(p),
		.fraction = p[4],
		.lost = (int32_t)(lost & 0x800000 ? lost | 0xff000000 : lost),
		.highest = get32(p + 8),
		.jitter = get32(p + 12),
		.lsr = get32(p + 16),
		.dlsr = get32(p + 20),
	};
}

// SR and RR differ by what comes before the blocks.
static enum rtcp_error read_report(struct rtcp *out, const struct part *part, uint32_t us)
{
	size_t before = part->type == RTCP_SR ? SR_LEN : RR_LEN;

	if (part->len < before + (size_t)part->count * BLOCK_LEN)
		return RTCP_BAD_LENGTH;
	out->ssrc = get32(part->data + 4);
	if (part->type == RTCP_SR) {
		out->sent = true;
		out->sender.ntp = (uint64_t)get32(part->data + 8) << 32 | get32(part->data + 12);
		out->sender.ts = get32(part->data + 16);
		out->sender.packets = get32(part->data + 20);
		out->sender.octets = get32(part->data + 24);
	}
	for (unsigned i = 0; i < part->count; i++) {
		const uint8_t *block = part->data + before + (size_t)i * BLOCK_LEN;

		if (get32(block) == us)
			read_block(&out->about, block);
	}
	out->blocks += part->count;
	return RTCP_OK;
}

// Steps over one chunk: a source and its items up to a zero byte, in whole words. Returns where
// the next one begins, or 0.
static size_t skip_chunk(const struct part *part, size_t at)
{
	at += 4;
	while (at < part->len && part->data[at] != 0) {
		if (at + 2 > part->len)
			return 0;
		at += 2U + part->data[at + 1];
	}
	return at < part->len ? (at + 4) & ~(size_t)3 : 0;
}

static enum rtcp_error read_sdes(const struct part *part)
{
	size_t at = HEADER;

	for (unsigned i = 0; i < part->count; i++) {
		at = skip_chunk(part, at);
		if (at == 0)
			return RTCP_BAD_ITEM;
	}
	return RTCP_OK;
}

static enum rtcp_error read_bye(struct rtcp *out, const struct part *part)
{
	size_t sources = HEADER + 4U * part->count;

	if (part->len < sources)
		return RTCP_BAD_LENGTH;
	if (part->len > sources && sources + 1U + part->data[sources] > part->len)
		return RTCP_BAD_ITEM;
	out->bye = true;
	return RTCP_OK;
}

static enum rtcp_error read_part(struct rtcp *out, const struct part *part, uint32_t us)
{
	switch (part->type) {
	case RTCP_SR:
	case RTCP_RR:
		return read_report(out, part, us);
	case RTCP_SDES:
		return read_sdes(part);
	case RTCP_BYE:
		return read_bye(out, part);
	case RTCP_APP:
		return part->len < APP_LEN ? RTCP_BAD_LENGTH : RTCP_OK;
	default: // feedback, extended reports and what may come: a length is all we know
		return RTCP_OK;
	}
}

// The packet at the start of data. *step is its length with padding.
static enum rtcp_error cut(struct part *out, size_t *step, const uint8_t *data, size_t len)
{
	if (data[0] >> 6 != VERSION)
		return RTCP_BAD_VERSION;
	if (!rtcp_is(data, len))
		return RTCP_BAD_TYPE;

	size_t size = HEADER * ((size_t)(data[2] << 8 | data[3]) + 1);
	if (size > len)
		return RTCP_BAD_LENGTH;
	*step = size;
	*out = (struct part){ .data = data, .len = size, .type = data[1], .count = data[0] & 0x1f };
	if ((data[0] & 0x20) == 0)
		return RTCP_OK;

	size_t padding = data[size - 1];
	if (size != len || padding == 0 || padding % 4 != 0 || padding > size - HEADER)
		return RTCP_BAD_PADDING;
	out->len -= padding;
	return RTCP_OK;
}

enum rtcp_error rtcp_read(struct rtcp *out, const uint8_t *data, size_t len, uint32_t us)
{
	struct rtcp found = { 0 };

	if (len < HEADER || len % 4 != 0)
		return RTCP_SHORT;
	for (size_t at = 0, step; at < len; at += step) {
		struct part part;
		enum rtcp_error error = cut(&part, &step, data + at, len - at);

		if (error != RTCP_OK)
			return error;
		if (at == 0 && part.type != RTCP_SR && part.type != RTCP_RR)
			return RTCP_BAD_FIRST;
		error = read_part(&found, &part, us);
		if (error != RTCP_OK)
			return error;
	}
	*out = found;
	return RTCP_OK;
}

static uint8_t *put_header(uint8_t *p, unsigned count, uint8_t type, size_t len)
{
	assert(len % 4 == 0);
	p[0] = (uint8_t)(VERSION << 6 | count);
	p[1] = type;
	p[2] = (uint8_t)((len / 4 - 1) >> 8);
	p[3] = (uint8_t)(len / 4 - 1);
	return p + HEADER;
}

static uint8_t *put_block(uint8_t *p, const struct rtcp_block *block)
{
	p = put32(p, block->ssrc);
	p = put32(p, (uint32_t)block->fraction << 24 | ((uint32_t)block->lost & 0xffffff));
	p = put32(p, block->highest);
	p = put32(p, block->jitter);
	p = put32(p, block->lsr);
	return put32(p, block->dlsr);
}

static uint8_t *put_cname(uint8_t *p, uint32_t ssrc, const char *cname)
{
	size_t name = strlen(cname);
	size_t len = (HEADER + 4 + 2 + name + 4) & ~(size_t)3; // at least one zero ends the items
	uint8_t *end = p + len;

	assert(name <= RTCP_CNAME_MAX);
	p = put_header(p, 1, RTCP_SDES, len);
	p = put32(p, ssrc);
	*p++ = CNAME;
	*p++ = (uint8_t)name;
	memset(p, 0, (size_t)(end - p));
	for (size_t i = 0; i < name; i++)
		p[i] = (uint8_t)cname[i];
	return end;
}

size_t rtcp_write(uint8_t *buf, uint32_t ssrc, const struct rtcp_sender *sender,
	const struct rtcp_block *block, const char *cname)
{
	unsigned count = block != NULL ? 1 : 0;
	size_t len = (sender != NULL ? SR_LEN : RR_LEN) + count * (size_t)BLOCK_LEN;
	uint8_t *p = put_header(buf, count, sender != NULL ? RTCP_SR : RTCP_RR, len);

	p = put32(p, ssrc);
	if (sender != NULL) {
		p = put32(p, (uint32_t)(sender->ntp >> 32));
		p = put32(p, (uint32_t)sender->ntp);
		p = put32(p, sender->ts);
		p = put32(p, sender->packets);
		p = put32(p, sender->octets);
	}
	if (block != NULL)
		p = put_block(p, block);
	return (size_t)(put_cname(p, ssrc, cname) - buf);
}

size_t rtcp_write_bye(uint8_t *buf, uint32_t ssrc)
{
	put32(put_header(buf, 1, RTCP_BYE, RTCP_BYE_LEN), ssrc);
	return RTCP_BYE_LEN;
}
