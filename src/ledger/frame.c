/*
 * frame.c - framing and finding records. The one hard thing: a frame that
 * runs past the end is either still being written or was torn: by a full
 * disk, or by a kill, which may end a write(2) between two pages. A whole
 * frame after it proves that it was torn.
 */
#include "ledger/frame.h"

#include <endian.h>

#include "crypto/digest.h"

struct header {
	char magic[4];
	uint32_t payload_bytes;
	uint32_t payload_crc;
	uint32_t header_crc;
};

_Static_assert(sizeof(struct header) == FRAME_HEADER_BYTES, "no padding");

static const struct str magic = STR("\xffgw1");

static uint32_t header_crc(const struct header *header);
static enum frame_state look_at(struct str bytes, struct frame_found *found);

void frame_begin(struct buf *frame)
{
	assert(frame->n == 0);
	if (buf_reserve(frame, FRAME_HEADER_BYTES))
		buf_advance(frame, FRAME_HEADER_BYTES);
}

void frame_seal(struct buf *frame)
{
	struct str payload = str_from(buf_str(frame), FRAME_HEADER_BYTES);
	struct header header = {
		.payload_bytes = htole32((uint32_t)payload.n),
		.payload_crc = htole32(digest_crc32(payload)),
	};

	if (frame->failed)
		return;
	assert(payload.n > 0 && payload.n <= FRAME_MAX_PAYLOAD_BYTES);
	memcpy(header.magic, magic.p, magic.n);
	header.header_crc = htole32(header_crc(&header));
	memcpy(frame->p, &header, sizeof(header));
}

struct frame_found frame_find(struct str bytes)
{
	struct frame_found none = {
		.state = FRAME_NONE, .start = bytes.n, .end = bytes.n
	};

	for (size_t at = 0; at < bytes.n; at++) {
		struct frame_found found;

		at += str_index(str_from(bytes, at), magic.p[0]);
		if (look_at(str_from(bytes, at), &found) == FRAME_WHOLE) {
			found.start = at;
			found.end += at;
			return found;
		}
		if (found.state == FRAME_PARTIAL && none.state == FRAME_NONE) {
			none.state = FRAME_PARTIAL;
			none.start = at;
		}
	}
	return none;
}

static uint32_t header_crc(const struct header *header)
{
	return digest_crc32((struct str){
		(const char *)header, offsetof(struct header, header_crc) });
}

/* What begins at the first of these bytes. */
static enum frame_state look_at(struct str bytes, struct frame_found *found)
{
	struct header header;
	struct str payload = str_from(bytes, sizeof(header));
	size_t n;

	found->state = FRAME_NONE;
	if (bytes.n == 0 ||
		!str_equal(str_head(bytes, magic.n), str_head(magic, bytes.n)))
		return found->state;
	found->state = FRAME_PARTIAL;
	if (bytes.n < sizeof(header))
		return found->state;
	memcpy(&header, bytes.p, sizeof(header));
	n = le32toh(header.payload_bytes);
	if (le32toh(header.header_crc) != header_crc(&header) || n == 0 ||
		n > FRAME_MAX_PAYLOAD_BYTES)
		return found->state = FRAME_NONE;
	if (payload.n < n)
		return found->state;
	found->payload = str_head(payload, n);
	found->end = sizeof(header) + n;
	found->state =
		le32toh(header.payload_crc) == digest_crc32(found->payload)
			? FRAME_WHOLE
			: FRAME_NONE;
	return found->state;
}
