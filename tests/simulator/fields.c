/*
 * fields.c - small questions that examiners of requests ask about JSON.
 */
#include "fields.h"

struct str fields_unknown(
	struct json object, const struct str *names, size_t count)
{
	struct json_cursor members = json_members(object);
	struct json_member member;

	while (json_next(&members, &member)) {
		size_t i = 0;

		while (i < count && !json_name_is(member, names[i]))
			i++;
		if (i == count)
			return member.name;
	}
	return S("");
}

size_t fields_index(struct json value, const struct str *texts, size_t count)
{
	size_t i = 0;

	while (i < count && !json_text_is(value, texts[i]))
		i++;
	return i;
}

bool fields_absent(struct json value)
{
	return value.type == JSON_TYPE_NONE || value.type == JSON_TYPE_NULL;
}

bool fields_is_name(struct str text, size_t max)
{
	if (text.n == 0 || text.n > max)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x80 || (!isalnum(c) && c != '_' && c != '-'))
			return false;
	}
	return true;
}

int fields_count(struct json list, struct str member, struct str value)
{
	struct json_cursor items = json_members(list);
	struct json_member item;
	int count = 0;

	while (json_next(&items, &item))
		count += json_text_is(json_find(item.value, member), value);
	return count;
}

void fields_calls_add(struct fields_calls *calls, struct str id)
{
	if (calls->count == FIELDS_MAX_CALLS)
		return;
	calls->answered[calls->count] = false;
	calls->ids[calls->count++] = id;
}

bool fields_calls_answer(struct fields_calls *calls, struct str id)
{
	for (int i = 0; i < calls->count; i++) {
		if (!str_equal(calls->ids[i], id))
			continue;
		calls->answered[i] = true;
		return true;
	}
	return calls->count == FIELDS_MAX_CALLS;
}

struct str fields_calls_open(const struct fields_calls *calls)
{
	for (int i = 0; i < calls->count; i++) {
		if (!calls->answered[i])
			return calls->ids[i];
	}
	return S("");
}
