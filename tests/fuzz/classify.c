/*
 * classify.c - any bytes as a prompt, as weights, as a lexicon and as rows to
 * train on.
 *
 * Whatever a prompt is made of, its hashes are within bounds and taken once,
 * its score is a number from 0 to 1, and the same prompt has the same one.
 */
#include "classify/task.h"
#include "classify/train.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lexicon_slot slots[LEXICON_SLOTS];
static struct weights weights;

static void try_prompt(struct str text);
static void try_weights(struct str bytes);
static void try_lexicon(struct str text);
static void try_rows(struct str lines);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	try_lexicon(text);
	try_prompt(text);
	try_weights(text);
	try_rows(text);
	return 0;
}

/* With the table that the same bytes may have made. */
static void try_prompt(struct str text)
{
	struct prompt prompt = {
		.text = text, .context = text, .turns = text.n, .max_tokens = -1
	};
	static struct features features, again;
	static bool seen[FEATURE_HASHES];
	struct weighed weighed;

	features_read(&features, &prompt, slots);
	features_read(&again, &prompt, slots);
	assert(features.hash_count == again.hash_count);
	assert(memcmp(features.counted, again.counted,
		       sizeof(features.counted)) == 0);
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < features.hash_count; i++) {
		assert(!seen[features.hash[i]]);
		seen[features.hash[i]] = true;
	}
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		assert(isfinite(features.counted[i]));
	assert(task_of(&features));
	weighed = (struct weighed){ features.counted, features.hash,
		features.hash_count };
	assert(isfinite(weights_score(&weights, weighed)));
}

/* The bytes over a sound file: taken only when they change nothing. */
static void try_weights(struct str bytes)
{
	static struct weights sound, changed;
	struct error err = ERROR_INIT;
	bool good;

	if (!sound.version) {
		sound.calibrate_by = 1;
		weights_seal(&sound);
	}
	changed = sound;
	bytes = str_head(bytes, sizeof(changed));
	if (bytes.n)
		memcpy(&changed, bytes.p, bytes.n);
	good = weights_check(
		(struct str){ (const char *)&changed, sizeof(changed) }, &err);
	assert(good == (memcmp(&changed, &sound, sizeof(sound)) == 0));
}

static void try_lexicon(struct str text)
{
	struct error err = ERROR_INIT;

	memset(slots, 0, sizeof(slots));
	if (!lexicon_read(slots, text, &err))
		assert(err.kind == ERR_CONFIG && err.message[0]);
}

static void try_rows(struct str lines)
{
	struct training training;
	struct error err = ERROR_INIT;

	training_init(&training, slots);
	if (!training_read(&training, lines, "rows", &err))
		assert(err.kind == ERR_CONFIG && err.message[0]);
	training_release(&training);
}
