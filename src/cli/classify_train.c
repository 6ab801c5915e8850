/*
 * classify_train.c - weights from prompts that two models answered, and how
 * well they do on prompts that they were not trained on.
 */
#include "classify/train.h"
#include "cli/classifier.h"
#include "cli/command.h"

#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES (INT64_C(1) << 30)

static const struct option_row options[] = {
	{ "from", "FILE",
		"lines {\"prompt\",\"weak\",\"strong\"}; may be repeated" },
	{ "out", "FILE", "where the weights go" },
	{ "lexicon", "FILE", "default: " CLASSIFIER_LEXICON " of the data" },
	{ "hold-out", "NAME",
		"a data set that is measured and not trained on; may be "
		"repeated" },
	{ "report", NULL, "print APGR for each data set" },
	{ NULL, NULL, NULL },
};

static bool read_lexicon(
	struct session *session, struct lexicon_slot *slots, struct error *err);
static bool read_rows(
	struct session *session, struct training *training, struct error *err);
static bool hold_out(
	struct session *session, struct training *training, struct error *err);
static bool train(
	struct session *session, struct training *training, struct error *err);
static void report(struct session *session, const struct training *training);
static bool read_file(struct arena *arena, const char *path, struct str *out,
	struct error *err);
static bool write_weights(
	const char *path, const struct weights *weights, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct lexicon_slot *lexicon = ARENA_ARRAY(
		&session->arena, struct lexicon_slot, LEXICON_SLOTS);
	struct training *training = ARENA_NEW(&session->arena, struct training);
	bool done;

	if (!arguments_has(&session->arguments, "from") ||
		!arguments_has(&session->arguments, "out"))
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"--from FILE and --out FILE are needed.");
	if (!read_lexicon(session, lexicon, err))
		return false;
	training_init(training, lexicon);
	done = read_rows(session, training, err) &&
	       hold_out(session, training, err) &&
	       train(session, training, err);
	training_release(training);
	return done;
}

static bool read_lexicon(
	struct session *session, struct lexicon_slot *slots, struct error *err)
{
	char path[PATH_MAX];
	struct str text;

	return classifier_path(
		       session, "lexicon", CLASSIFIER_LEXICON, path, err) &&
	       read_file(&session->arena, path, &text, err) &&
	       lexicon_read(slots, text, err);
}

static bool read_rows(
	struct session *session, struct training *training, struct error *err)
{
	struct str given, text;
	size_t at = 0;

	while (arguments_next(&session->arguments, "from", &at, &given)) {
		struct arena_mark mark = arena_mark(&session->arena);
		const char *path = arena_cstr(&session->arena, given);

		if (!read_file(&session->arena, path, &text, err))
			return false;
		text = mended_text(&session->arena, text);
		if (!training_read(training, text, path, err))
			return false;
		arena_rewind(&session->arena, mark);
	}
	return true;
}

static bool hold_out(
	struct session *session, struct training *training, struct error *err)
{
	struct str name;
	size_t at = 0;

	while (arguments_next(&session->arguments, "hold-out", &at, &name)) {
		if (!training_hold_out(training, name, err))
			return false;
	}
	return true;
}

static bool train(
	struct session *session, struct training *training, struct error *err)
{
	const char *path = arena_cstr(
		&session->arena, arguments_text(&session->arguments, "out"));
	struct weights *weights = ARENA_NEW(&session->arena, struct weights);

	if (!training_run(training, weights, err) ||
		!write_weights(path, weights, err))
		return false;
	if (arguments_has(&session->arguments, "report")) {
		report(session, training);
		return true;
	}
	output_row(&session->output);
	output_str(&session->output, "weights", str_of(path));
	output_int(&session->output, "rows", weights->trained_rows);
	return true;
}

static void report(struct session *session, const struct training *training)
{
	struct output *output = &session->output;

	output_list(output);
	for (size_t i = 0; i < training->data_set_count; i++) {
		struct training_measure found;

		training_measure(training, i, &found);
		output_row(output);
		output_str(output, "dataset", found.name);
		output_int(output, "rows", (int64_t)found.rows);
		output_str(output, "measured",
			found.trained ? S("5 folds") : S("held out"));
		output_json(output, "weak",
			arena_printf(output->arena, "%.4f", found.weak));
		output_json(output, "strong",
			arena_printf(output->arena, "%.4f", found.strong));
		output_json(output, "apgr",
			arena_printf(output->arena, "%.4f", found.apgr));
	}
}

/* All of it, in the arena. */
static bool read_file(struct arena *arena, const char *path, struct str *out,
	struct error *err)
{
	FILE *file = fopen(path, "rbe");
	struct stat status;
	bool good;

	if (!file)
		return error_refuse(
			err, ERR_IO, NULL, "%s: %s.", path, strerror(errno));
	good = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_size <= MAX_FILE_BYTES;
	if (good) {
		char *bytes = arena_alloc(arena, (size_t)status.st_size + 1);

		*out = (struct str){ bytes,
			fread(bytes, 1, (size_t)status.st_size, file) };
		good = !ferror(file);
	}
	fclose(file);
	return good ||
	       error_refuse(err, ERR_IO, NULL,
		       "%s: cannot be read as a file of at most 1 GiB.", path);
}

/* Under another name first: a process may be using the old weights. */
static bool write_weights(
	const char *path, const struct weights *weights, struct error *err)
{
	char next[PATH_MAX];
	FILE *file;
	bool good;

	if (snprintf(next, sizeof(next), "%s.new", path) >= (int)sizeof(next))
		return error_refuse(
			err, ERR_BAD_REQUEST, "out", "--out is too long.");
	file = fopen(next, "wbe");
	if (!file)
		return error_refuse(
			err, ERR_IO, "out", "%s: %s.", next, strerror(errno));
	good = fwrite(weights, sizeof(*weights), 1, file) == 1;
	good = fclose(file) == 0 && good;
	if (good && rename(next, path) == 0)
		return true;
	error_refuse(err, ERR_IO, "out", "%s: %s.", path, strerror(errno));
	unlink(next);
	return false;
}

const struct command command_classify_train = {
	.words = "classify train",
	.operands = "",
	.help = "make the classifier's weights from judged prompts",
	.options = options,
	.needs = NEEDS_NOTHING,
	.run = run,
};
