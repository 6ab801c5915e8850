/*
 * tokens.c - counts the tokens of a text, of many texts, or of a whole
 * request, as standard input brings them.
 */
#include "base/data_directory.h"
#include "base/json.h"
#include "cli/command.h"
#include "dialect/dialect.h"
#include "gateway/prompt_tokens.h"

#include <unistd.h>

#define MAX_INPUT_BYTES (1u << 30)
#define READ_BYTES 65536
#define MAX_DEPTH 256

static const struct option_row options[] = {
	{ "model", "MODEL",
		"whose vocabulary counts (default: that of gpt-4o)" },
	{ "encoding", "NAME", "o200k_base or cl100k_base" },
	{ "ids", NULL, "show the tokens' ids, too" },
	{ "jsonl", NULL,
		"each line is {\"id\",\"text\"}; so are the answers, with "
		"\"count\" and \"ids\"" },
	{ "chat", NULL, "the input is the body of a chat request" },
	{ "dialect", "DIALECT",
		"the format of that body (default: openai_chat)" },
	{ NULL, NULL, NULL },
};

/* What is asked for, read once. */
struct ask {
	struct session *session;
	struct tokenizer *tokenizer;
	const struct vocabulary *vocabulary; /* NULL: not public */
	struct str model;
};

static bool answer(struct ask *ask, struct str input, struct error *err);
static bool choose_vocabulary(struct ask *ask, struct error *err);
static bool read_input(struct buf *out, struct error *err);
static void answer_text(struct ask *ask, struct str text);
static bool answer_lines(struct ask *ask, struct str input, struct error *err);
static bool answer_line(struct ask *ask, struct str line, struct arena *arena,
	struct error *err);
static void write_ids(struct json_writer *w, const uint32_t *ids, size_t count);
static bool answer_chat(struct ask *ask, struct str body, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct ask ask = {
		.session = session,
		.model = arguments_text(&session->arguments, "model"),
	};
	struct buf input = BUF_INIT(MAX_INPUT_BYTES);
	char path[PATH_MAX];
	bool ok;

	if (!data_directory_path(
		    session->settings.data_dir, "tokens", path, err) ||
		!tokenizer_open(path, &ask.tokenizer, err))
		return false;
	ok = choose_vocabulary(&ask, err) && read_input(&input, err) &&
	     answer(&ask, buf_str(&input), err);
	buf_release(&input);
	tokenizer_close(ask.tokenizer);
	return ok;
}

static bool answer(struct ask *ask, struct str input, struct error *err)
{
	const struct arguments *arguments = &ask->session->arguments;
	bool is_chat = arguments_has(arguments, "chat");
	bool is_lines = arguments_has(arguments, "jsonl");

	if (is_chat && (is_lines || arguments_has(arguments, "encoding") ||
			       arguments_has(arguments, "ids")))
		return error_refuse(err, ERR_BAD_REQUEST, "chat",
			"--chat counts a whole request by its model: it goes "
			"with --model and --dialect alone.");
	if (!is_chat && arguments_has(arguments, "dialect"))
		return error_refuse(err, ERR_BAD_REQUEST, "dialect",
			"--dialect is the format of a request: it goes with "
			"--chat.");
	if (is_chat)
		return answer_chat(ask, input, err);
	if (!ask->vocabulary)
		return error_refuse(err, ERR_BAD_FIELD, "model",
			"The vocabulary of '%.*s' is not public. --encoding "
			"names one that is.",
			STR_ARG(ask->model));
	if (is_lines)
		return answer_lines(ask, input, err);
	answer_text(ask, input);
	return true;
}

static bool choose_vocabulary(struct ask *ask, struct error *err)
{
	struct str name = arguments_text(&ask->session->arguments, "encoding");

	if (name.n > 0 && ask->model.n > 0)
		return error_refuse(err, ERR_BAD_REQUEST, "encoding",
			"Either --model or --encoding, not both.");
	if (name.n > 0) {
		ask->vocabulary = tokenizer_encoding(ask->tokenizer, name);
		return ask->vocabulary ||
		       error_refuse(err, ERR_BAD_FIELD, "encoding",
			       "There is no encoding '%.*s': write o200k_base "
			       "or cl100k_base.",
			       STR_ARG(name));
	}
	ask->vocabulary = tokenizer_vocabulary(
		ask->tokenizer, ask->model.n > 0 ? ask->model : S("gpt-4o"));
	return true;
}

static bool read_input(struct buf *out, struct error *err)
{
	ssize_t got = 1;

	while (got > 0 && !out->failed) {
		char *room = buf_reserve(out, READ_BYTES);

		if (!room)
			break;
		got = read(STDIN_FILENO, room, READ_BYTES);
		if (got > 0)
			buf_advance(out, (size_t)got);
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (got < 0)
		return error_set(
			err, ERR_IO, "standard input: %s", strerror(errno));
	return !out->failed || error_refuse(err, ERR_TOO_LARGE, NULL,
				       "There is more than a gigabyte on "
				       "standard input.");
}

static void answer_text(struct ask *ask, struct str text)
{
	struct output *output = &ask->session->output;
	bool wants_ids = arguments_has(&ask->session->arguments, "ids");
	struct buf list = BUF_INIT(SIZE_MAX / 2);
	struct json_writer w;
	uint32_t *ids;
	size_t count;

	if (!wants_ids) {
		output_int(output, "tokens",
			vocabulary_count(ask->vocabulary, text));
		output_alone(output);
		return;
	}
	ids = ARENA_ARRAY(&ask->session->arena, uint32_t, text.n + 1);
	count = vocabulary_encode(ask->vocabulary, text, ids, text.n);
	json_writer_init(&w, &list);
	write_ids(&w, ids, count);
	output_str(
		output, "encoding", str_of(vocabulary_name(ask->vocabulary)));
	output_int(output, "tokens", (int64_t)count);
	output_json(output, "ids", buf_str(&list));
	buf_release(&list);
}

static bool answer_lines(struct ask *ask, struct str input, struct error *err)
{
	struct arena arena;
	struct str line;
	bool ok = true;

	arena_init(&arena, 65536);
	output_none(&ask->session->output);
	while (ok && str_next_field(&input, '\n', &line)) {
		if (str_trim(line).n > 0)
			ok = answer_line(ask, line, &arena, err);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return ok;
}

static bool answer_line(struct ask *ask, struct str line, struct arena *arena,
	struct error *err)
{
	struct buf out = BUF_INIT(SIZE_MAX / 2);
	struct json_writer w;
	struct json root, id;
	uint32_t *ids;
	struct str text;
	size_t count;

	if (!json_check(line, MAX_DEPTH, &root, err))
		return false;
	if (!json_text(json_find(root, S("text")), arena, &text))
		return error_refuse(err, ERR_BAD_FIELD, "text",
			"Each line is a JSON object with a \"text\".");
	ids = ARENA_ARRAY(arena, uint32_t, text.n + 1);
	count = vocabulary_encode(ask->vocabulary, text, ids, text.n);
	id = json_find(root, S("id"));
	json_writer_init(&w, &out);
	json_begin_object(&w);
	if (id.type != JSON_TYPE_NONE)
		json_member_raw(&w, "id", id.text);
	json_member_int(&w, "count", (int64_t)count);
	json_name(&w, "ids");
	write_ids(&w, ids, count);
	json_end_object(&w);
	fwrite(out.p, 1, out.n, stdout);
	fputc('\n', stdout);
	buf_release(&out);
	return true;
}

static void write_ids(struct json_writer *w, const uint32_t *ids, size_t count)
{
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_write_int(w, ids[i]);
	json_end_array(w);
}

static bool answer_chat(struct ask *ask, struct str body, struct error *err)
{
	struct session *session = ask->session;
	struct str name = arguments_text(&session->arguments, "dialect");
	const struct vocabulary *vocabulary =
		tokenizer_encoding(ask->tokenizer, S("o200k_base"));
	const struct dialect *dialect =
		dialect_find(name.n > 0 ? name : S("openai_chat"));
	struct chat_request request;
	struct chat_head head;
	struct token_chat chat;
	struct token_count count;

	if (!dialect)
		return error_refuse(err, ERR_BAD_FIELD, "dialect",
			"There is no dialect '%.*s'.", STR_ARG(name));
	if (!dialect->read_head(body, &session->arena, &head, err) ||
		!dialect->read_request(&head, &session->arena, &request, err))
		return false;
	prompt_tokens_fill(&head, &request, &session->arena, &chat);
	if (ask->model.n > 0)
		chat.model = ask->model;
	if (strcmp(dialect->name, "openai_responses") == 0)
		chat.api = TOKEN_API_RESPONSES;
	count = token_chat_count(ask->tokenizer, &chat, &session->arena);
	output_str(&session->output, "model", chat.model);
	output_bool(
		&session->output, "estimated", count.certainty != TOKENS_EXACT);
	output_int(&session->output, "messages", (int64_t)chat.message_count);
	output_int(&session->output, "tools", (int64_t)chat.tool_count);
	output_int(&session->output, "text_tokens",
		token_chat_texts(vocabulary, &chat));
	output_int(&session->output, "prompt_tokens", count.tokens);
	output_alone(&session->output);
	return true;
}

const struct command command_tokens = {
	.words = "tokens",
	.operands = "",
	.help = "count the tokens of standard input",
	.options = options,
	.needs = NEEDS_SETTINGS,
	.run = run,
};
