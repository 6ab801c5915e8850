/*
 * turn.c - a mutex for the threads, an open file description's lock for the
 * processes.
 */
#include "hot/turn.h"

#include <fcntl.h>

static void lock_file(int file, short type);

void turn_init(struct turn *turn, int file)
{
	turn->file = file;
	pthread_mutex_init(&turn->lock, NULL);
}

void turn_release(struct turn *turn)
{
	pthread_mutex_destroy(&turn->lock);
}

void turn_take(struct turn *turn)
{
	pthread_mutex_lock(&turn->lock);
	lock_file(turn->file, F_WRLCK);
}

void turn_give(struct turn *turn)
{
	lock_file(turn->file, F_UNLCK);
	pthread_mutex_unlock(&turn->lock);
}

/* Where a file system has no such locks, LMDB's mutex is what there is. */
static void lock_file(int file, short type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };

	while (fcntl(file, F_OFD_SETLKW, &whole) < 0 && errno == EINTR)
		;
}
