/*
 * command.c - the table of commands, and help.
 */
#include "cli/command.h"

#define HELP_COLUMN 24

const struct command *const command_table[] = {
	&command_serve,
	&command_migrate,
	&command_check,
	&command_doctor,
	&command_settings,
	&command_rekey,
	&command_user_add,
	&command_user_list,
	&command_user_password,
	&command_user_password_link,
	&command_user_disable,
	&command_user_enable,
	&command_invite,
	&command_member_set,
	&command_member_list,
	&command_member_remove,
	&command_session_list,
	&command_session_revoke,
	&command_project_add,
	&command_provider_add,
	&command_provider_list,
	&command_provider_remove,
	&command_host_add,
	&command_host_remove,
	&command_model_add,
	&command_model_list,
	&command_model_history,
	&command_model_enable,
	&command_model_disable,
	&command_models_sync,
	&command_models_changes,
	&command_models_merge,
	&command_alias_set,
	&command_alias_list,
	&command_key_create,
	&command_key_list,
	&command_key_rotate,
	&command_key_revoke,
	&command_cache_stats,
	&command_cache_clear,
	&command_budget_set,
	&command_budget_list,
	&command_budget_remove,
	&command_quota_set,
	&command_quota_list,
	&command_quota_remove,
	&command_usage_export,
	&command_classify_train,
	&command_classify,
	&command_tokens,
	&command_channel_add,
	&command_channel_list,
	&command_channel_remove,
	&command_channel_test,
	&command_alert_add,
	&command_alert_list,
	&command_alert_remove,
	&command_alert_log,
	NULL,
};

const struct option_row command_shared_options[] = {
	{ "config", "FILE",
		"settings file (or LLM_GATEWAY_CONFIG, or " DEFAULT_CONFIG
		" when it exists)" },
	{ "set", "SECTION.KEY=VALUE", "change one setting; may be repeated" },
	{ "json", NULL, "answer in JSON" },
	{ "help", NULL, "print this help" },
	{ NULL, NULL, NULL },
};

static size_t first_words(int argc, char *const *argv, struct str out[2]);
static unsigned count_words(const char *text);
static bool command_is(
	const struct command *command, const struct str *words, size_t count);
static void print_options(const struct option_row *options, FILE *file);

const struct command *command_find(int argc, char *const *argv)
{
	struct str words[2];
	size_t count = first_words(argc, argv, words);

	for (size_t i = 0; command_table[i]; i++) {
		if (command_is(command_table[i], words, count))
			return command_table[i];
	}
	return NULL;
}

unsigned command_word_count(const struct command *command)
{
	return count_words(command->words);
}

unsigned command_operand_count(const struct command *command)
{
	return count_words(command->operands);
}

void command_print_help(const struct command *command, FILE *file)
{
	if (command) {
		fprintf(file, "llm-gateway %s%s%s [OPTION]...\n  %s\n\n",
			command->words, command->operands[0] ? " " : "",
			command->operands, command->help);
		if (command->options)
			print_options(command->options, file);
		print_options(command_shared_options, file);
		return;
	}
	fprintf(file, "llm-gateway COMMAND [OPTION]...\n\n"
		      "One key and one endpoint for many LLM providers.\n\n");
	for (size_t i = 0; command_table[i]; i++)
		fprintf(file, "  %-*s%s\n", HELP_COLUMN,
			command_table[i]->words, command_table[i]->help);
	fprintf(file, "\nEvery command takes:\n");
	print_options(command_shared_options, file);
	fprintf(file, "\n'llm-gateway COMMAND --help' tells more.\n");
}

/* The first two arguments that are neither options nor their values. */
static size_t first_words(int argc, char *const *argv, struct str out[2])
{
	size_t count = 0;

	for (int i = 1; i < argc && count < 2; i++) {
		struct str argument = str_of(argv[i]);
		const struct option_row *row =
			option_find(command_shared_options, argument);

		if (row && row->value && str_index(argument, '=') == argument.n)
			i++;
		else if (!row && !str_starts(argument, S("-")))
			out[count++] = argument;
		else if (!row)
			break;
	}
	return count;
}

static unsigned count_words(const char *text)
{
	struct str rest = str_of(text), word;
	unsigned count = 0;

	while (str_next_field(&rest, ' ', &word))
		count++;
	return count;
}

static bool command_is(
	const struct command *command, const struct str *words, size_t count)
{
	struct str rest = str_of(command->words), word;
	size_t i = 0;

	while (str_next_field(&rest, ' ', &word)) {
		if (i == count || !str_equal(word, words[i++]))
			return false;
	}
	return true;
}

static void print_options(const struct option_row *options, FILE *file)
{
	for (; options->name; options++) {
		int width = fprintf(file, "  --%s%s%s", options->name,
			options->value ? " " : "",
			options->value ? options->value : "");

		if (width < HELP_COLUMN)
			fprintf(file, "%*s", HELP_COLUMN - width, "");
		else
			fprintf(file, "\n%*s", HELP_COLUMN, "");
		fprintf(file, "  %s\n", options->meaning);
	}
}
