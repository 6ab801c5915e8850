/*
 * train_read.c - lines of JSON as rows to train on.
 */
#include "classify/train.h"

#include "base/json.h"

#include <math.h>

#define ARENA_BYTES (1 << 20)
/* Rows whose questions begin alike are near-duplicates. */
#define GROUP_LETTERS 50
#define MAX_DEPTH 8

static bool read_line(
	struct training *training, struct str line, struct error *err);
static struct training_row *new_row(struct training *training);
static bool read_qualities(
	struct json line, struct training_row *row, struct error *err);
static bool read_quality(
	struct json line, const char *name, double *out, struct error *err);
static bool read_names(struct training *training, struct json line,
	struct training_row *row, struct error *err);
static bool number_name(struct training *training, struct str *names,
	size_t *count, size_t max, struct str name, unsigned *out);
static bool read_scores(struct training *training, struct json line,
	struct training_row *row, struct error *err);
static bool read_class(
	struct json line, struct training_row *row, struct error *err);
static bool read_prompt(struct training *training, struct json line,
	struct training_row *row, struct error *err);
static int64_t whole_number(
	struct json line, const char *name, int64_t otherwise);
static unsigned fold_of(struct str prompt);

void training_init(
	struct training *training, const struct lexicon_slot *lexicon)
{
	*training = (struct training){ .lexicon = lexicon };
	arena_init(&training->arena, ARENA_BYTES);
}

void training_release(struct training *training)
{
	free(training->rows);
	arena_release(&training->arena);
}

bool training_read(struct training *training, struct str lines,
	const char *name, struct error *err)
{
	struct str line;

	for (size_t number = 1; str_next_field(&lines, '\n', &line); number++) {
		struct error why = ERROR_INIT;

		if (str_trim(line).n == 0)
			continue;
		if (!read_line(training, line, &why))
			return error_refuse(err, ERR_CONFIG, NULL, "%s:%zu: %s",
				name, number,
				why.message[0] ? why.message : why.detail);
	}
	return true;
}

bool training_hold_out(
	struct training *training, struct str data_set, struct error *err)
{
	for (size_t i = 0; i < training->data_set_count; i++) {
		if (str_equal(training->data_set[i], data_set)) {
			training->held_out[i] = true;
			return true;
		}
	}
	return error_refuse(err, ERR_CONFIG, NULL,
		"No row is of the data set '%.*s'.", STR_ARG(data_set));
}

static bool read_line(
	struct training *training, struct str line, struct error *err)
{
	struct training_row *row = new_row(training);
	struct json value, may_train;

	if (!json_check(line, MAX_DEPTH, &value, err))
		return false;
	if (value.type != JSON_TYPE_OBJECT)
		return error_set(err, ERR_CONFIG, "a row is an object");
	row->may_train = true;
	may_train = json_find(value, S("train_ok"));
	if (may_train.type != JSON_TYPE_NONE &&
		!json_bool(may_train, &row->may_train))
		return error_set(err, ERR_CONFIG, "train_ok is true or false");
	if (!read_qualities(value, row, err) ||
		!read_names(training, value, row, err) ||
		!read_scores(training, value, row, err) ||
		!read_class(value, row, err) ||
		!read_prompt(training, value, row, err))
		return false;
	training->count++;
	return true;
}

/* It counts only when the line was read whole. */
static struct training_row *new_row(struct training *training)
{
	if (training->count == training->capacity) {
		training->capacity = training->capacity * 2 + 1024;
		training->rows = realloc(training->rows,
			training->capacity * sizeof(training->rows[0]));
		if (!training->rows)
			abort();
	}
	training->rows[training->count] = (struct training_row){ 0 };
	return &training->rows[training->count];
}

static bool read_qualities(
	struct json line, struct training_row *row, struct error *err)
{
	return read_quality(line, "weak", &row->weak, err) &&
	       read_quality(line, "strong", &row->strong, err);
}

static bool read_quality(
	struct json line, const char *name, double *out, struct error *err)
{
	if (!json_double(json_find(line, str_of(name)), out) ||
		!(*out >= 0 && *out <= 1))
		return error_set(
			err, ERR_CONFIG, "%s is a number from 0 to 1", name);
	return true;
}

static bool read_names(struct training *training, struct json line,
	struct training_row *row, struct error *err)
{
	struct json data_set = json_find(line, S("dataset"));
	struct json task = json_find(line, S("task"));
	struct str text = S("default"), full;

	if (data_set.type != JSON_TYPE_NONE &&
		!json_text(data_set, &training->arena, &text))
		return error_set(err, ERR_CONFIG, "dataset is a text");
	full = text;
	if (!number_name(training, training->data_set,
		    &training->data_set_count, TRAINING_DATA_SETS, text,
		    &row->data_set))
		return error_set(err, ERR_CONFIG, "more than %d data sets",
			TRAINING_DATA_SETS);
	if (task.type != JSON_TYPE_NONE) {
		if (!json_text(task, &training->arena, &text))
			return error_set(err, ERR_CONFIG, "task is a text");
		full = arena_printf(&training->arena, "%u/%.*s", row->data_set,
			STR_ARG(text));
	}
	if (!number_name(training, training->task, &training->task_count,
		    TRAINING_TASKS, full, &row->task))
		return error_set(
			err, ERR_CONFIG, "more than %d tasks", TRAINING_TASKS);
	return true;
}

static bool number_name(struct training *training, struct str *names,
	size_t *count, size_t max, struct str name, unsigned *out)
{
	size_t i = 0;

	while (i < *count && !str_equal(names[i], name))
		i++;
	if (i == max)
		return false;
	if (i == *count)
		names[(*count)++] = arena_copy(&training->arena, name);
	*out = (unsigned)i;
	return true;
}

static bool read_scores(struct training *training, struct json line,
	struct training_row *row, struct error *err)
{
	struct json_cursor cursor = json_members(json_find(line, S("scores")));
	struct json_member member;

	while (json_next(&cursor, &member) &&
		row->score_count < TRAINING_ROW_SCORES) {
		struct str name = arena_printf(&training->arena, "%u/%.*s",
			row->data_set, STR_ARG(member.name));
		double score;
		unsigned model;
		bool known = number_name(training, training->model,
			&training->model_count, TRAINING_MODELS, name, &model);

		if (!known)
			return error_set(err, ERR_CONFIG,
				"scores of more than %d models",
				TRAINING_MODELS);
		if (!json_double(member.value, &score) ||
			!(score >= 0 && score <= 1))
			return error_set(err, ERR_CONFIG,
				"scores are numbers from 0 to 1");
		row->score_model[row->score_count] = (uint16_t)model;
		row->score[row->score_count++] = (float)score;
	}
	return true;
}

static bool read_class(
	struct json line, struct training_row *row, struct error *err)
{
	struct json value = json_find(line, S("class"));

	row->expected = -1;
	if (value.type == JSON_TYPE_NONE)
		return true;
	for (int i = COMPLEXITY_SIMPLE; i <= COMPLEXITY_COMPLEX; i++) {
		if (json_text_is(
			    value, str_of(complexity_name((enum complexity)i))))
			row->expected = i;
	}
	if (row->expected < 0)
		return error_set(
			err, ERR_CONFIG, "class is simple, medium or complex");
	return true;
}

static bool read_prompt(struct training *training, struct json line,
	struct training_row *row, struct error *err)
{
	struct prompt prompt = { .context = S("") };
	struct features features;
	struct arena_mark mark = arena_mark(&training->arena);
	float *counted;
	uint32_t *hash;

	if (!json_text(json_find(line, S("prompt")), &training->arena,
		    &prompt.text))
		return error_set(err, ERR_CONFIG, "prompt is a text");
	prompt.turns = (size_t)whole_number(line, "turns", 1);
	prompt.tools = (size_t)whole_number(line, "tools", 0);
	prompt.images = (size_t)whole_number(line, "images", 0);
	prompt.max_tokens = whole_number(line, "max_tokens", -1);
	prompt.wants_json =
		json_find(line, S("wants_json")).type == JSON_TYPE_TRUE;
	features_read(&features, &prompt, training->lexicon);
	row->fold = fold_of(prompt.text);
	arena_rewind(&training->arena, mark);
	counted = ARENA_ARRAY(&training->arena, float, FEATURE_COUNT);
	memcpy(counted, features.counted, sizeof(features.counted));
	hash = ARENA_ARRAY(&training->arena, uint32_t, features.hash_count + 1);
	memcpy(hash, features.hash, features.hash_count * sizeof(hash[0]));
	row->counted = counted;
	row->hash = hash;
	row->hash_count = features.hash_count;
	return true;
}

static int64_t whole_number(
	struct json line, const char *name, int64_t otherwise)
{
	int64_t number;

	if (!json_int(json_find(line, str_of(name)), &number) || number < 0)
		return otherwise;
	return number;
}

static unsigned fold_of(struct str prompt)
{
	uint32_t hash = 0;
	unsigned letters = 0;

	for (size_t i = 0; i < prompt.n && letters < GROUP_LETTERS; i++) {
		unsigned char c = (unsigned char)prompt.p[i];

		if (!isalnum(c))
			continue;
		hash = words_pair(hash, (uint32_t)tolower(c));
		letters++;
	}
	return hash % TRAINING_FOLDS;
}
