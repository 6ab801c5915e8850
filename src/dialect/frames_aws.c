/*
 * frames_aws.c - the binary event stream of AWS, see frames_aws.h.
 *
 * A message says how long it is, so nothing is searched for. The first check
 * sum covers that length alone and is looked at as soon as it has come: a
 * broken length must not make anybody wait for gigabytes.
 */
#include "dialect/frames_aws.h"

#include "dialect/framing.h"

#define PRELUDE_BYTES 12
#define SUM_BYTES 4
#define LEAST_BYTES (PRELUDE_BYTES + SUM_BYTES)
#define HEADER_TEXT 7

static enum frames_state find_end(struct frames *frames, size_t *end);
static const uint8_t *gather_prelude(
	const struct frames *frames, uint8_t room[PRELUDE_BYTES]);
static bool check_prelude(struct frames *frames, const uint8_t *prelude);
static bool read_message(struct frames *frames, struct frame *out);

/* One header, its value as bytes. */
struct header {
	struct str name;
	uint8_t type;
	struct str value;
};

static struct str headers_of(struct str message);
static bool next_header(struct str *rest, struct header *out);
static bool value_bytes(struct str rest, uint8_t type, size_t *skip, size_t *n);

static void append_header(struct str name, struct str value, struct buf *out);
static void append_u32(uint32_t value, struct buf *out);
static uint32_t read_u32(const void *bytes);
static uint32_t crc32(struct str bytes);

const struct framing_row framing_aws = { find_end, read_message };

static enum frames_state find_end(struct frames *frames, size_t *end)
{
	size_t held = frames->held.n;
	uint8_t room[PRELUDE_BYTES];
	size_t total;

	*end = frames->input.n;
	if (held + frames->input.n < PRELUDE_BYTES)
		return FRAMES_MORE;
	if (frames->message_bytes == 0 &&
		!check_prelude(frames, gather_prelude(frames, room)))
		return FRAMES_FAILED;
	total = frames->message_bytes;
	/* More than is allowed: refused now, not when it has come. */
	if (total > frames->max_frame_bytes)
		*end = total - held;
	if (total - held > frames->input.n)
		return FRAMES_MORE;
	*end = total - held;
	frames->message_bytes = 0;
	return FRAMES_EVENT;
}

/* The first bytes of the message, which may lie in two places. */
static const uint8_t *gather_prelude(
	const struct frames *frames, uint8_t room[PRELUDE_BYTES])
{
	size_t held =
		frames->held.n < PRELUDE_BYTES ? frames->held.n : PRELUDE_BYTES;

	if (held == 0)
		return (const uint8_t *)frames->input.p;
	memcpy(room, frames->held.p, held);
	memcpy(room + held, frames->input.p, PRELUDE_BYTES - held);
	return room;
}

static bool check_prelude(struct frames *frames, const uint8_t *prelude)
{
	size_t total = read_u32(prelude);
	size_t headers = read_u32(prelude + 4);
	struct str lengths = { (const char *)prelude, 8 };

	if (crc32(lengths) != read_u32(prelude + 8))
		frames->garbage = "the first check sum of a message of the "
				  "stream is wrong";
	else if (total < LEAST_BYTES || headers > total - LEAST_BYTES)
		frames->garbage = "the lengths of a message of the stream "
				  "contradict each other";
	else
		frames->message_bytes = total;
	return !frames->garbage;
}

static bool read_message(struct frames *frames, struct frame *out)
{
	struct str raw = out->raw;
	struct str summed = str_head(raw, raw.n - SUM_BYTES);
	struct str headers, rest;
	struct header header;

	if (!out->is_whole)
		return true; /* nothing in it can be trusted */
	headers = headers_of(raw);
	rest = headers;
	while (rest.n > 0 && next_header(&rest, &header))
		;
	if (crc32(summed) != read_u32(raw.p + summed.n))
		frames->garbage =
			"the check sum of a message of the stream is wrong";
	else if (rest.n > 0)
		frames->garbage =
			"the headers of a message of the stream are broken";
	if (frames->garbage)
		return false;
	out->event = frames_aws_header(raw, S(":event-type"));
	if (!out->event.p)
		out->event = frames_aws_header(raw, S(":exception-type"));
	if (!out->event.p)
		out->event = frames_aws_header(raw, S(":error-code"));
	if (!out->event.p)
		out->event = S("");
	out->data = str_from(summed, PRELUDE_BYTES + headers.n);
	out->has_data = out->data.n > 0;
	return true;
}

struct str frames_aws_header(struct str message, struct str name)
{
	struct str rest = headers_of(message);
	struct header header;

	while (rest.n > 0 && next_header(&rest, &header))
		if (str_equal(header.name, name) && header.type == HEADER_TEXT)
			return header.value;
	return (struct str){ NULL, 0 };
}

/* Of a message whose prelude was checked; of a shorter text none. */
static struct str headers_of(struct str message)
{
	size_t n;

	if (message.n < LEAST_BYTES)
		return S("");
	n = read_u32(message.p + 4);
	return str_head(str_from(str_head(message, message.n - SUM_BYTES),
				PRELUDE_BYTES),
		n);
}

/* False, with `rest` as it was, when it does not begin with a header. */
static bool next_header(struct str *rest, struct header *out)
{
	struct str at = *rest;
	size_t name = (uint8_t)at.p[0];
	size_t skip, n;

	if (at.n < 1 + name + 1)
		return false;
	out->name = str_head(str_from(at, 1), name);
	out->type = (uint8_t)at.p[1 + name];
	at = str_from(at, 1 + name + 1);
	if (!value_bytes(at, out->type, &skip, &n) || at.n < skip + n)
		return false;
	out->value = str_head(str_from(at, skip), n);
	*rest = str_from(at, skip + n);
	return true;
}

/* Where a value begins and how long it is: types 6 and 7 (bytes and texts)
 * say it themselves. */
static bool value_bytes(struct str rest, uint8_t type, size_t *skip, size_t *n)
{
	/* true, false, 1, 2, 4 and 8 bytes, two with lengths, a time, a UUID */
	static const uint8_t sizes[] = { 0, 0, 1, 2, 4, 8, 0, 0, 8, 16 };
	bool has_length = type == 6 || type == HEADER_TEXT;

	if (type >= ARRAY_LEN(sizes) || (has_length && rest.n < 2))
		return false;
	*skip = has_length ? 2 : 0;
	*n = sizes[type];
	if (has_length)
		*n = (size_t)(uint8_t)rest.p[0] << 8 | (uint8_t)rest.p[1];
	return true;
}

void frames_aws_append(struct str message_type, struct str name,
	struct str payload, struct buf *out)
{
	bool is_event = str_equal(message_type, S("event"));
	struct buf headers = BUF_INIT(4 * UINT16_MAX);
	size_t begin = out->n;
	struct str made;

	append_header(is_event ? S(":event-type") : S(":exception-type"), name,
		&headers);
	append_header(S(":content-type"), S("application/json"), &headers);
	append_header(S(":message-type"), message_type, &headers);
	assert(payload.n < UINT32_MAX - LEAST_BYTES - headers.n);
	append_u32((uint32_t)(LEAST_BYTES + headers.n + payload.n), out);
	append_u32((uint32_t)headers.n, out);
	made = str_from(buf_str(out), begin);
	append_u32(crc32(made), out);
	buf_append(out, buf_str(&headers));
	buf_append(out, payload);
	made = str_from(buf_str(out), begin);
	append_u32(crc32(made), out);
	buf_release(&headers);
}

static void append_header(struct str name, struct str value, struct buf *out)
{
	assert(name.n <= UINT8_MAX && value.n <= UINT16_MAX);
	buf_append_char(out, (char)name.n);
	buf_append(out, name);
	buf_append_char(out, HEADER_TEXT);
	buf_append_char(out, (char)(value.n >> 8));
	buf_append_char(out, (char)(value.n & 255));
	buf_append(out, value);
}

static void append_u32(uint32_t value, struct buf *out)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_append_char(out, (char)(value >> shift & 255));
}

static uint32_t read_u32(const void *bytes)
{
	const uint8_t *p = bytes;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

/* CRC-32 as in zip, four bits at a time. This floor has none to borrow, and
 * such streams are a few kilobytes a second. */
static uint32_t crc32(struct str bytes)
{
	static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8,
		0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
		0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
	uint32_t sum = UINT32_MAX;

	for (size_t i = 0; i < bytes.n; i++) {
		sum ^= (uint8_t)bytes.p[i];
		sum = sum >> 4 ^ table[sum & 15];
		sum = sum >> 4 ^ table[sum & 15];
	}
	return ~sum;
}
