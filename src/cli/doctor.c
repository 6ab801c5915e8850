/*
 * doctor.c - is all well with a gateway that runs? `check` looks for what
 * would keep it from working; this looks at what it does: whether streams
 * arrive as they are sent, whether the log keeps up, whether limits and prices
 * mean anything. Everything is told in words.
 */
#include "cli/doctor.h"

#include "cli/command.h"

#define DEFAULT_URL S("http://127.0.0.1")
#define MAX_SILENCE_S 600

static const struct option_row options[] = {
	{ "url", "URL",
		"the gateway as clients have it (default: http://127.0.0.1)" },
	{ "key-stdin", NULL, "read a gateway key, to ask for a stream with" },
	{ "silence", "SECONDS", "be silent so long in the stream (default 0)" },
	{ NULL, NULL, NULL },
};

typedef bool look(struct session *session, struct error *err);

static bool look_at_stream(struct session *session, struct error *err);

/* What asks the database. */
static look *const facts[] = {
	doctor_look_at_journal,
	doctor_look_at_prices,
	doctor_look_at_keys,
};

static bool run(struct session *session, struct error *err)
{
	output_list(&session->output);
	if (!look_at_stream(session, err))
		return false;
	if (!session_open_database(session, err)) {
		doctor_says(session, "database", FINDING_FAULT,
			"It cannot be reached: %s", error_detail(err));
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (!facts[i](session, err))
			return false;
	return true;
}

static bool look_at_stream(struct session *session, struct error *err)
{
	struct arguments *arguments = &session->arguments;
	struct doctor_stream wanted = { .pieces = 10, .gap_ms = 100 };
	int64_t silence_s = 0;

	if (!arguments_int(
		    arguments, "silence", 0, MAX_SILENCE_S, &silence_s, err))
		return false;
	if (!arguments_has(arguments, "key-stdin")) {
		doctor_says(session, "stream", FINDING_NOTE,
			"Not looked at: with --url and --key-stdin a stream is "
			"asked for through the web server.");
		return true;
	}
	wanted.url = arguments_text(arguments, "url");
	if (wanted.url.n == 0)
		wanted.url = DEFAULT_URL;
	while (str_ends(wanted.url, S("/")))
		wanted.url.n--;
	wanted.silence_ms = silence_s * 1000;
	if (!session_read_secret(session, "gateway key", &wanted.key, err))
		return false;
	doctor_look_at_stream(session, &wanted);
	return true;
}

void doctor_says(struct session *session, const char *about,
	enum finding finding, const char *format, ...)
{
	static const char *const words[] = {
		[FINDING_OK] = "ok",
		[FINDING_NOTE] = "note",
		[FINDING_WARNING] = "warning",
		[FINDING_FAULT] = "fault",
	};
	struct output *output = &session->output;
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (finding == FINDING_FAULT)
		session->exit_status = 1;
	output_row(output);
	output_str(output, "about", str_of(about));
	output_str(output, "finding", str_of(words[finding]));
	output_str(output, "text", arena_copy(&session->arena, str_of(text)));
}

const struct command command_doctor = {
	.words = "doctor",
	.operands = "",
	.help = "look at a gateway that runs, and say in words what is wrong",
	.options = options,
	.needs = NEEDS_SETTINGS,
	.run = run,
};
