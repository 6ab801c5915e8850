/*
 * pick.h - take a few members out of a JSON object in one walk.
 *
 * json_find() walks the object once for each member; the hot path wants four
 * of them out of each event of a stream. A table names the members and the
 * fields (of type struct json) that get their values.
 */
#ifndef DIALECT_PICK_H
#define DIALECT_PICK_H

#include "base/json.h"

struct pick_row {
	struct str name;
	size_t offset; /* of the struct json in the struct that is filled */
};

/* json_name_is(), with the usual answer (no) given fast: names of the same
 * length have no room for an escape, and a longer one begins alike or with
 * an escape. */
static inline bool pick_name_is(
	const struct json_member *member, struct str name)
{
	if (member->name.n <= name.n)
		return member->name.n == name.n &&
		       memcmp(member->name.p, name.p, name.n) == 0;
	if (name.n > 0 && member->name.p[0] != name.p[0] &&
		member->name.p[0] != '\\')
		return false;
	return json_name_is(*member, name);
}

/*
 * Fill the fields; those of absent members get type JSON_TYPE_NONE. Of several
 * members with one name the last one counts. Returns how many members the
 * object has, picked or not; 0 for a value that is not an object.
 */
size_t pick_members(struct json object, const struct pick_row *rows,
	size_t count, void *into);

#endif
