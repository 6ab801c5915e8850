/*
 * cli.c - one command from its words to its exit status.
 */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/command.h"

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define MAX_ERROR_JSON_BYTES 4096

static int run_command(const struct command *command, int argc, char **argv);
static bool read_arguments(struct session *session,
	const struct command *command, int argc, char **argv,
	struct error *err);
static bool ends_optionally(const char *operands);
static bool open_needs(
	struct session *session, unsigned needs, struct error *err);
static int fail(const struct error *err, bool json);
static bool asks_for(int argc, char **argv, const char *option);

int cli_run(int argc, char **argv)
{
	const struct command *command = command_find(argc, argv);
	struct error err = ERROR_INIT;

	if (asks_for(argc, argv, "--help") || argc < 2 ||
		strcmp(argv[1], "help") == 0) {
		command_print_help(command, stdout);
		return EXIT_DONE;
	}
	if (command)
		return run_command(command, argc, argv);
	error_refuse(&err, ERR_BAD_REQUEST, NULL,
		"There is no such command. 'llm-gateway --help' lists them.");
	return fail(&err, asks_for(argc, argv, "--json"));
}

/* An answer that nobody could read was not given. */
static int run_command(const struct command *command, int argc, char **argv)
{
	struct session session;
	struct error err = ERROR_INIT;
	int status;

	session_init(&session);
	if (read_arguments(&session, command, argc, argv, &err) &&
		open_needs(&session, command->needs, &err) &&
		command->run(&session, &err)) {
		output_print(&session.output, stdout);
		status = session.exit_status;
		if (ferror(stdout) || fflush(stdout) != 0) {
			error_refuse(&err, ERR_IO, NULL,
				"The answer could not be written: %s.",
				strerror(errno));
			status = fail(&err, false);
		}
	} else {
		status = fail(&err, asks_for(argc, argv, "--json"));
	}
	session_close(&session);
	return status;
}

static bool read_arguments(struct session *session,
	const struct command *command, int argc, char **argv, struct error *err)
{
	struct arguments *arguments = &session->arguments;
	unsigned words = command_word_count(command);
	unsigned operands = command_operand_count(command);

	if (!arguments_read(arguments, argc - 1, argv + 1, command->options,
		    command_shared_options, err))
		return false;
	assert(arguments->word_count >= words);
	arguments->word_count -= words;
	memmove(arguments->words, arguments->words + words,
		arguments->word_count * sizeof(arguments->words[0]));
	/* The last one may be left out: "[PATTERN]". */
	if (arguments->word_count + 1 == operands &&
		ends_optionally(command->operands))
		operands--;
	if (arguments->word_count != operands)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"Write: llm-gateway %s%s%s [OPTION]...", command->words,
			command->operands[0] ? " " : "", command->operands);
	for (unsigned i = 0; i < operands; i++) {
		if (arguments->words[i].n == 0)
			return error_refuse(err, ERR_BAD_REQUEST, NULL,
				"%s must not be empty.", command->operands);
	}
	output_init(&session->output, &session->arena,
		arguments_has(arguments, "json"));
	return true;
}

/* "NAME [PATTERN]", but not "NAME MODEL[,MODEL...]". */
static bool ends_optionally(const char *operands)
{
	const char *last = strrchr(operands, ' ');

	return (last ? last[1] : operands[0]) == '[';
}

static bool open_needs(
	struct session *session, unsigned needs, struct error *err)
{
	if ((needs & NEEDS_SETTINGS) && !session_read_settings(session, err))
		return false;
	if ((needs & NEEDS_VAULT) == NEEDS_VAULT &&
		!session_open_vault(session, err))
		return false;
	return (needs & NEEDS_DATABASE) != NEEDS_DATABASE ||
	       session_open_database(session, err);
}

static int fail(const struct error *err, bool json)
{
	struct buf buf = BUF_INIT(MAX_ERROR_JSON_BYTES);
	struct json_writer writer;

	fprintf(stderr, "llm-gateway: %s%s%s%s\n", error_message(err),
		err->detail[0] ? " (" : "", err->detail,
		err->detail[0] ? ")" : "");
	if (json) {
		json_writer_init(&writer, &buf);
		json_begin_object(&writer);
		json_name(&writer, "error");
		json_begin_object(&writer);
		json_member_str(&writer, "message", str_of(error_message(err)));
		json_member_str(&writer, "code", str_of(error_name(err->kind)));
		json_member_str(&writer, "param", str_of(err->param));
		json_end_object(&writer);
		json_end_object(&writer);
		puts(buf_cstr(&buf));
		buf_release(&buf);
	}
	return err->kind == ERR_BAD_REQUEST ? EXIT_USAGE : EXIT_FAILED;
}

static bool asks_for(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], option) == 0)
			return true;
	}
	return false;
}
