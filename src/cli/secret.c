/*
 * secret.c - standard input as the way for passwords and keys.
 */
#include "cli/secret.h"

#include <termios.h>
#include <unistd.h>

static bool read_terminal(
	int fd, const char *what, char *buffer, size_t bytes, size_t *n);
static bool read_all(
	int fd, bool is_line, char *buffer, size_t bytes, size_t *n);

bool secret_read(int fd, const char *what, char *buffer, size_t buffer_bytes,
	struct str *out, struct error *err)
{
	struct str secret = { buffer, 0 };
	bool ok = isatty(fd) ? read_terminal(fd, what, buffer, buffer_bytes,
				       &secret.n)
			     : read_all(fd, false, buffer, buffer_bytes,
				       &secret.n);

	if (!ok)
		return error_set(
			err, ERR_IO, "standard input: %s", strerror(errno));
	if (secret.n == buffer_bytes)
		return error_refuse(err, ERR_BAD_FIELD, what,
			"The %s on standard input is too long.", what);
	if (str_ends(secret, S("\n")))
		secret.n--;
	if (str_ends(secret, S("\r")))
		secret.n--;
	if (secret.n == 0)
		return error_refuse(err, ERR_BAD_FIELD, what,
			"There is no %s on standard input.", what);
	for (size_t i = 0; i < secret.n; i++) {
		if (iscntrl((unsigned char)secret.p[i]))
			return error_refuse(err, ERR_BAD_FIELD, what,
				"The %s on standard input must be one line "
				"without control characters.",
				what);
	}
	*out = secret;
	return true;
}

static bool read_terminal(
	int fd, const char *what, char *buffer, size_t bytes, size_t *n)
{
	struct termios before, quiet;
	bool ok;

	if (tcgetattr(fd, &before) != 0)
		return false;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", what);
	if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0)
		return false;
	ok = read_all(fd, true, buffer, bytes, n);
	if (tcsetattr(fd, TCSAFLUSH, &before) != 0)
		ok = false;
	fputc('\n', stderr);
	return ok;
}

static bool read_all(
	int fd, bool is_line, char *buffer, size_t bytes, size_t *n)
{
	while (*n < bytes) {
		ssize_t got = read(fd, buffer + *n, bytes - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		*n += (size_t)got;
		if (got == 0 || (is_line && memchr(buffer, '\n', *n)))
			break;
	}
	return true;
}
