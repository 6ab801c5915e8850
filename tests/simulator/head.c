/*
 * head.c - the head of an answer, line by line.
 */
#include "head.h"

static const char *const stream_types[] = {
	[FRAMING_SSE] = "text/event-stream; charset=utf-8",
	[FRAMING_LINES] = "application/x-ndjson",
	[FRAMING_ARRAY] = "application/json; charset=UTF-8",
	[FRAMING_EVENTS] = "application/vnd.amazon.eventstream",
};

void head_begin(const struct answer *answer, int status, struct buf *out)
{
	const struct behaviour *behaviour = &answer->behaviour;

	http_append_status(out, status);
	answer->dialect->write_head(
		&(struct head_facts){
			.id = answer->id,
			.status = status,
			.delay_ms = behaviour->delay_ms,
			.refusal = answer->refusal,
		},
		out);
	if (behaviour->retry_after) {
		buf_append(out, S("Retry-After: "));
		buf_append_int(out, behaviour->retry_after);
		buf_append(out, S("\r\n"));
	}
}

void head_append_type(struct str type, struct buf *out)
{
	buf_append(out, S("Content-Type: "));
	buf_append(out, type);
	buf_append(out, S("\r\n"));
}

void head_append_stream_type(enum framing_kind framing, struct buf *out)
{
	head_append_type(str_of(stream_types[framing]), out);
	if (framing == FRAMING_SSE)
		buf_append(out, S("Cache-Control: no-cache\r\n"));
}

void head_append_length(size_t body_bytes, struct buf *out)
{
	buf_append(out, S("Content-Length: "));
	buf_append_int(out, (int64_t)body_bytes);
	buf_append(out, S("\r\n"));
}

void head_end(struct answer *answer, struct buf *out)
{
	buf_append(out, answer->keep_alive ? S("\r\n")
					   : S("Connection: close\r\n\r\n"));
	answer->head_bytes = out->n;
}
