/*
 * format.c - the table of formats, and what their readers share.
 */
#include "catalog/format.h"

#include "base/clock.h"
#include "base/money.h"
#include "catalog/reader.h"

#define MAX_NAME_BYTES 191

static const struct catalog_format *const formats[] = {
	&catalog_own,
	&catalog_openrouter,
	&catalog_genai_prices,
	&catalog_models_dev,
	&catalog_litellm,
};

/* The power of ten that makes pico-dollars of one of them, and the most that
 * one of them may cost. */
static const struct {
	int exponent;
	int64_t most_picousd;
} units[] = {
	[PER_TOKEN] = { 12, PICOUSD_PER_USD / 100 },
	[PER_MILLION_TOKENS] = { 6, PICOUSD_PER_USD / 100 },
	[PER_REQUEST] = { 12, 100 * PICOUSD_PER_USD },
	[PER_THOUSAND_REQUESTS] = { 9, 100 * PICOUSD_PER_USD },
	[PER_IMAGE] = { 12, 100 * PICOUSD_PER_USD },
};

static const struct catalog_format *find_out(struct json root);
static int by_name(const void *a, const void *b);

bool catalog_format_find(
	struct str name, const struct catalog_format **out, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (str_equal(name, formats[i]->name)) {
			*out = formats[i];
			return true;
		}
	}
	return error_refuse(err, ERR_BAD_FIELD, "format",
		"There is no format '%.*s': there are litellm, models.dev, "
		"genai-prices, openrouter and llm-gateway.",
		STR_ARG(str_head(name, 64)));
}

bool catalog_read(struct str text, int64_t now_ms,
	const struct catalog_format **format, struct catalog_entries *list,
	struct error *err)
{
	struct catalog_reader reader = {
		.arena = list->arena, .list = list, .now_ms = now_ms, .err = err
	};
	struct json root;

	if (text.n > CATALOG_MAX_BYTES)
		return error_refuse(err, ERR_TOO_LARGE, NULL,
			"A catalogue has at most %zu bytes.",
			CATALOG_MAX_BYTES);
	if (!json_check(text, CATALOG_MAX_DEPTH, &root, err))
		return false;
	if (!*format)
		*format = find_out(root);
	if (!*format || !(*format)->is_one(root))
		return error_refuse(err, ERR_BAD_FIELD, "format",
			"This is not a list of models%s%s.",
			*format ? " in the format of " : " that is known here",
			*format ? (*format)->name.p : "");
	if (!(*format)->read(&reader, root))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		struct catalog_entry *entry = list->items[i];

		entry->source = (*format)->name;
		/* Some have a vector's dimensions there. */
		if (entry->kind == MODEL_EMBEDDING)
			entry->max_output_tokens = 0;
		/* The others only say what is different. */
		if (!catalog_entry_price(entry, PRICE_ORDINARY, 0))
			entry->prices = NULL;
	}
	catalog_entries_sort(list);
	if (list->count == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The list has no model of a provider that is known "
			"here.");
	return true;
}

static const struct catalog_format *find_out(struct json root)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (formats[i]->is_one(root))
			return formats[i];
	}
	return NULL;
}

bool reader_refuse(struct catalog_reader *r, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return error_refuse(r->err, ERR_BAD_FIELD, NULL, "Model '%.*s': %s.",
		STR_ARG(str_head(r->model, 128)), why);
}

/* Sorted, equal ones stand side by side. */
bool reader_check_names(
	struct catalog_reader *r, struct json object, const char *what)
{
	struct json_cursor cursor = json_members(object);
	size_t count = json_length(object), i = 0;
	struct arena_mark mark = arena_mark(r->arena);
	struct str *names = ARENA_ARRAY(r->arena, struct str, count + 1);
	struct json_member member;
	bool ok = true;

	if (count > CATALOG_ENTRIES_MAX)
		return error_refuse(r->err, ERR_TOO_LARGE, NULL,
			"The list has more than %d of %s.", CATALOG_ENTRIES_MAX,
			what);
	while (json_next(&cursor, &member))
		names[i++] = member.name;
	qsort(names, count, sizeof(names[0]), by_name);
	for (i = 1; ok && i < count; i++) {
		if (str_equal(names[i - 1], names[i]))
			ok = error_refuse(r->err, ERR_BAD_FIELD, NULL,
				"'%.*s' is twice among %s.",
				STR_ARG(str_head(names[i], 128)), what);
	}
	arena_rewind(r->arena, mark);
	return ok;
}

static int by_name(const void *a, const void *b)
{
	const struct str *first = a, *second = b;
	size_t n = first->n < second->n ? first->n : second->n;
	int order = n ? memcmp(first->p, second->p, n) : 0;

	return order ? order : (first->n > second->n) - (first->n < second->n);
}

/* As model_name_check() wants it. */
bool reader_is_name(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		unsigned char c = (unsigned char)id.p[i];

		if (c <= ' ' || c >= 0x7f || strchr(",*\"'\\<>", c))
			return false;
	}
	return id.n > 0 && id.n <= MAX_NAME_BYTES && id.p[0] != '/' &&
	       id.p[id.n - 1] != '/' && !str_equal_nocase(id, S("auto"));
}

struct catalog_entry *reader_add(
	struct catalog_reader *r, struct str family, struct str id)
{
	if (!reader_is_name(id) || !family_serves(family, id))
		return NULL;
	return catalog_entries_add(r->list, family, id);
}

bool reader_price(struct catalog_reader *r, struct json object,
	const char *member, enum price_unit unit, int64_t *out)
{
	return reader_price_value(
		r, json_find(object, str_of(member)), member, unit, out);
}

bool reader_price_value(struct catalog_reader *r, struct json value,
	const char *member, enum price_unit unit, int64_t *out)
{
	struct str text = value.text;
	int64_t picousd;

	if (value.type == JSON_TYPE_NONE || value.type == JSON_TYPE_NULL)
		return true;
	if (value.type == JSON_TYPE_STRING)
		text = reader_text(r, value);
	else if (value.type != JSON_TYPE_NUMBER)
		return reader_refuse(r, "%s is no price but %s", member,
			json_type_name(value.type));
	if (!money_parse_number(text, units[unit].exponent, &picousd))
		return reader_refuse(r, "%s is no price: %.*s", member,
			STR_ARG(str_head(text, 40)));
	if (picousd > units[unit].most_picousd)
		return reader_refuse(r, "%s is more than anybody takes: %.*s",
			member, STR_ARG(str_head(text, 40)));
	*out = picousd;
	return true;
}

/* "4096", 4096.0 and 4.096e3 are all in use; it is no money. */
int64_t reader_count(struct json value)
{
	int64_t scaled;

	if (value.type != JSON_TYPE_NUMBER ||
		!money_parse_number(value.text, 3, &scaled) ||
		scaled % 1000 != 0)
		return 0;
	return scaled / 1000;
}

int64_t reader_date(struct json value)
{
	int64_t unix_ms;

	if (value.type != JSON_TYPE_STRING || value.text.n < 2 ||
		!clock_parse(
			str_head(str_from(value.text, 1), value.text.n - 2),
			&unix_ms) ||
		unix_ms <= 0)
		return 0;
	return unix_ms;
}

struct str reader_text(struct catalog_reader *r, struct json value)
{
	struct str text;

	return json_text(value, r->arena, &text) ? text : S("");
}

/* The quotes around a name are in the text, too. */
struct str reader_name(struct catalog_reader *r, struct json_member member)
{
	struct json quoted = { JSON_TYPE_STRING,
		{ member.name.p - 1, member.name.n + 2 } };

	return reader_text(r, quoted);
}

unsigned reader_modalities(struct json list)
{
	struct json_cursor cursor = json_members(list);
	unsigned flags = flags_read_json(modality_names, list);
	struct json_member item;

	while (json_next(&cursor, &item)) {
		if (json_text_is(item.value, S("pdf")))
			flags |= MODALITY_FILE;
	}
	return flags;
}

void reader_capability(
	struct catalog_entry *entry, unsigned flag, struct json value)
{
	bool can;

	if (!json_bool(value, &can))
		return;
	entry->capabilities_known |= flag;
	if (can)
		entry->capabilities |= flag;
}

bool reader_kind_by_name(struct str id, enum model_kind *out)
{
	static const struct {
		struct str part;
		enum model_kind kind;
	} rows[] = {
		{ STR("rerank"), MODEL_RERANK },
		{ STR("embed"), MODEL_EMBEDDING },
		{ STR("voyage-"), MODEL_EMBEDDING },
		{ STR("turbo-instruct"), MODEL_COMPLETION },
		{ STR("moderation"), MODEL_MODERATION },
		{ STR("whisper"), MODEL_AUDIO },
		{ STR("transcribe"), MODEL_AUDIO },
		{ STR("-tts"), MODEL_AUDIO },
		{ STR("tts-"), MODEL_AUDIO },
		{ STR("orpheus"), MODEL_AUDIO },
		{ STR("dall-e"), MODEL_IMAGE },
		{ STR("gpt-image"), MODEL_IMAGE },
		{ STR("imagen"), MODEL_IMAGE },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (str_find(id, rows[i].part) < id.n) {
			*out = rows[i].kind;
			return true;
		}
	}
	return false;
}
