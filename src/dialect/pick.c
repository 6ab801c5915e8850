/*
 * pick.c - take a few members out of a JSON object in one walk.
 */
#include "dialect/pick.h"

size_t pick_members(struct json object, const struct pick_row *rows,
	size_t count, void *into)
{
	struct json_cursor cursor;
	struct json_member member;
	size_t length = 0;

	for (size_t i = 0; i < count; i++)
		*(struct json *)((char *)into + rows[i].offset) =
			(struct json){ .type = JSON_TYPE_NONE };
	if (object.type != JSON_TYPE_OBJECT)
		return 0;
	cursor = json_members(object);
	for (; json_next(&cursor, &member); length++) {
		size_t i = 0;

		while (i < count && !pick_name_is(&member, rows[i].name))
			i++;
		if (i < count)
			*(struct json *)((char *)into + rows[i].offset) =
				member.value;
	}
	return length;
}
