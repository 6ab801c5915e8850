/*
 * ahead.h - memory of an LMDB file that is written through its map, taken
 * before a change needs it.
 *
 * A map spares a system call for each page of a change. But where a tmpfs is
 * full, a page without memory is a SIGBUS in the middle of a change, and not
 * an error. So as much as a change may touch is taken before it begins. To be
 * used by the one who has the turn of writers.
 */
#ifndef HOT_AHEAD_H
#define HOT_AHEAD_H

#include <lmdb.h>

#include "base/base.h"

struct ahead {
	MDB_env *env; /* opened */
	size_t page_bytes;
	int64_t map_bytes;
	int64_t taken_bytes; /* of the file: memory that is there */
};

/* ENOSPC and others, or one of LMDB's, where there are not `room_bytes` of
 * memory beyond what is in use, and cannot be. */
int ahead_take(struct ahead *ahead, int64_t room_bytes);
/* Are there so many, from before? */
bool ahead_has(const struct ahead *ahead, int64_t room_bytes);

#endif
