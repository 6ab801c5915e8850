/*
 * ahead.c - fallocate(2) in steps.
 */
#include "hot/ahead.h"

#include <fcntl.h>

#define STEP_BYTES (512 * 1024)

static int find_end(const struct ahead *ahead, int64_t *end);

int ahead_take(struct ahead *ahead, int64_t room_bytes)
{
	int64_t end;
	int file;
	int failed = find_end(ahead, &end);

	if (failed || end + room_bytes <= ahead->taken_bytes)
		return failed;
	end += room_bytes + STEP_BYTES;
	if (end > ahead->map_bytes)
		end = ahead->map_bytes;
	if (end <= ahead->taken_bytes)
		return MDB_SUCCESS;
	failed = mdb_env_get_fd(ahead->env, &file);
	if (failed)
		return failed;
	/* A page that has memory keeps it, and what is in it. Not every file
	 * system can. */
	if (fallocate(file, 0, ahead->taken_bytes, end - ahead->taken_bytes) !=
			0 &&
		errno != EOPNOTSUPP)
		return errno;
	ahead->taken_bytes = end;
	return MDB_SUCCESS;
}

bool ahead_has(const struct ahead *ahead, int64_t room_bytes)
{
	int64_t end;

	return !find_end(ahead, &end) && end + room_bytes <= ahead->taken_bytes;
}

static int find_end(const struct ahead *ahead, int64_t *end)
{
	MDB_envinfo info;
	int failed = mdb_env_info(ahead->env, &info);

	if (!failed)
		*end = (int64_t)((info.me_last_pgno + 1) * ahead->page_bytes);
	return failed;
}
