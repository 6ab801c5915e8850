/*
 * framing.c - how the frames of a stream are told apart.
 */
#include "framing.h"

#include "crypto/digest.h"

/* A message of an event stream: total length, length of the headers and the
 * checksum of these two, then headers, payload and the checksum of it all.
 * https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html */
#define PRELUDE_BYTES 12
#define HEADER_STRING 7

static void begin_message(struct framing *framing, struct str name,
	struct str value, struct str type, struct buf *out);
static void end_message(struct framing *framing, struct buf *out);
static void append_header(struct str name, struct str value, struct buf *out);
static void append_uint32(uint32_t value, struct buf *out);
static void store_uint32(uint32_t value, char *p);

void framing_init(struct framing *framing, enum framing_kind kind, bool crlf,
	bool comment)
{
	*framing = (struct framing){
		.kind = kind,
		.crlf = crlf,
		.comment = comment,
	};
}

void framing_begin(struct framing *framing, struct str event, struct buf *out)
{
	switch (framing->kind) {
	case FRAMING_SSE:
		if (framing->comment) {
			buf_append(out, S(": the simulator is thinking"));
			framing_end(framing, out);
		}
		if (event.n > 0) {
			buf_append(out, S("event: "));
			buf_append(out, event);
			buf_append(out, framing->crlf ? S("\r\n") : S("\n"));
		}
		buf_append(out, S("data: "));
		break;
	case FRAMING_LINES: break;
	case FRAMING_ARRAY:
		/* Google's commas stand on a line of their own. */
		buf_append(out, framing->began ? S(",\r\n") : S("["));
		framing->began = true;
		break;
	case FRAMING_EVENTS:
		begin_message(
			framing, S(":event-type"), event, S("event"), out);
		break;
	}
}

void framing_begin_exception(
	struct framing *framing, struct str exception, struct buf *out)
{
	assert(framing->kind == FRAMING_EVENTS);
	begin_message(
		framing, S(":exception-type"), exception, S("exception"), out);
}

void framing_end(struct framing *framing, struct buf *out)
{
	switch (framing->kind) {
	case FRAMING_SSE:
		buf_append(out, framing->crlf ? S("\r\n\r\n") : S("\n\n"));
		break;
	case FRAMING_LINES:
	case FRAMING_ARRAY: buf_append_char(out, '\n'); break;
	case FRAMING_EVENTS: end_message(framing, out); break;
	}
}

void framing_finish(const struct framing *framing, struct buf *out)
{
	if (framing->kind == FRAMING_ARRAY)
		buf_append(out, framing->began ? S("]\n") : S("[]\n"));
}

static void begin_message(struct framing *framing, struct str name,
	struct str value, struct str type, struct buf *out)
{
	framing->start = out->n;
	/* The lengths are known at the end. */
	for (int i = 0; i < PRELUDE_BYTES / 4; i++)
		append_uint32(0, out);
	append_header(name, value, out);
	append_header(S(":content-type"), S("application/json"), out);
	append_header(S(":message-type"), type, out);
	framing->header = out->n - framing->start - PRELUDE_BYTES;
}

static void end_message(struct framing *framing, struct buf *out)
{
	char *start = out->p + framing->start;
	size_t n = out->n - framing->start;

	if (out->failed)
		return;
	store_uint32((uint32_t)(n + 4), start);
	store_uint32((uint32_t)framing->header, start + 4);
	store_uint32(digest_crc32((struct str){ start, 8 }), start + 8);
	append_uint32(digest_crc32((struct str){ start, n }), out);
}

static void append_header(struct str name, struct str value, struct buf *out)
{
	buf_append_char(out, (char)name.n);
	buf_append(out, name);
	buf_append_char(out, HEADER_STRING);
	buf_append_char(out, (char)(value.n >> 8));
	buf_append_char(out, (char)(value.n & 0xff));
	buf_append(out, value);
}

static void append_uint32(uint32_t value, struct buf *out)
{
	char bytes[4];

	store_uint32(value, bytes);
	buf_append(out, (struct str){ bytes, sizeof(bytes) });
}

/* The most significant byte first. */
static void store_uint32(uint32_t value, char *p)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(value >> (24 - 8 * i) & 0xff);
}
