/*
 * attempt.c - the attempts of a call as JSON, and as rows. One table says
 * every member once.
 */
#include "ledger/attempt.h"

#include "db/stmt.h"
#include "ledger/column.h"

struct field {
	const char *name;
	size_t offset;
	bool is_text;
	int64_t unknown;       /* what a number is when nobody set it */
	int64_t max;           /* of a number */
	size_t max_characters; /* of a text */
};

#define TEXT(name, characters)                                            \
	{                                                                 \
#name, offsetof(struct attempt_record, name), true, 0, 0, \
			characters                                        \
	}
#define NUMBER(name, unknown, max)                                            \
	{                                                                     \
#name, offsetof(struct attempt_record, name), false, unknown, \
			max, 0                                                \
	}

/* In the order of COLUMNS. */
static const struct field fields[] = {
	TEXT(model_used, 255),
	NUMBER(model_id, 0, INT64_MAX),
	TEXT(provider, 64),
	NUMBER(provider_id, 0, INT64_MAX),
	NUMBER(provider_key_id, 0, INT64_MAX),
	TEXT(upstream_request_id, 128),
	NUMBER(status, 0, INT16_MAX),
	TEXT(error, 64),
	TEXT(error_detail, 512),
	TEXT(advice, 16),
	TEXT(affinity, 8),
	NUMBER(offset_us, -1, INT64_MAX),
	NUMBER(connect_us, -1, INT64_MAX),
	NUMBER(first_byte_us, -1, INT64_MAX),
	NUMBER(total_us, -1, INT64_MAX),
};

#define COLUMNS                                                   \
	"model_used, model_id, provider, provider_id,"            \
	" provider_key_id, upstream_request_id, status, error,"   \
	" error_detail, advice, affinity, offset_us, connect_us," \
	" first_byte_us, total_us"
#define INSERT                                                           \
	"INSERT INTO request_attempts (started_ms, request_id, attempt," \
	" " COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define SELECT                                     \
	"SELECT " COLUMNS " FROM request_attempts" \
	" WHERE started_ms = ? AND request_id = ? ORDER BY attempt"

static void read_row(
	struct stmt *stmt, struct arena *arena, struct attempt_record *out);
static bool read_one(
	struct json object, struct arena *arena, struct attempt_record *out);
static bool read_member(struct json_member member, struct arena *arena,
	struct attempt_record *out);
static void bind(struct stmt *stmt, const struct attempt_record *attempt,
	const struct field *field);

static inline struct str *text_at(
	const struct attempt_record *attempt, const struct field *field)
{
	return (struct str *)(uintptr_t)((const char *)attempt + field->offset);
}

static inline int64_t *int_at(
	const struct attempt_record *attempt, const struct field *field)
{
	return (int64_t *)(uintptr_t)((const char *)attempt + field->offset);
}

void attempt_record_init(struct attempt_record *attempt)
{
	*attempt = (struct attempt_record){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!fields[i].is_text)
			*int_at(attempt, &fields[i]) = fields[i].unknown;
}

void attempt_write_list(
	const struct attempt_record *first, struct json_writer *json)
{
	json_begin_array(json);
	for (; first; first = first->next) {
		json_begin_object(json);
		for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
			const struct field *field = &fields[i];

			if (field->is_text && text_at(first, field)->n > 0)
				json_member_str(json, field->name,
					column_text(*text_at(first, field),
						field->max_characters));
			if (!field->is_text &&
				*int_at(first, field) != field->unknown)
				json_member_int(json, field->name,
					*int_at(first, field));
		}
		json_end_object(json);
	}
	json_end_array(json);
}

bool attempt_read_list(
	struct json list, struct arena *arena, struct attempt_record **first)
{
	struct attempt_record **next = first;
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	size_t count = 0;

	*first = NULL;
	if (list.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item) && count++ < ATTEMPT_MAX_COUNT) {
		*next = ARENA_NEW(arena, struct attempt_record);
		if (!read_one(item.value, arena, *next))
			return false;
		next = &(*next)->next;
	}
	return true;
}

void attempt_fit_list(struct attempt_record *first)
{
	for (; first; first = first->next) {
		for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
			const struct field *field = &fields[i];

			if (field->is_text)
				*text_at(first, field) =
					column_text(*text_at(first, field),
						field->max_characters);
			else
				*int_at(first, field) =
					column_int(*int_at(first, field),
						field->unknown, field->max);
		}
	}
}

bool attempt_insert(struct db *db, int64_t started_unix_ms,
	struct str request_id, const struct attempt_record *first,
	struct error *err)
{
	for (int64_t number = 1; first; first = first->next, number++) {
		struct stmt *stmt;

		if (!stmt_prepare(db, &stmt, INSERT, err))
			return false;
		stmt_bind_int(stmt, started_unix_ms);
		stmt_bind_str(stmt, request_id);
		stmt_bind_int(stmt, number);
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			bind(stmt, first, &fields[i]);
		if (!stmt_run(stmt, err))
			return false;
	}
	return true;
}

bool attempt_load(struct db *db, int64_t started_unix_ms, struct str request_id,
	struct arena *arena, struct attempt_record **first, struct error *err)
{
	struct attempt_record **next = first;
	struct stmt *stmt;
	bool more;

	*first = NULL;
	if (!stmt_prepare(db, &stmt, SELECT, err))
		return false;
	stmt_bind_int(stmt, started_unix_ms);
	stmt_bind_str(stmt, request_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*next = ARENA_NEW(arena, struct attempt_record);
		read_row(stmt, arena, *next);
		next = &(*next)->next;
	}
	return false;
}

static void read_row(
	struct stmt *stmt, struct arena *arena, struct attempt_record *out)
{
	attempt_record_init(out);
	for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].is_text)
			*text_at(out, &fields[i]) =
				arena_copy(arena, stmt_str(stmt, i));
		else if (!stmt_is_null(stmt, i))
			*int_at(out, &fields[i]) = stmt_int(stmt, i);
	}
}

static bool read_one(
	struct json object, struct arena *arena, struct attempt_record *out)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	attempt_record_init(out);
	if (object.type != JSON_TYPE_OBJECT)
		return false;
	while (json_next(&cursor, &member)) {
		if (!read_member(member, arena, out))
			return false;
	}
	return true;
}

static bool read_member(struct json_member member, struct arena *arena,
	struct attempt_record *out)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct field *field = &fields[i];

		if (!json_name_is(member, str_of(field->name)))
			continue;
		return field->is_text
			       ? json_text(member.value, arena,
					 text_at(out, field))
			       : json_int(member.value, int_at(out, field));
	}
	return true;
}

static void bind(struct stmt *stmt, const struct attempt_record *attempt,
	const struct field *field)
{
	if (field->is_text)
		stmt_bind_str(stmt, *text_at(attempt, field));
	else if (*int_at(attempt, field) < 0)
		stmt_bind_null(stmt);
	else
		stmt_bind_int(stmt, *int_at(attempt, field));
}
