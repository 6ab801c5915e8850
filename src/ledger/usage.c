/*
 * usage.c - a call's record as JSON and back. One table says every member
 * once, so that the writer and the reader cannot disagree.
 */
#include "ledger/usage.h"

#include "base/json.h"
#include "crypto/base64.h"

enum field_type {
	FIELD_TEXT,
	FIELD_ARRAY, /* a JSON array, as it is */
	FIELD_BYTES, /* as base64 */
	FIELD_INT,
	FIELD_BOOL,
	FIELD_SOURCE,
	FIELD_BILLING,
	FIELD_ATTEMPTS
};

struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	int64_t unknown; /* what a number is when nobody set it */
};

#define TEXT(name)                                                        \
	{                                                                 \
#name, FIELD_TEXT, offsetof(struct usage_record, name), 0 \
	}
#define BYTES(name)                                                        \
	{                                                                  \
#name, FIELD_BYTES, offsetof(struct usage_record, name), 0 \
	}
#define INT_AT(name, member, unknown)                                   \
	{                                                               \
		name, FIELD_INT, offsetof(struct usage_record, member), \
			unknown                                         \
	}
#define ID(name) INT_AT(#name, name, 0)
#define COUNT(name) INT_AT(#name, name, 0)
#define MEASURE(name) INT_AT(#name, name, -1)
#define TOKENS(name) INT_AT(#name "_tokens", tokens.name, -1)
#define BOOL(name)                                                        \
	{                                                                 \
#name, FIELD_BOOL, offsetof(struct usage_record, name), 0 \
	}

/* In the order in which they are written. */
static const struct field fields[] = {
	TEXT(request_id),
	ID(organisation_id),
	ID(project_id),
	ID(key_id),
	TEXT(user),
	TEXT(client_ip),
	TEXT(host),
	COUNT(started_unix_ms),
	TEXT(route),
	TEXT(dialect),
	TEXT(model_asked),
	TEXT(alias),
	TEXT(complexity),
	TEXT(route_reason),
	{ "route_candidates", FIELD_ARRAY,
		offsetof(struct usage_record, route_candidates), 0 },
	BOOL(streamed),
	TEXT(model_used),
	ID(model_id),
	TEXT(provider),
	ID(provider_id),
	ID(provider_key_id),
	TEXT(provider_dialect),
	TEXT(dropped),
	COUNT(attempts),
	COUNT(status),
	TEXT(error),
	TEXT(error_detail),
	TEXT(finish_reason),
	BOOL(complete),
	BOOL(cache_hit),
	BOOL(coalesced),
	TOKENS(prompt),
	TOKENS(completion),
	TOKENS(cached),
	TOKENS(cache_write),
	TOKENS(reasoning),
	{ "usage_source", FIELD_SOURCE,
		offsetof(struct usage_record, usage_source), 0 },
	BOOL(priced),
	COUNT(cost_picousd),
	MEASURE(price_from_ms),
	TEXT(price_tier),
	COUNT(price_above_tokens),
	COUNT(saved_picousd),
	BOOL(has_route_saved),
	COUNT(route_saved_picousd),
	MEASURE(charged_picousd),
	BOOL(admitted),
	{ "billing", FIELD_BILLING, offsetof(struct usage_record, billing), 0 },
	TEXT(billing_reason),
	TEXT(affinity),
	MEASURE(queue_us),
	MEASURE(gateway_us),
	MEASURE(connect_us),
	MEASURE(first_token_us),
	MEASURE(total_us),
	COUNT(request_bytes),
	COUNT(response_bytes),
	{ "attempt_list", FIELD_ATTEMPTS,
		offsetof(struct usage_record, attempt_list), 0 },
	BYTES(sealed_request),
	BYTES(sealed_response),
	BOOL(contents_redacted),
	BOOL(contents_cut),
};

static const char *const billing_words[] = {
	[BILLING_NONE] = "none",
	[BILLING_BILLED] = "billed",
	[BILLING_PARTIAL] = "partial",
	[BILLING_ESTIMATED] = "estimated",
};

static void write_field(struct json_writer *json, const struct field *field,
	const struct usage_record *record);
static void write_bytes(
	struct json_writer *json, const char *name, struct str bytes);
static struct str cut_text(struct str text);
static const struct field *find_field(struct json_member member, size_t *next);
static bool read_field(struct usage_record *record, const struct field *field,
	struct json value, struct arena *arena);
static bool read_source(struct json value, enum usage_source *out);
static bool read_billing(struct json value, enum billing *out);

static inline struct str *text_at(
	const struct usage_record *record, const struct field *field)
{
	return (struct str *)(uintptr_t)((const char *)record + field->offset);
}

static inline int64_t *int_at(
	const struct usage_record *record, const struct field *field)
{
	return (int64_t *)(uintptr_t)((const char *)record + field->offset);
}

static inline bool *bool_at(
	const struct usage_record *record, const struct field *field)
{
	return (bool *)(uintptr_t)((const char *)record + field->offset);
}

void usage_record_init(struct usage_record *record)
{
	*record = (struct usage_record){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].type == FIELD_INT)
			*int_at(record, &fields[i]) = fields[i].unknown;
	}
}

void usage_record_write(const struct usage_record *record, struct buf *out)
{
	struct json_writer json;

	json_writer_init(&json, out);
	json_begin_object(&json);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		write_field(&json, &fields[i], record);
	json_end_object(&json);
}

int64_t usage_record_ended_ms(const struct usage_record *record)
{
	return record->started_unix_ms +
	       (record->total_us > 0 ? record->total_us / 1000 : 0);
}

int64_t usage_record_charged(const struct usage_record *record)
{
	if (record->charged_picousd >= 0)
		return record->charged_picousd;
	return record->priced && record->cost_picousd > 0 ? record->cost_picousd
							  : 0;
}

bool usage_record_read(struct usage_record *record, struct str json,
	struct arena *arena, struct error *err)
{
	struct json object;
	struct json_cursor cursor;
	struct json_member member;
	size_t next = 0;

	usage_record_init(record);
	if (!json_check(json, JSON_MAX_DEPTH, &object, err))
		return false;
	cursor = json_members(object);
	while (json_next(&cursor, &member)) {
		const struct field *field = find_field(member, &next);

		if (!field || member.value.type == JSON_TYPE_NULL)
			continue;
		if (!read_field(record, field, member.value, arena))
			return error_set(err, ERR_BAD_FIELD,
				"usage record: %s is %s", field->name,
				json_type_name(member.value.type));
	}
	if (record->request_id.n == 0 ||
		record->request_id.n > USAGE_MAX_REQUEST_ID_BYTES)
		return error_set(err, ERR_BAD_FIELD,
			"usage record with a request_id of %zu bytes",
			record->request_id.n);
	return true;
}

static void write_field(struct json_writer *json, const struct field *field,
	const struct usage_record *record)
{
	static const char *const sources[] = {
		[USAGE_PROVIDER] = "provider",
		[USAGE_ESTIMATED] = "estimated",
	};

	switch (field->type) {
	case FIELD_TEXT:
		if (text_at(record, field)->n > 0)
			json_member_str(json, field->name,
				cut_text(*text_at(record, field)));
		return;
	case FIELD_ARRAY:
		if (text_at(record, field)->n > 0)
			json_member_raw(
				json, field->name, *text_at(record, field));
		return;
	case FIELD_BYTES:
		if (text_at(record, field)->n > 0)
			write_bytes(json, field->name, *text_at(record, field));
		return;
	case FIELD_INT:
		if (*int_at(record, field) != field->unknown)
			json_member_int(
				json, field->name, *int_at(record, field));
		return;
	case FIELD_BOOL:
		if (*bool_at(record, field))
			json_member_bool(json, field->name, true);
		return;
	case FIELD_SOURCE:
		if (record->usage_source != USAGE_NONE)
			json_member_str(json, field->name,
				str_of(sources[record->usage_source]));
		return;
	case FIELD_BILLING:
		if (record->billing != BILLING_NONE)
			json_member_str(json, field->name,
				str_of(billing_words[record->billing]));
		return;
	case FIELD_ATTEMPTS:
		if (record->attempt_list) {
			json_name(json, field->name);
			attempt_write_list(record->attempt_list, json);
		}
		return;
	}
}

static void write_bytes(
	struct json_writer *json, const char *name, struct str bytes)
{
	struct buf text = BUF_INIT(SIZE_MAX / 4);

	base64_append(bytes, &text);
	json_member_str(json, name, buf_str(&text));
	buf_release(&text);
}

/* Not within a UTF-8 character: its first byte would become U+FFFD. */
static struct str cut_text(struct str text)
{
	size_t n = USAGE_MAX_TEXT_BYTES;

	if (text.n <= n)
		return text;
	for (int back = 0; back < 3 && (text.p[n] & 0xc0) == 0x80; back++)
		n--;
	return str_head(text, n);
}

/* Records come in the table's order: the search begins after the last find. */
static const struct field *find_field(struct json_member member, size_t *next)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		size_t at = (*next + i) % ARRAY_LEN(fields);

		if (json_name_is(member, str_of(fields[at].name))) {
			*next = at + 1;
			return &fields[at];
		}
	}
	return NULL;
}

static bool read_field(struct usage_record *record, const struct field *field,
	struct json value, struct arena *arena)
{
	struct str text;

	switch (field->type) {
	case FIELD_TEXT: return json_text(value, arena, text_at(record, field));
	case FIELD_ARRAY:
		*text_at(record, field) = value.text;
		return value.type == JSON_TYPE_ARRAY;
	case FIELD_BYTES:
		return json_text(value, arena, &text) &&
		       base64_read(text, arena, text_at(record, field));
	case FIELD_INT: return json_int(value, int_at(record, field));
	case FIELD_BOOL: return json_bool(value, bool_at(record, field));
	case FIELD_SOURCE: return read_source(value, &record->usage_source);
	case FIELD_BILLING: return read_billing(value, &record->billing);
	case FIELD_ATTEMPTS:
		return attempt_read_list(value, arena, &record->attempt_list);
	}
	return false;
}

/* A word that this version does not know still means: we cannot vouch. */
static bool read_source(struct json value, enum usage_source *out)
{
	if (value.type != JSON_TYPE_STRING)
		return false;
	*out = json_text_is(value, S("provider")) ? USAGE_PROVIDER
						  : USAGE_ESTIMATED;
	return true;
}

/* A word that this version does not know: as above. */
static bool read_billing(struct json value, enum billing *out)
{
	if (value.type != JSON_TYPE_STRING)
		return false;
	*out = BILLING_ESTIMATED;
	for (unsigned i = 0; i < ARRAY_LEN(billing_words); i++)
		if (json_text_is(value, str_of(billing_words[i])))
			*out = i;
	return true;
}
