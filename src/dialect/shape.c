/*
 * shape.c - reads and writes objects by their tables.
 */
#include "dialect/shape.h"

#include "dialect/pick.h"

#define TYPE(type) (1U << JSON_TYPE_##type)

/* The types of values that a kind of row is for, and the same in words. */
static const struct {
	unsigned types;
	const char *expected;
} fits[] = {
	[SHAPE_TEXT] = { TYPE(STRING), "a string" },
	[SHAPE_NUMBER] = { TYPE(NUMBER), "a number" },
	[SHAPE_COUNT] = { TYPE(NUMBER), "a whole number" },
	[SHAPE_FLAG] = { TYPE(TRUE) | TYPE(FALSE), "true or false" },
	[SHAPE_OBJECT] = { TYPE(OBJECT), "an object" },
	[SHAPE_LIST] = { TYPE(ARRAY), "an array" },
	[SHAPE_SPECIAL] = { ~0U, NULL },
	[SHAPE_SPECIAL_TEXT] = { TYPE(STRING), "a string" },
	[SHAPE_SPECIAL_NUMBER] = { TYPE(NUMBER), "a number" },
	[SHAPE_SPECIAL_FLAG] = { TYPE(TRUE) | TYPE(FALSE), "true or false" },
	[SHAPE_SPECIAL_OBJECT] = { TYPE(OBJECT), "an object" },
	/* One that was not read has other items. */
	[SHAPE_SPECIAL_TEXTS] = { 0, "an array of strings" },
	[SHAPE_SPECIAL_KNOWN] = { 0, "one of its documented values" },
};

static const struct shape_row *find_row(
	const struct shape *shape, const struct json_member *member);
static bool read_row(const struct shape_row *row, struct json value, void *into,
	struct arena *arena);
static bool read_raw(struct json value, enum json_type type, struct str *out);
static bool read_count(struct json value, int64_t *out);
static bool read_flag(struct json value, enum chat_flag *out);
static bool is_of_other_type(enum shape_kind kind, struct json value);
static void write_row(const struct shape_row *row, const void *from,
	const struct shape_out *out);

void shape_read(const struct shape *shape, struct json object, void *into,
	struct chat_extra *extra, struct arena *arena)
{
	struct json_member found[SHAPE_ROWS];
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	assert(shape->count <= SHAPE_ROWS);
	memset(found, 0, shape->count * sizeof(found[0]));
	while (json_next(&cursor, &member)) {
		const struct shape_row *row = find_row(shape, &member);

		if (row)
			found[row - shape->rows] = member;
		else
			chat_extra_add(extra, &member, arena);
	}
	for (size_t i = 0; i < shape->count; i++) {
		const struct shape_row *row = &shape->rows[i];

		if (found[i].value.type == JSON_TYPE_NONE ||
			read_row(row, found[i].value, into, arena))
			continue;
		chat_extra_add(extra, &found[i], arena);
		if (is_of_other_type(row->kind, found[i].value))
			extra->last->expected = fits[row->kind].expected;
	}
}

void shape_write(const struct shape *shape, const void *from,
	const struct chat_extra *extra, const struct shape_out *out)
{
	for (size_t i = 0; i < shape->count; i++)
		write_row(&shape->rows[i], from, out);
	if (out->own_words)
		chat_extra_write(extra, out->w);
}

static const struct shape_row *find_row(
	const struct shape *shape, const struct json_member *member)
{
	for (size_t i = 0; i < shape->count; i++)
		if (pick_name_is(member, str_of(shape->rows[i].name)))
			return &shape->rows[i];
	return NULL;
}

static bool read_row(const struct shape_row *row, struct json value, void *into,
	struct arena *arena)
{
	void *field = (char *)into + row->offset;

	switch (row->kind) {
	case SHAPE_TEXT: return json_text(value, arena, field);
	case SHAPE_NUMBER: return read_raw(value, JSON_TYPE_NUMBER, field);
	case SHAPE_COUNT: return read_count(value, field);
	case SHAPE_FLAG: return read_flag(value, field);
	case SHAPE_OBJECT: return read_raw(value, JSON_TYPE_OBJECT, field);
	case SHAPE_LIST:
		return !json_is_empty(value) &&
		       read_raw(value, JSON_TYPE_ARRAY, field);
	case SHAPE_SPECIAL:
	case SHAPE_SPECIAL_TEXT:
	case SHAPE_SPECIAL_NUMBER:
	case SHAPE_SPECIAL_FLAG:
	case SHAPE_SPECIAL_OBJECT:
	case SHAPE_SPECIAL_TEXTS:
	case SHAPE_SPECIAL_KNOWN: return row->read(value, into, arena);
	}
	return false;
}

static bool read_raw(struct json value, enum json_type type, struct str *out)
{
	if (value.type != type)
		return false;
	*out = value.text;
	return true;
}

static bool read_count(struct json value, int64_t *out)
{
	int64_t count;

	/* "-0" is a number that would come back as another text. */
	if (!json_int(value, &count) || value.text.p[0] == '-')
		return false;
	*out = count;
	return true;
}

static bool read_flag(struct json value, enum chat_flag *out)
{
	bool flag;

	if (!json_bool(value, &flag))
		return false;
	*out = flag ? CHAT_YES : CHAT_NO;
	return true;
}

static bool is_of_other_type(enum shape_kind kind, struct json value)
{
	bool is_container =
		value.type == JSON_TYPE_ARRAY || value.type == JSON_TYPE_OBJECT;

	if (value.type == JSON_TYPE_NULL ||
		(is_container && json_is_empty(value)))
		return false;
	return !(fits[kind].types & 1U << value.type);
}

static void write_row(const struct shape_row *row, const void *from,
	const struct shape_out *out)
{
	const void *field = (const char *)from + row->offset;
	const struct str *text = field;
	const int64_t *count = field;
	const enum chat_flag *flag = field;

	switch (row->kind) {
	case SHAPE_TEXT:
		if (text->p)
			json_member_str(out->w, row->name, *text);
		break;
	case SHAPE_COUNT:
		if (*count >= 0)
			json_member_int(out->w, row->name, *count);
		break;
	case SHAPE_FLAG:
		if (*flag != CHAT_UNSET)
			json_member_bool(out->w, row->name, *flag == CHAT_YES);
		break;
	case SHAPE_NUMBER:
	case SHAPE_OBJECT:
	case SHAPE_LIST:
		if (text->p)
			json_member_raw(out->w, row->name, *text);
		break;
	case SHAPE_SPECIAL:
	case SHAPE_SPECIAL_TEXT:
	case SHAPE_SPECIAL_NUMBER:
	case SHAPE_SPECIAL_FLAG:
	case SHAPE_SPECIAL_OBJECT:
	case SHAPE_SPECIAL_TEXTS:
	case SHAPE_SPECIAL_KNOWN:
		if (row->write)
			row->write(from, out);
		break;
	}
}
