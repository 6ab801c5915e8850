/*
 * serve.c - be the daemon, or the process that a web server started.
 */
#include "server/server.h"

#include "cli/command.h"

static const struct option_row options[] = {
	{ "listen", "ADDRESS",
		"unix:PATH or ADDRESS:PORT (default: server.listen)" },
	{ NULL, NULL, NULL },
};

static bool run(struct session *session, struct error *err)
{
	struct str given = arguments_text(&session->arguments, "listen");
	struct serve_options serve = { .listen = NULL };

	(void)err; /* the server logs its own */
	if (given.n)
		serve.listen = arena_cstr(&session->arena, given);
	session->exit_status = server_run(&session->settings, &serve);
	output_none(&session->output);
	return true;
}

const struct command command_serve = {
	.words = "serve",
	.operands = "",
	.help = "answer FastCGI requests until SIGTERM",
	.options = options,
	.needs = NEEDS_SETTINGS,
	.run = run,
};
