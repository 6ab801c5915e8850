/*
 * listener.c - own and inherited listening sockets.
 */
#include "server/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

#define SYSTEMD_FIRST_FD 3

static bool is_listening(int fd);
static int systemd_fd(void);
static bool open_unix(struct str path, const struct settings *settings, int *fd,
	struct error *err);
static bool listen_unix(int fd, struct str path, mode_t mode, int backlog);
static bool open_tcp(struct str address, const struct settings *settings,
	int *fd, struct error *err);
static bool read_mode(struct str text, mode_t *mode);
static void warn_about_backlog(int64_t backlog);

bool listener_is_inherited(void)
{
	return is_listening(STDIN_FILENO);
}

bool listener_open(struct str address, const struct settings *settings, int *fd,
	struct error *err)
{
	*fd = systemd_fd();
	if (*fd < 0 && listener_is_inherited())
		*fd = STDIN_FILENO;
	if (*fd < 0) {
		bool is_unix = str_starts(address, S("unix:"));

		if (is_unix ? !open_unix(
				      str_from(address, 5), settings, fd, err)
			    : !open_tcp(address, settings, fd, err))
			return false;
		warn_about_backlog(settings->backlog);
	}
	fcntl(*fd, F_SETFD, FD_CLOEXEC);
	fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) | O_NONBLOCK);
	return true;
}

static bool is_listening(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) ==
		       0 &&
	       listening;
}

/* Source: sd_listen_fds(3). */
static int systemd_fd(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	int64_t value;

	if (!pid || !count || !str_to_int64(str_of(pid), &value) ||
		value != getpid() || !str_to_int64(str_of(count), &value) ||
		value < 1 || !is_listening(SYSTEMD_FIRST_FD))
		return -1;
	return SYSTEMD_FIRST_FD;
}

static bool open_unix(struct str path, const struct settings *settings, int *fd,
	struct error *err)
{
	mode_t mode;

	if (!read_mode(settings->socket_mode, &mode))
		return error_refuse(err, ERR_CONFIG, "server.socket_mode",
			"server.socket_mode = '%.*s': expected a mode such as "
			"0660",
			STR_ARG(settings->socket_mode));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && listen_unix(*fd, path, mode, (int)settings->backlog))
		return true;
	error_refuse(err, ERR_CONFIG, "server.listen",
		"cannot listen on unix:%.*s: %s", STR_ARG(path),
		strerror(errno));
	if (*fd >= 0)
		close(*fd);
	return false;
}

/* Ready under another name first, then put in place. */
static bool listen_unix(int fd, struct str path, mode_t mode, int backlog)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	struct buf name = BUF_INIT(sizeof(own.sun_path));
	struct buf final = BUF_INIT(sizeof(own.sun_path));
	int reason;
	bool ok;

	buf_printf(&name, "%.*s.%d", STR_ARG(path), (int)getpid());
	buf_append(&final, path);
	memcpy(own.sun_path, buf_cstr(&name), name.failed ? 1 : name.n + 1);
	errno = ENAMETOOLONG;
	ok = !name.failed && *buf_cstr(&final);
	if (ok) {
		unlink(own.sun_path);
		ok = bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0 &&
		     chmod(own.sun_path, mode) == 0 &&
		     listen(fd, backlog) == 0 &&
		     rename(own.sun_path, buf_cstr(&final)) == 0;
		reason = errno;
		if (!ok)
			unlink(own.sun_path);
		errno = reason;
	}
	buf_release(&name);
	buf_release(&final);
	return ok;
}

static bool open_tcp(struct str address, const struct settings *settings,
	int *fd, struct error *err)
{
	size_t colon = str_index(address, ':');
	struct sockaddr_in own = { .sin_family = AF_INET };
	char host[INET_ADDRSTRLEN] = "";
	int64_t port;
	int on = 1;

	if (colon < sizeof(host))
		memcpy(host, address.p, colon);
	if (!str_to_int64_in(str_from(address, colon + 1), 1, 65535, &port) ||
		inet_pton(AF_INET, host, &own.sin_addr) != 1)
		return error_refuse(err, ERR_CONFIG, "server.listen",
			"server.listen = '%.*s': expected unix:PATH or "
			"ADDRESS:PORT, as in 127.0.0.1:9000",
			STR_ARG(address));
	own.sin_port = htons((uint16_t)port);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 &&
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ==
			0 &&
		bind(*fd, (struct sockaddr *)&own, sizeof(own)) == 0 &&
		listen(*fd, (int)settings->backlog) == 0)
		return true;
	error_refuse(err, ERR_CONFIG, "server.listen",
		"cannot listen on %.*s: %s", STR_ARG(address), strerror(errno));
	if (*fd >= 0)
		close(*fd);
	return false;
}

static bool read_mode(struct str text, mode_t *mode)
{
	unsigned value = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return false;
		value = value * 8 + (unsigned)(text.p[i] - '0');
	}
	*mode = (mode_t)value;
	return text.n > 0 && value <= 0777;
}

/* The kernel cuts the backlog silently; a burst then meets refusals. */
static void warn_about_backlog(int64_t backlog)
{
	FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
	char text[32] = "";
	int64_t max;

	if (!file)
		return;
	if (fgets(text, sizeof(text), file) &&
		str_to_int64(str_trim(str_of(text)), &max) && max < backlog)
		log_warn("net.core.somaxconn is %" PRId64
			 ": the kernel keeps that many waiting connections, "
			 "not the %" PRId64 " of server.backlog",
			max, backlog);
	fclose(file);
}
