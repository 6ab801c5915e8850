/*
 * names.c - members in camelCase and in snake_case, lists of one.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/pick.h"

static bool is_snake(struct str text, const char *name);
static void spell_rows(struct shape_row *rows, size_t count, struct json object,
	struct json_member *found, struct arena *arena);
static bool is_kept(const struct shape_row *row);
static bool has_value(const struct chat_extra *extra, struct json value);
static bool has_name(const struct chat_extra *extra, const char *name);

bool gemini_name_is(const struct json_member *member, const char *name)
{
	return pick_name_is(member, str_of(name)) ||
	       is_snake(member->name, name);
}

/* "mime_type" of "mimeType". */
static bool is_snake(struct str text, const char *name)
{
	size_t at = 0;

	for (; *name; name++) {
		if (isupper((unsigned char)*name)) {
			if (at == text.n || text.p[at++] != '_')
				return false;
		}
		if (at == text.n ||
			text.p[at++] != tolower((unsigned char)*name))
			return false;
	}
	return at == text.n;
}

struct json gemini_find(struct json object, const char *name)
{
	struct json found = { .type = JSON_TYPE_NONE };
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	while (json_next(&cursor, &member))
		if (gemini_name_is(&member, name))
			found = member.value;
	return found;
}

unsigned gemini_count(struct json object, const char *name)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;
	unsigned count = 0;

	while (json_next(&cursor, &member))
		count += gemini_name_is(&member, name);
	return count;
}

/* The rows get the spelling of the object; of two spellings of one member the
 * last one counts, and the other is an extra. */
void gemini_read_shape(const struct shape *shape, struct json object,
	void *into, struct chat_extra *extra, struct arena *arena)
{
	struct shape_row rows[SHAPE_ROWS];
	struct json_member found[SHAPE_ROWS];
	const struct shape spelt = { rows, shape->count };

	assert(shape->count <= SHAPE_ROWS);
	memcpy(rows, shape->rows, shape->count * sizeof(rows[0]));
	memset(found, 0, shape->count * sizeof(found[0]));
	spell_rows(rows, shape->count, object, found, arena);
	shape_read(&spelt, object, into, extra, arena);
	for (size_t i = 0; i < shape->count; i++) {
		bool is_spelt = rows[i].name != shape->rows[i].name;

		if (found[i].value.type == JSON_TYPE_NONE ||
			!(is_spelt || is_kept(&rows[i])) ||
			has_value(extra, found[i].value))
			continue;
		found[i].value.type = JSON_TYPE_NULL;
		chat_extra_add(extra, &found[i], arena);
	}
}

static void spell_rows(struct shape_row *rows, size_t count, struct json object,
	struct json_member *found, struct arena *arena)
{
	const struct shape_row *names = rows;
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	while (json_next(&cursor, &member))
		for (size_t i = 0; i < count; i++) {
			if (pick_name_is(&member, str_of(names[i].name))) {
				found[i] = member;
			} else if (is_snake(member.name, names[i].name)) {
				rows[i].name = arena_cstr(arena, member.name);
				found[i] = member;
			}
		}
}

static bool is_kept(const struct shape_row *row)
{
	return shape_is_special(row->kind) && row->offset == GEMINI_KEPT;
}

static bool has_value(const struct chat_extra *extra, struct json value)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next)
		if (kept->member.value.text.p == value.text.p)
			return true;
	return false;
}

/* In own words, what the extras hold as it came is written by them alone. */
void gemini_write_shape(const struct shape *shape, const void *from,
	const struct chat_extra *extra, const struct shape_out *out)
{
	struct shape_row rows[SHAPE_ROWS];
	struct shape left = { rows, 0 };

	for (size_t i = 0; i < shape->count; i++) {
		const struct shape_row *row = &shape->rows[i];

		if (!out->own_words ||
			(!is_kept(row) && !has_name(extra, row->name)))
			rows[left.count++] = *row;
	}
	shape_write(&left, from, extra, out);
}

static bool has_name(const struct chat_extra *extra, const char *name)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next)
		if (gemini_name_is(&kept->member, name))
			return true;
	return false;
}

void gemini_write_inner(const char *name, const struct shape *shape,
	const void *from, const struct chat_extra *extra,
	const struct shape_out *out)
{
	json_name(out->w, name);
	json_begin_object(out->w);
	gemini_write_shape(shape, from, extra, out);
	json_end_object(out->w);
}

struct gemini_items gemini_items(struct json list)
{
	if (list.type == JSON_TYPE_OBJECT)
		return (struct gemini_items){ .single = list };
	return (struct gemini_items){ .cursor = json_members(list) };
}

bool gemini_next(struct gemini_items *items, struct json *out)
{
	struct json_member item;

	if (items->single.type == JSON_TYPE_OBJECT) {
		*out = items->single;
		items->single.type = JSON_TYPE_NONE;
		return true;
	}
	if (!json_next(&items->cursor, &item))
		return false;
	*out = item.value;
	return true;
}

size_t gemini_length(struct json list)
{
	if (list.type == JSON_TYPE_OBJECT)
		return 1;
	return list.type == JSON_TYPE_ARRAY ? json_length(list) : 0;
}
