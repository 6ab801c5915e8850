/*
 * limit_seen.c - a list that is searched from its beginning: a turn of a loop
 * meets a dozen names or two.
 */
#include "hot/limit_seen.h"

static struct seen_counter *find(struct seen *seen, struct str name);

int seen_make_room(struct lmdb_limits *limits, MDB_txn *txn, size_t count)
{
	assert(count <= SEEN_MAX);
	return limits->seen->count + count <= SEEN_MAX
		       ? MDB_SUCCESS
		       : seen_write(limits, txn);
}

int seen_meet(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	struct counter **out, bool *found)
{
	struct seen *seen = limits->seen;
	struct seen_counter *it = find(seen, name);

	if (!it) {
		int failed;

		assert(seen->count < SEEN_MAX);
		it = &seen->list[seen->count];
		failed = counter_load(
			limits, txn, name, &it->counter, &it->is_there);
		if (failed)
			return failed;
		memcpy(it->name, name.p, name.n);
		it->name_bytes = name.n;
		it->is_changed = false;
		seen->count++;
	}
	*out = &it->counter;
	*found = it->is_there;
	return MDB_SUCCESS;
}

void seen_changed(struct counter *counter)
{
	struct seen_counter *it =
		CONTAINER_OF(counter, struct seen_counter, counter);

	it->is_there = true;
	it->is_changed = true;
}

int seen_write(struct lmdb_limits *limits, MDB_txn *txn)
{
	struct seen *seen = limits->seen;
	int failed = MDB_SUCCESS;

	for (size_t i = 0; i < seen->count && !failed; i++) {
		struct seen_counter *it = &seen->list[i];

		if (it->is_changed)
			failed = counter_store(limits, txn,
				(struct str){ it->name, it->name_bytes },
				&it->counter);
	}
	seen->count = 0;
	return failed;
}

static struct seen_counter *find(struct seen *seen, struct str name)
{
	for (size_t i = 0; i < seen->count; i++) {
		struct seen_counter *it = &seen->list[i];

		if (it->name_bytes == name.n &&
			memcmp(it->name, name.p, name.n) == 0)
			return it;
	}
	return NULL;
}
