/*
 * reply.c - one state for each part of an answer. A step eats some of the
 * bytes, at least one, so the loop around it ends.
 */
#include "reply.h"

#define MAX_HEAD_BYTES (64 * 1024)
#define MAX_LINE_BYTES 1024

static size_t read_head(struct reply *reply, struct str bytes);
static void parse_head(struct reply *reply);
static void parse_header(struct reply *reply, struct str line);
static size_t read_line(struct reply *reply, struct str bytes);
static void end_line(struct reply *reply);
static bool parse_size(struct str line, uint64_t *size);
static size_t read_body(struct reply *reply, struct str bytes);
static void count_events(struct reply *reply, struct str bytes);
static void count_line(struct reply *reply);

void reply_init(struct reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	buf_init(&reply->head, MAX_HEAD_BYTES);
}

void reply_release(struct reply *reply)
{
	buf_release(&reply->head);
}

void reply_read(struct reply *reply, struct str bytes)
{
	while (bytes.n > 0 && reply->state < REPLY_END) {
		size_t eaten;

		switch (reply->state) {
		case REPLY_HEAD: eaten = read_head(reply, bytes); break;
		case REPLY_SIZE:
		case REPLY_GAP:
		case REPLY_TRAILER: eaten = read_line(reply, bytes); break;
		default: eaten = read_body(reply, bytes); break;
		}
		bytes = str_from(bytes, eaten);
	}
}

bool reply_close(struct reply *reply)
{
	if (reply->state == REPLY_UNTIL_CLOSE)
		reply->state = REPLY_END;
	reply->closes = true;
	return reply->state == REPLY_END;
}

static size_t read_head(struct reply *reply, struct str bytes)
{
	size_t before = reply->head.n;
	size_t end;

	buf_append(&reply->head, bytes);
	if (reply->head.failed) {
		reply->state = REPLY_BROKEN;
		return bytes.n;
	}
	end = str_find(buf_str(&reply->head), S("\r\n\r\n"));
	if (end == reply->head.n)
		return bytes.n;
	reply->head.n = end;
	parse_head(reply);
	buf_clear(&reply->head);
	return end + 4 - before;
}

static void parse_head(struct reply *reply)
{
	struct str rest = buf_str(&reply->head);
	struct str line;
	int64_t status;

	reply->state = REPLY_BROKEN;
	if (!str_next_field(&rest, '\n', &line) ||
		!str_starts(line, S("HTTP/1.1 ")) ||
		!str_to_int64_in(
			str_head(str_from(line, 9), 3), 100, 599, &status))
		return;
	reply->status = (int)status;
	reply->state = REPLY_UNTIL_CLOSE;
	while (str_next_field(&rest, '\n', &line))
		parse_header(reply, line);
}

static void parse_header(struct reply *reply, struct str line)
{
	size_t colon = str_index(line, ':');
	struct str name = str_head(line, colon);
	struct str value = str_trim(str_from(line, colon + 1));
	int64_t length;

	if (str_equal_nocase(name, S("transfer-encoding"))) {
		reply->state = str_equal_nocase(value, S("chunked"))
				       ? REPLY_SIZE
				       : REPLY_BROKEN;
	} else if (str_equal_nocase(name, S("content-length"))) {
		reply->state = REPLY_BROKEN;
		if (!str_to_int64_in(value, 0, INT64_MAX, &length))
			return;
		reply->left = (uint64_t)length;
		reply->state = length > 0 ? REPLY_COUNTED : REPLY_END;
	} else if (str_equal_nocase(name, S("connection"))) {
		reply->closes = str_equal_nocase(value, S("close"));
	}
}

/* A line of the framing, gathered in `head`. */
static size_t read_line(struct reply *reply, struct str bytes)
{
	size_t end = str_index(bytes, '\n');
	bool is_whole = end < bytes.n;

	buf_append(&reply->head, str_head(bytes, end));
	if (reply->head.failed || reply->head.n > MAX_LINE_BYTES) {
		reply->state = REPLY_BROKEN;
		return bytes.n;
	}
	if (!is_whole)
		return bytes.n;
	end_line(reply);
	buf_clear(&reply->head);
	return end + 1;
}

static void end_line(struct reply *reply)
{
	struct str line = str_trim(buf_str(&reply->head));

	if (reply->state == REPLY_GAP)
		reply->state = line.n > 0 ? REPLY_BROKEN : REPLY_SIZE;
	else if (reply->state == REPLY_TRAILER)
		reply->state = line.n > 0 ? REPLY_TRAILER : REPLY_END;
	else if (!parse_size(line, &reply->left))
		reply->state = REPLY_BROKEN;
	else
		reply->state = reply->left > 0 ? REPLY_CHUNK : REPLY_TRAILER;
}

/* Hexadecimal digits; what follows a semicolon is an extension. */
static bool parse_size(struct str line, uint64_t *size)
{
	struct str digits = str_head(line, str_index(line, ';'));

	if (digits.n == 0 || digits.n > 15)
		return false;
	*size = 0;
	for (size_t i = 0; i < digits.n; i++) {
		int c = tolower((unsigned char)digits.p[i]);

		if (!isxdigit(c))
			return false;
		*size = *size * 16 +
			(uint64_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return true;
}

static size_t read_body(struct reply *reply, struct str bytes)
{
	if (reply->state == REPLY_UNTIL_CLOSE) {
		count_events(reply, bytes);
		return bytes.n;
	}
	if (bytes.n > reply->left)
		bytes.n = (size_t)reply->left;
	count_events(reply, bytes);
	reply->left -= bytes.n;
	if (reply->left == 0)
		reply->state =
			reply->state == REPLY_CHUNK ? REPLY_GAP : REPLY_END;
	return bytes.n;
}

static void count_events(struct reply *reply, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '\n') {
			count_line(reply);
			reply->line_bytes = 0;
			continue;
		}
		if (reply->line_bytes < REPLY_LINE_BYTES)
			reply->line[reply->line_bytes] = bytes.p[i];
		reply->line_bytes++;
	}
}

static void count_line(struct reply *reply)
{
	struct str line = { reply->line, reply->line_bytes };

	line = str_trim(str_head(line, REPLY_LINE_BYTES));
	if (!str_starts(line, S("data:")))
		return;
	reply->events++;
	if (str_equal(str_trim(str_from(line, 5)), S("[DONE]")))
		reply->is_done = true;
}
