/*
 * main.c - the simulator's command line: an HTTP server that behaves like an
 * LLM provider, well or badly, as each request asks for. See README.md.
 */
#include <signal.h>

#include "server.h"

static bool read_options(int argc, char **argv, struct server_options *options);
static bool read_option(
	struct str name, const char *value, struct server_options *options);

int main(int argc, char **argv)
{
	struct server_options options = { .threads = 1 };
	struct error err = ERROR_INIT;

	if (!read_options(argc, argv, &options)) {
		fputs("usage: simulator --listen ADDRESS:PORT|unix:PATH "
		      "[--recordings DIR] [--threads N] "
		      "[--models NAME,NAME]\n",
			stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (server_run(&options, &err))
		return 0;
	fprintf(stderr, "simulator: %s\n", error_detail(&err));
	return 1;
}

static bool read_options(int argc, char **argv, struct server_options *options)
{
	if (argc % 2 == 0)
		return false;
	for (int i = 1; i < argc; i += 2) {
		if (!read_option(str_of(argv[i]), argv[i + 1], options))
			return false;
	}
	return options->listen.n > 0;
}

static bool read_option(
	struct str name, const char *value, struct server_options *options)
{
	if (str_equal(name, S("--listen")))
		options->listen = str_of(value);
	else if (str_equal(name, S("--recordings")))
		options->recordings = value;
	else if (str_equal(name, S("--models")))
		options->models = value;
	else if (str_equal(name, S("--threads")))
		return str_to_int64_in(str_of(value), 1, SERVER_MAX_THREADS,
			&options->threads);
	else
		return false;
	return true;
}
