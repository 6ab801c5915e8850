/*
 * limit_record.c - see limit_record.h.
 */
#include "hot/limit_record.h"

/* One that met something wrong gives 0 from then on. */
struct decoder {
	struct str rest;
	bool failed;
};

static char *put_number(char *out, int64_t value);
static char *put_text(char *out, struct str text);
static char *put_window(char *out, const struct window *window);
static char *put_held(char *out, const struct held *held, int64_t reserved_ms);
static int64_t get_number(struct decoder *decoder);
static int64_t get_long_number(struct decoder *decoder);
static int64_t get_number_in(struct decoder *decoder, int64_t min, int64_t max);
static int64_t get_time(struct decoder *decoder, int64_t before_ms);
static struct str get_text(struct decoder *decoder, size_t max_bytes);
static void get_window(struct decoder *decoder, struct window *window);
static void get_held(
	struct decoder *decoder, int64_t reserved_ms, struct held *held);

struct str counter_write(
	const struct counter *counter, char out[COUNTER_MAX_BYTES])
{
	char *end = put_number(out, counter->kind);

	end = put_number(end, counter->generation);
	switch (counter->kind) {
	case LIMIT_RATE: end = put_window(end, &counter->window); break;
	case LIMIT_CONCURRENT: end = put_number(end, counter->used); break;
	case LIMIT_AMOUNT:
		end = put_number(end, counter->used);
		end = put_number(end, counter->granted);
		end = put_number(end, counter->ends_ms);
		end = put_number(end, counter->touched_ms);
		break;
	}
	return (struct str){ out, (size_t)(end - out) };
}

bool counter_read(struct str bytes, struct counter *out)
{
	struct decoder decoder = { .rest = bytes };

	out->kind = (enum limit_kind)get_number_in(&decoder, 0, LIMIT_AMOUNT);
	out->generation = get_number(&decoder);
	out->used = 0;
	switch (out->kind) {
	case LIMIT_RATE: get_window(&decoder, &out->window); break;
	case LIMIT_CONCURRENT:
		out->used = get_number_in(&decoder, 0, INT64_MAX);
		break;
	case LIMIT_AMOUNT:
		out->used = get_number_in(&decoder, -1, INT64_MAX);
		out->granted = get_number_in(&decoder, -1, INT64_MAX);
		out->ends_ms = get_number(&decoder);
		out->touched_ms = get_number(&decoder);
		break;
	}
	return !decoder.failed && decoder.rest.n == 0;
}

struct str reservation_write(
	const struct reservation *reservation, char out[RESERVATION_MAX_BYTES])
{
	char *end = out;

	memcpy(end, &reservation->process, sizeof(reservation->process));
	end += sizeof(reservation->process);
	end = put_number(end, reservation->reserved_unix_ms);
	end = put_text(end, reservation->note);
	end = put_number(end, (int64_t)reservation->count);
	for (size_t i = 0; i < reservation->count; i++)
		end = put_held(end, &reservation->held[i],
			reservation->reserved_unix_ms);
	assert(end - out <= RESERVATION_MAX_BYTES);
	return (struct str){ out, (size_t)(end - out) };
}

bool reservation_read(struct str bytes, struct reservation *out)
{
	struct decoder decoder;

	if (bytes.n < sizeof(out->process))
		return false;
	memcpy(&out->process, bytes.p, sizeof(out->process));
	decoder = (struct decoder){ .rest = str_from(
					    bytes, sizeof(out->process)) };
	out->reserved_unix_ms = get_number(&decoder);
	out->note = get_text(&decoder, LIMIT_NOTE_MAX_BYTES);
	out->count = (size_t)get_number_in(&decoder, 0, LIMITS_MAX);
	for (size_t i = 0; i < out->count; i++)
		get_held(&decoder, out->reserved_unix_ms, &out->held[i]);
	return !decoder.failed && decoder.rest.n == 0;
}

/* The sign goes to the lowest bit, so that -1 is as short as 1. */
static char *put_number(char *out, int64_t value)
{
	uint64_t bits = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);

	while (bits >= 0x80) {
		*out++ = (char)(bits | 0x80);
		bits >>= 7;
	}
	*out++ = (char)bits;
	return out;
}

static char *put_text(char *out, struct str text)
{
	out = put_number(out, (int64_t)text.n);
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	return out + text.n;
}

static char *put_window(char *out, const struct window *window)
{
	int64_t before_ms = 0;

	out = put_number(out, window->window_ms);
	out = put_number(out, (int64_t)window->count);
	for (size_t i = 0; i < window->count; i++) {
		const struct window_entry *entry = &window->entries[i];

		out = put_number(out, entry->time_ms - before_ms);
		out = put_number(out, entry->amount);
		before_ms = entry->time_ms;
	}
	return out;
}

static char *put_held(char *out, const struct held *held, int64_t reserved_ms)
{
	out = put_number(out, held->kind);
	out = put_number(out, held->unit);
	out = put_text(out, held->name);
	out = put_number(out, held->generation);
	out = put_number(out, held->amount);
	if (held->kind == LIMIT_RATE)
		out = put_number(out, held->taken_ms - reserved_ms);
	return out;
}

/* Most of the time of a reservation is spent here, and most numbers are
 * distances in time and small amounts. */
static inline int64_t get_number(struct decoder *decoder)
{
	const unsigned char *p = (const unsigned char *)decoder->rest.p;

	if (decoder->rest.n > 0 && p[0] < 0x80) {
		decoder->rest.p++;
		decoder->rest.n--;
		return (int64_t)(p[0] >> 1) ^ -(int64_t)(p[0] & 1);
	}
	return get_long_number(decoder);
}

static int64_t get_long_number(struct decoder *decoder)
{
	const unsigned char *p = (const unsigned char *)decoder->rest.p;
	size_t most = decoder->rest.n < NUMBER_MAX_BYTES ? decoder->rest.n
							 : NUMBER_MAX_BYTES;
	uint64_t bits = 0;

	for (size_t n = 0; n < most; n++) {
		bits |= (uint64_t)(p[n] & 0x7f) << (7 * n);
		if (p[n] < 0x80) {
			decoder->rest.p += n + 1;
			decoder->rest.n -= n + 1;
			return (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
		}
	}
	decoder->failed = true;
	decoder->rest.n = 0;
	return 0;
}

static int64_t get_number_in(struct decoder *decoder, int64_t min, int64_t max)
{
	int64_t value = get_number(decoder);

	if (value >= min && value <= max)
		return value;
	decoder->failed = true;
	return 0;
}

/* A distance, after that time. */
static int64_t get_time(struct decoder *decoder, int64_t before_ms)
{
	int64_t time_ms;

	decoder->failed |= __builtin_add_overflow(
		before_ms, get_number(decoder), &time_ms);
	return time_ms;
}

static struct str get_text(struct decoder *decoder, size_t max_bytes)
{
	size_t n = (size_t)get_number_in(decoder, 0, (int64_t)max_bytes);
	struct str text = str_head(decoder->rest, n);

	decoder->failed |= text.n < n;
	decoder->rest = str_from(decoder->rest, n);
	return text;
}

static void get_window(struct decoder *decoder, struct window *window)
{
	int64_t before_ms = 0;
	size_t count;

	window->window_ms = get_number_in(decoder, 1, INT64_MAX);
	window->used = 0;
	window->count = 0;
	count = (size_t)get_number_in(decoder, 0, WINDOW_ENTRIES);
	for (size_t i = 0; i < count && !decoder->failed; i++) {
		struct window_entry *entry = &window->entries[i];

		entry->time_ms = get_time(decoder, before_ms);
		entry->amount =
			get_number_in(decoder, 1, INT64_MAX - window->used);
		before_ms = entry->time_ms;
		window->used += entry->amount;
		window->count++;
	}
}

static void get_held(
	struct decoder *decoder, int64_t reserved_ms, struct held *held)
{
	held->kind = (enum limit_kind)get_number_in(decoder, 0, LIMIT_AMOUNT);
	held->unit = (enum limit_unit)get_number_in(decoder, 0, LIMIT_PICOUSD);
	held->name = get_text(decoder, LIMIT_NAME_MAX_BYTES);
	held->generation = get_number(decoder);
	held->amount = get_number_in(decoder, 0, INT64_MAX);
	held->taken_ms = 0;
	if (held->kind == LIMIT_RATE)
		held->taken_ms = get_time(decoder, reserved_ms);
}
