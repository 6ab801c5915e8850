/*
 * names.c - names and lists of them.
 */
#include "accounts/names.h"

#include "base/json.h"

static bool pattern_fits(struct str pattern, struct str name);

bool name_check(struct str name, const char *param, struct error *err)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, param,
			"The %s must have 1 to %d bytes.", param,
			NAME_MAX_BYTES);
	if (str_trim(name).n != name.n)
		return error_refuse(err, ERR_BAD_FIELD, param,
			"The %s must not begin or end with white space.",
			param);
	for (size_t i = 0; i < name.n; i++) {
		if (iscntrl((unsigned char)name.p[i]))
			return error_refuse(err, ERR_BAD_FIELD, param,
				"The %s must not hold control characters.",
				param);
	}
	return true;
}

bool name_list_read(struct str json, struct arena *arena, struct name_list *out,
	struct error *err)
{
	struct json_member item;
	struct json_cursor cursor;
	struct json list;
	struct str *names;

	*out = (struct name_list){ NULL, 0 };
	if (json.n == 0)
		return true;
	if (!json_check(json, 2, &list, err))
		return false;
	if (list.type != JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"A list of names is a JSON array, not a JSON %s.",
			json_type_name(list.type));
	if (json_is_empty(list))
		return true;
	names = ARENA_ARRAY(arena, struct str, json_length(list));
	cursor = json_members(list);
	while (json_next(&cursor, &item)) {
		struct str name;

		if (!json_text(item.value, arena, &name))
			return error_refuse(err, ERR_BAD_FIELD, NULL,
				"A list of names holds a JSON %s.",
				json_type_name(item.value.type));
		names[out->count++] = arena_copy(arena, name);
	}
	out->names = names;
	return true;
}

bool name_list_split(struct str text, const char *param, struct arena *arena,
	struct name_list *out, struct error *err)
{
	struct str rest = text, field;
	struct str *names;
	size_t commas = 0;

	for (size_t i = 0; i < text.n; i++)
		commas += text.p[i] == ',';
	names = ARENA_ARRAY(arena, struct str, commas + 1);
	*out = (struct name_list){ names, 0 };
	while (str_next_field(&rest, ',', &field)) {
		names[out->count] = str_trim(field);
		if (!name_check(names[out->count], param, err))
			return false;
		out->count++;
	}
	return true;
}

void name_list_write(struct name_list list, struct buf *out)
{
	struct json_writer writer;

	json_writer_init(&writer, out);
	json_begin_array(&writer);
	for (size_t i = 0; i < list.count; i++)
		json_write_str(&writer, list.names[i]);
	json_end_array(&writer);
}

bool name_list_allows(struct name_list list, struct str name)
{
	for (size_t i = 0; i < list.count; i++) {
		if (pattern_fits(list.names[i], name))
			return true;
	}
	return list.count == 0;
}

/* After a failure the last '*' takes one character more: no recursion. */
static bool pattern_fits(struct str pattern, struct str name)
{
	size_t star = SIZE_MAX, resume = 0;
	size_t p = 0, n = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			resume = n;
		} else if (p < pattern.n && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}
