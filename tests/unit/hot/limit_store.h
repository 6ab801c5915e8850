/*
 * limit_store.h - a shared store of a test's own, in memory. Include it after
 * cmocka.h.
 */
#ifndef TESTS_LIMIT_STORE_H
#define TESTS_LIMIT_STORE_H

#include <unistd.h>

#include "hot/limit.h"

struct limit_store {
	char folder[64]; /* the parent */
	char path[80];   /* server.hot_dir */
	struct settings settings;
	struct hot *hot;
};

static inline struct hot *limit_store_open(struct limit_store *store)
{
	struct error err = ERROR_INIT;
	struct hot *hot;

	if (!hot_open(&store->settings, true, &hot, &err))
		fail_msg("%s", error_detail(&err));
	return hot;
}

/* Not opened yet. */
static inline void limit_store_prepare(struct limit_store *store)
{
	snprintf(store->folder, sizeof(store->folder),
		"/dev/shm/gateway-limit-XXXXXX");
	assert_non_null(mkdtemp(store->folder));
	snprintf(store->path, sizeof(store->path), "%s/hot", store->folder);
	settings_init(&store->settings);
	store->settings.hot_dir = str_of(store->path);
	store->hot = NULL;
}

static inline void limit_store_make(struct limit_store *store)
{
	limit_store_prepare(store);
	store->hot = limit_store_open(store);
}

static inline void limit_store_remove(struct limit_store *store)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	char path[128];

	hot_close(store->hot);
	store->hot = NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", store->path, names[i]);
		unlink(path);
	}
	rmdir(store->path);
	assert_int_equal(rmdir(store->folder), 0);
}

#endif
