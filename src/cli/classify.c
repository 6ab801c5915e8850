/*
 * classify.c - how much prompts need the strong model: one of them with the
 * reasons, or many as lines of JSON.
 *
 * Works without a configuration and without a database.
 */
#include "base/json.h"
#include "cli/classifier.h"
#include "cli/command.h"

#define MAX_PROMPT_BYTES (64 << 20)
#define MAX_ANSWER_BYTES (1 << 20)
#define MAX_DEPTH 64
#define ARENA_BYTES 65536

static const struct option_row options[] = {
	{ "jsonl", NULL,
		"read lines {\"id\",\"prompt\"} and write "
		"{\"id\",\"score\",\"class\",\"task\"}" },
	{ "weights", "FILE", "default: " CLASSIFIER_WEIGHTS " of the data" },
	{ NULL, NULL, NULL },
};

static bool classify_one(struct session *session,
	const struct classifier *classifier, struct error *err);
static bool read_prompt(
	struct session *session, struct str *out, struct error *err);
static struct str reasons_json(
	struct arena *arena, const struct classification *found);
static bool classify_lines(
	const struct classifier *classifier, struct error *err);
static bool classify_line(const struct classifier *classifier, struct str line,
	struct arena *arena, struct buf *answer, struct error *err);
static bool read_line(struct str line, struct arena *arena, struct json *id,
	struct str *prompt, struct error *err);
static void write_answer(
	struct json id, const struct classification *found, struct buf *answer);

static bool run(struct session *session, struct error *err)
{
	bool lines = arguments_has(&session->arguments, "jsonl");
	struct classifier *classifier;
	bool done;

	if (lines && session->arguments.word_count)
		return error_refuse(err, ERR_BAD_REQUEST, "jsonl",
			"With --jsonl, prompts come from standard input.");
	if (!classifier_find(session, &classifier, err))
		return false;
	if (lines) {
		output_none(&session->output);
		done = classify_lines(classifier, err);
	} else {
		done = classify_one(session, classifier, err);
	}
	classifier_close(classifier);
	return done;
}

static bool classify_one(struct session *session,
	const struct classifier *classifier, struct error *err)
{
	struct output *output = &session->output;
	struct prompt prompt = {
		.context = S(""), .turns = 1, .max_tokens = -1
	};
	struct classification found;

	if (!read_prompt(session, &prompt.text, err))
		return false;
	classifier_run(classifier, &prompt, &found);
	output_row(output);
	output_str(output, "class", str_of(complexity_name(found.complexity)));
	output_json(output, "score",
		arena_printf(&session->arena, "%.9f", found.score));
	output_str(output, "task", str_of(found.task));
	output_json(output, "reasons", reasons_json(&session->arena, &found));
	return true;
}

/* The word behind the command, else all of standard input. */
static bool read_prompt(
	struct session *session, struct str *out, struct error *err)
{
	struct buf buf = BUF_INIT(MAX_PROMPT_BYTES);
	size_t n;

	if (session->arguments.word_count) {
		*out = session_operand(session, 0);
		return true;
	}
	do {
		char *room = buf_reserve(&buf, 4096);

		n = room ? fread(room, 1, 4096, stdin) : 0;
		buf_advance(&buf, n);
	} while (n);
	*out = arena_copy(&session->arena, buf_str(&buf));
	n = buf.failed;
	buf_release(&buf);
	return !n ||
	       error_refuse(err, ERR_TOO_LARGE, NULL,
		       "The prompt is longer than %d bytes.", MAX_PROMPT_BYTES);
}

static struct str reasons_json(
	struct arena *arena, const struct classification *found)
{
	struct buf buf = BUF_INIT(MAX_ANSWER_BYTES);
	struct json_writer w;
	struct str text;

	json_writer_init(&w, &buf);
	json_begin_array(&w);
	for (size_t i = 0; i < found->reason_count; i++) {
		json_begin_object(&w);
		json_member_str(
			&w, "feature", str_of(found->reasons[i].feature));
		json_member_raw(&w, "weight",
			arena_printf(arena, "%.4f", found->reasons[i].weight));
		json_end_object(&w);
	}
	json_end_array(&w);
	text = arena_copy(arena, buf_str(&buf));
	buf_release(&buf);
	return text;
}

static bool classify_lines(
	const struct classifier *classifier, struct error *err)
{
	struct buf answer = BUF_INIT(MAX_ANSWER_BYTES);
	struct arena arena;
	char *line = NULL;
	size_t capacity = 0, number = 0;
	ssize_t n;
	bool good = true;

	arena_init(&arena, ARENA_BYTES);
	while (good && (n = getline(&line, &capacity, stdin)) >= 0) {
		struct str text = str_trim((struct str){ line, (size_t)n });
		struct error why = ERROR_INIT;

		number++;
		if (!text.n)
			continue;
		buf_clear(&answer);
		good = classify_line(classifier, text, &arena, &answer, &why);
		if (good)
			fwrite(answer.p, 1, answer.n, stdout);
		else
			error_refuse(err, ERR_CONFIG, NULL, "Line %zu: %s",
				number, error_message(&why));
		arena_reset(&arena);
	}
	if (good && ferror(stdin))
		good = error_set(
			err, ERR_IO, "standard input: %s", strerror(errno));
	free(line);
	buf_release(&answer);
	arena_release(&arena);
	return good;
}

static bool classify_line(const struct classifier *classifier, struct str line,
	struct arena *arena, struct buf *answer, struct error *err)
{
	struct prompt prompt = {
		.context = S(""), .turns = 1, .max_tokens = -1
	};
	struct classification found;
	struct json id;

	if (!read_line(line, arena, &id, &prompt.text, err))
		return false;
	classifier_run(classifier, &prompt, &found);
	write_answer(id, &found, answer);
	return !answer->failed ||
	       error_refuse(err, ERR_TOO_LARGE, "id", "id is too long.");
}

/* What is no UTF-8 is mended first: a prompt may be of any bytes. */
static bool read_line(struct str line, struct arena *arena, struct json *id,
	struct str *prompt, struct error *err)
{
	struct json value;

	line = mended_text(arena, line);
	if (!json_check(line, MAX_DEPTH, &value, err))
		return false;
	if (value.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"an object {\"id\",\"prompt\"} is expected.");
	*id = json_find(value, S("id"));
	if (id->type != JSON_TYPE_STRING && id->type != JSON_TYPE_NUMBER)
		return error_refuse(err, ERR_MISSING_FIELD, "id",
			"id is missing: a text or a number.");
	if (!json_text(json_find(value, S("prompt")), arena, prompt))
		return error_refuse(err, ERR_MISSING_FIELD, "prompt",
			"prompt is missing: a text.");
	return true;
}

static void write_answer(
	struct json id, const struct classification *found, struct buf *answer)
{
	buf_append(answer, S("{\"id\":"));
	buf_append(answer, id.text);
	buf_printf(answer,
		",\"score\":%.9f,\"class\":\"%s\",\"task\":\"%s\"}\n",
		found->score, complexity_name(found->complexity), found->task);
}

const struct command command_classify = {
	.words = "classify",
	.operands = "[PROMPT]",
	.help = "how much prompts need the strong model",
	.options = options,
	.needs = NEEDS_NOTHING,
	.run = run,
};
