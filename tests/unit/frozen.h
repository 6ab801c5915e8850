/*
 * frozen.h - a server that is there and does not answer.
 *
 * A signal that stops a process is sent at once but not obeyed at once: on a
 * busy machine one of its threads may still answer. So this waits until all
 * of it stands still. SIGCONT lets it go on.
 */
#ifndef TESTS_UNIT_FROZEN_H
#define TESTS_UNIT_FROZEN_H

#include <signal.h>
#include <sys/wait.h>

/* `pid` is a child of ours. */
static inline void freeze(pid_t pid)
{
	int status = 0;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

#endif
