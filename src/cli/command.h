/*
 * command.h - what a command is, and the table of all of them.
 *
 * One command is one file with one `const struct command`; a new one is that
 * file, its declaration and its row here. The words of a command are its
 * name on the command line ("key create"). What it needs is opened before it
 * runs and closed after it.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/arguments.h"
#include "cli/session.h"

enum {
	NEEDS_NOTHING = 0,
	NEEDS_SETTINGS = 1,
	NEEDS_VAULT = 2 | NEEDS_SETTINGS,
	NEEDS_DATABASE = 4 | NEEDS_SETTINGS,
};

struct command {
	const char *words;
	/* "EMAIL"; one word for each, "" for none; the last one may be left
	 * out where it stands in brackets. */
	const char *operands;
	const char *help;                 /* one line */
	const struct option_row *options; /* NULL: none of its own */
	unsigned needs;
	MUST_USE bool (*run)(struct session *session, struct error *err);
};

extern const struct command command_alert_add;
extern const struct command command_alert_list;
extern const struct command command_alert_log;
extern const struct command command_alert_remove;
extern const struct command command_alias_list;
extern const struct command command_alias_set;
extern const struct command command_channel_add;
extern const struct command command_channel_list;
extern const struct command command_channel_remove;
extern const struct command command_channel_test;
extern const struct command command_cache_clear;
extern const struct command command_cache_stats;
extern const struct command command_budget_list;
extern const struct command command_budget_remove;
extern const struct command command_budget_set;
extern const struct command command_check;
extern const struct command command_classify;
extern const struct command command_classify_train;
extern const struct command command_doctor;
extern const struct command command_key_create;
extern const struct command command_key_list;
extern const struct command command_key_revoke;
extern const struct command command_key_rotate;
extern const struct command command_migrate;
extern const struct command command_model_add;
extern const struct command command_model_history;
extern const struct command command_model_enable;
extern const struct command command_model_disable;
extern const struct command command_model_list;
extern const struct command command_models_changes;
extern const struct command command_models_merge;
extern const struct command command_models_sync;
extern const struct command command_host_add;
extern const struct command command_host_remove;
extern const struct command command_project_add;
extern const struct command command_provider_add;
extern const struct command command_provider_list;
extern const struct command command_provider_remove;
extern const struct command command_quota_list;
extern const struct command command_quota_remove;
extern const struct command command_quota_set;
extern const struct command command_rekey;
extern const struct command command_serve;
extern const struct command command_settings;
extern const struct command command_tokens;
extern const struct command command_usage_export;
extern const struct command command_invite;
extern const struct command command_member_list;
extern const struct command command_member_remove;
extern const struct command command_member_set;
extern const struct command command_session_list;
extern const struct command command_session_revoke;
extern const struct command command_user_add;
extern const struct command command_user_disable;
extern const struct command command_user_enable;
extern const struct command command_user_list;
extern const struct command command_user_password;
extern const struct command command_user_password_link;

/* In the order of help; ends with NULL. */
extern const struct command *const command_table[];
/* The options that every command takes. */
extern const struct option_row command_shared_options[];

/*
 * The command whose words argv[1..] begins with, shared options between them
 * passed over; NULL when there is none.
 */
const struct command *command_find(int argc, char *const *argv);
unsigned command_word_count(const struct command *command);
unsigned command_operand_count(const struct command *command);

/* Help for one command, or for all (NULL). */
void command_print_help(const struct command *command, FILE *file);

#endif
