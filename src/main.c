/*
 * main.c - what to be: the command line, or what a web server started.
 *
 * mod_fcgid and spawn-fcgi start a FastCGI program with a listening socket as
 * its standard input and no arguments of ours; mod_fcgid by the name
 * llm-gateway.fcgi. Everything else is a person or a script.
 */
#include "cli/cli.h"
#include "base/str.h"

#include <sys/socket.h>
#include <unistd.h>

static bool started_by_web_server(int argc, char **argv);
static bool is_listening_socket(int fd);

int main(int argc, char **argv)
{
	char serve[] = "serve";
	char *as_daemon[] = { argv[0], serve, NULL };

	if (started_by_web_server(argc, argv))
		return cli_run(2, as_daemon);
	return cli_run(argc, argv);
}

static bool started_by_web_server(int argc, char **argv)
{
	if (argc > 0 && str_ends(str_of(argv[0]), S("llm-gateway.fcgi")))
		return true;
	return argc <= 1 && is_listening_socket(STDIN_FILENO);
}

/* A script may have connected our input to a socket: that is no listener. */
static bool is_listening_socket(int fd)
{
	socklen_t length = sizeof(int);
	int listening = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) ==
		       0 &&
	       listening;
}
