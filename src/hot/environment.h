/*
 * environment.h - the LMDB environment behind store.h, for what is in hot/:
 * opening, transactions, the memory that it takes.
 *
 * The functions give LMDB's codes (0: done, and what mdb_strerror() names).
 * The file is as large as it may become, but takes memory only as it is
 * filled. Before each change there is made sure of enough: a tmpfs that is
 * full refuses then, and not with a SIGBUS in the middle. And a part of the
 * file is kept free of new names, because LMDB needs free pages to remove
 * something, too: a full store can always be made emptier.
 */
#ifndef HOT_ENVIRONMENT_H
#define HOT_ENVIRONMENT_H

#include <lmdb.h>

#include "hot/ahead.h"
#include "hot/readers.h"
#include "hot/store.h"
#include "hot/turn.h"

struct hot {
	MDB_env *env;
	struct turn turn; /* of writers */
	MDB_dbi records;
	struct readers readers;
	bool complained; /* atomic; a failing read was logged */
	/* Both are the writer's, of whom there is one at a time. */
	struct ahead ahead;
	bool takes_no_names; /* in this change */
	char path[PATH_MAX];
};

int environment_open(const char *path, bool create, struct hot **out);
/* No thread uses it any more. */
void environment_close(struct hot *hot);

/* Begin a change: all other writers of the machine wait until it has ended. */
int environment_change(struct hot *hot, MDB_txn **txn);
/* Commit it, or leave everything as it was when it has failed, as it "has"
 * where there was nothing to change; gives that code back. */
#define LMDB_NO_CHANGE MDB_NOTFOUND
int environment_change_end(struct hot *hot, MDB_txn *txn, int failed);

/* A look at what is there, as it is at this moment. It waits for nobody, but
 * when there are too many readers: then it is a change of nothing. */
struct look {
	MDB_txn *txn;
	struct hot *changes; /* NULL: nothing */
};
int environment_look(struct hot *hot, struct look *look);
void environment_look_end(struct look *look);

/* Copy what has that name to `out`; *n is 0 when there is nothing.
 * MDB_BAD_VALSIZE: it is longer than `size`. */
int environment_get(struct hot *hot, MDB_txn *txn, struct str name, void *out,
	size_t size, size_t *n);
/* MDB_MAP_FULL: there is no room, or not for a new name. */
int environment_put(
	struct hot *hot, MDB_txn *txn, struct str name, struct str value);
/* The same, into the part that is kept free of names: for what is little, and
 * goes again. */
int environment_put_always(
	struct hot *hot, MDB_txn *txn, struct str name, struct str value);
/* One that is not there is no error. */
int environment_remove(struct hot *hot, MDB_txn *txn, struct str name);

/* Said by the bytes of the files; everything else is about access to them. */
bool environment_is_unusable(int failed);

/* Bytes that LMDB is given, and does not change. */
MDB_val val_of(struct str bytes);

#endif
