/*
 * own.c - writes our own form of a catalogue, and guesses at quality.
 */
#include "catalog/own.h"

#include "base/clock.h"
#include "base/money.h"

#define ABOUT                                                                 \
	"Made by 'llm-gateway models merge'. Prices are US dollars for a "    \
	"million tokens. A quality of source 'price prior' is a guess from "  \
	"the price alone: 40 + 10 * log2(4 * P), P being the price of a mix " \
	"of three tokens of prompt and one of answer, and at least 5, at "    \
	"most 95. What is not known is left out."
#define PRIOR_LEAST 5
#define PRIOR_MOST 95
#define TOKENS_PER_MILLION 1000000
#define DATE_BYTES 10
#define LOG_BITS 16

#define PART(name, field, per_token)                           \
	{                                                      \
		name, offsetof(struct price, field), per_token \
	}

const struct own_price_part own_price_parts[] = {
	PART("input", input_picousd, true),
	PART("output", output_picousd, true),
	PART("cached", cached_picousd, true),
	PART("cache_write", cache_write_picousd, true),
	PART("cache_write_1h", cache_write_1h_picousd, true),
	PART("reasoning", reasoning_picousd, true),
	PART("audio_input", audio_input_picousd, true),
	PART("audio_output", audio_output_picousd, true),
	PART("image_input", image_input_picousd, false),
	PART("image_output", image_output_picousd, false),
	PART("request", request_picousd, false),
};
const size_t own_price_part_count = ARRAY_LEN(own_price_parts);

static void write_model(
	const struct catalog_entry *entry, struct json_writer *w);
static void write_count(struct json_writer *w, const char *name, int64_t count);
static void write_flags(struct json_writer *w, const char *name,
	const struct flag_name *table, unsigned flags);
static void write_deprecation(
	const struct catalog_entry *entry, struct json_writer *w);
static void write_price(const struct price *price, struct json_writer *w);
static int64_t log2_fixed(int64_t value);
static int64_t rounded(int64_t fixed);

int64_t *own_price_part(struct price *price, const struct own_price_part *part)
{
	return (int64_t *)(void *)((char *)price + part->offset);
}

/* 4 * P is (3 * input + output) in dollars for a million. */
int64_t price_prior(const struct catalog_entry *entry)
{
	const struct price *price =
		catalog_entry_price(entry, PRICE_ORDINARY, 0);
	int64_t mix, prior;

	if (!price || !entry->kind_known || entry->kind != MODEL_CHAT ||
		(entry->output_modalities & ~(unsigned)MODALITY_TEXT))
		return -1;
	mix = 3 * price->input_picousd + price->output_picousd;
	if (mix <= 0)
		return -1; /* free for other reasons than its quality */
	prior = 40 + rounded(10 * (log2_fixed(mix) - log2_fixed(1000000)));
	if (prior < PRIOR_LEAST)
		return PRIOR_LEAST;
	return prior < PRIOR_MOST ? prior : PRIOR_MOST;
}

/* In units of 2^-LOG_BITS. Without a float: each squaring of a number from 1 to
 * 2 doubles its logarithm, and its overflow is the next binary digit of it. */
static int64_t log2_fixed(int64_t value)
{
	const unsigned one = 30;
	uint64_t rest = (uint64_t)value;
	int64_t log = one;

	for (; rest >> (one + 1); log++)
		rest >>= 1;
	for (; !(rest >> one); log--)
		rest <<= 1;
	for (unsigned i = 0; i < LOG_BITS; i++) {
		rest = (rest * rest) >> one;
		log *= 2;
		if (rest >> (one + 1)) {
			rest >>= 1;
			log++;
		}
	}
	return log;
}

static int64_t rounded(int64_t fixed)
{
	int64_t half = INT64_C(1) << (LOG_BITS - 1);

	return fixed < 0 ? -((half - fixed) >> LOG_BITS)
			 : (fixed + half) >> LOG_BITS;
}

void catalog_entries_write(const struct catalog_entries *list,
	const struct str *sources, size_t source_count, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "format", S(OWN_FORMAT));
	json_member_str(&w, "about", S(ABOUT));
	json_name(&w, "sources");
	json_begin_array(&w);
	for (size_t i = 0; i < source_count; i++)
		json_write_str(&w, sources[i]);
	json_end_array(&w);
	json_name(&w, "models");
	json_begin_array(&w);
	for (size_t i = 0; i < list->count; i++) {
		buf_append(out, i > 0 ? S(",\n") : S("\n"));
		w.needs_comma = false;
		write_model(list->items[i], &w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buf_append_char(out, '\n');
}

void catalog_price_write(const struct price *price, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	write_price(price, &w);
}

static void write_model(
	const struct catalog_entry *entry, struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "provider", entry->family);
	json_member_str(w, "id", entry->id);
	if (entry->kind_known)
		json_member_str(
			w, "kind", str_of(model_kind_name(entry->kind)));
	write_count(w, "context", entry->context_tokens);
	write_count(w, "max_output", entry->max_output_tokens);
	write_flags(w, "input", modality_names, entry->input_modalities);
	write_flags(w, "output", modality_names, entry->output_modalities);
	write_flags(w, "can", capability_names, entry->capabilities);
	write_flags(w, "cannot", capability_names,
		entry->capabilities_known & ~entry->capabilities);
	if (entry->quality >= 0) {
		json_member_int(w, "quality", entry->quality);
		json_member_str(w, "quality_source", entry->quality_source);
	}
	write_count(w, "speed", entry->speed_tps);
	write_deprecation(entry, w);
	json_name(w, "prices");
	json_begin_array(w);
	for (const struct price *p = entry->prices; p; p = p->older)
		write_price(p, w);
	json_end_array(w);
	json_end_object(w);
}

static void write_count(struct json_writer *w, const char *name, int64_t count)
{
	if (count > 0)
		json_member_int(w, name, count);
}

static void write_flags(struct json_writer *w, const char *name,
	const struct flag_name *table, unsigned flags)
{
	if (flags == 0)
		return;
	json_name(w, name);
	flags_write_json(table, flags, w);
}

static void write_deprecation(
	const struct catalog_entry *entry, struct json_writer *w)
{
	char text[CLOCK_TEXT_BYTES];

	if (entry->deprecated_ms > 0) {
		clock_format(entry->deprecated_ms, text);
		json_member_str(
			w, "deprecated", (struct str){ text, DATE_BYTES });
	} else if (entry->deprecated) {
		json_member_bool(w, "deprecated", true);
	}
}

static void write_price(const struct price *price, struct json_writer *w)
{
	json_begin_object(w);
	if (price->tier != PRICE_ORDINARY)
		json_member_str(
			w, "tier", str_of(price_tier_name(price->tier)));
	write_count(w, "above", price->above_prompt_tokens);
	for (size_t i = 0; i < own_price_part_count; i++) {
		const struct own_price_part *part = &own_price_parts[i];
		struct price copy = *price;
		int64_t picousd = *own_price_part(&copy, part), amount;
		char text[MONEY_TEXT_BYTES];

		if (picousd == PRICE_NONE ||
			(picousd == 0 &&
				part->offset == offsetof(struct price,
							request_picousd)) ||
			__builtin_mul_overflow(picousd,
				part->is_per_token ? TOKENS_PER_MILLION : 1,
				&amount))
			continue;
		money_format_usd(amount, text);
		json_member_str(w, part->name, str_of(text));
	}
	json_end_object(w);
}
