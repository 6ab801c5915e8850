/*
 * classify.c - maps the weights, scores a prompt and says why.
 */
#include "classify/classify.h"

#include "classify/task.h"
#include "classify/weights.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Less than this decides nothing. */
#define LEAST_REASON 0.002

struct classifier {
	const struct weights *weights;
	/* Features of one name are one reason: the first that has it. */
	uint8_t same[FEATURE_COUNT];
};

_Static_assert(FEATURE_COUNT <= UINT8_MAX, "they are numbered by a byte");

static const struct weights *map_weights(const char *path, struct error *err);
static void name_features(struct classifier *classifier);
static void find_reasons(const struct classifier *classifier,
	struct weighed prompt, const struct views *words,
	const struct views *views, struct classification *out);
static void add_reason(
	struct classification *out, const char *feature, double weight);

bool classifier_open(
	const char *path, struct classifier **out, struct error *err)
{
	const struct weights *weights = map_weights(path, err);
	struct error why = ERROR_INIT;

	*out = NULL;
	if (!weights)
		return false;
	if (!weights_check(
		    (struct str){ (const char *)weights, sizeof(*weights) },
		    &why)) {
		munmap((void *)weights, sizeof(*weights));
		return error_set(
			err, ERR_CONFIG, "%s: %s", path, error_detail(&why));
	}
	*out = calloc(1, sizeof(**out));
	if (!*out)
		abort();
	(*out)->weights = weights;
	name_features(*out);
	return true;
}

static const struct weights *map_weights(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat file;
	void *memory;

	if (fd < 0 || fstat(fd, &file) != 0) {
		error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (file.st_size != (off_t)sizeof(struct weights)) {
		close(fd);
		error_set(err, ERR_CONFIG,
			"%s: %jd bytes, weights of this version have %zu", path,
			(intmax_t)file.st_size, sizeof(struct weights));
		return NULL;
	}
	memory = mmap(
		NULL, sizeof(struct weights), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (memory != MAP_FAILED)
		return memory;
	error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	return NULL;
}

void classifier_close(struct classifier *classifier)
{
	if (!classifier)
		return;
	munmap((void *)classifier->weights, sizeof(*classifier->weights));
	free(classifier);
}

void classifier_run(const struct classifier *classifier,
	const struct prompt *prompt, struct classification *out)
{
	const struct weights *weights = classifier->weights;
	struct features features;
	struct weighed weighed;
	struct views words, views;

	features_read(&features, prompt, weights->lexicon);
	weighed = (struct weighed){ features.counted, features.hash,
		features.hash_count };
	words = weights_of_words(weights, weighed);
	views = weights_views(weights, weighed, &words);
	out->score = weights_calibrate(weights,
		views.of[VIEW_GAIN] + weights_of_quality(weights, &views));
	out->complexity =
		out->score < (double)weights->medium    ? COMPLEXITY_SIMPLE
		: out->score < (double)weights->complex ? COMPLEXITY_MEDIUM
							: COMPLEXITY_COMPLEX;
	out->task = task_of(&features);
	find_reasons(classifier, weighed, &words, &views, out);
}

const char *complexity_name(enum complexity complexity)
{
	static const char *const names[] = {
		[COMPLEXITY_SIMPLE] = "simple",
		[COMPLEXITY_MEDIUM] = "medium",
		[COMPLEXITY_COMPLEX] = "complex",
	};

	assert(complexity < ARRAY_LEN(names));
	return names[complexity];
}

static void name_features(struct classifier *classifier)
{
	for (unsigned i = 0; i < FEATURE_COUNT; i++) {
		const char *name = feature_name((enum feature)i);
		unsigned first = 0;

		while (strcmp(feature_name((enum feature)first), name) != 0)
			first++;
		classifier->same[i] = (uint8_t)first;
	}
}

static void find_reasons(const struct classifier *classifier,
	struct weighed prompt, const struct views *words,
	const struct views *views, struct classification *out)
{
	const struct weights *weights = classifier->weights;
	double sums[FEATURE_COUNT] = { 0 };

	out->reason_count = 0;
	add_reason(out, "wording", words->of[VIEW_GAIN]);
	add_reason(out, views->of[VIEW_QUALITY] > 0 ? "easy" : "hard for all",
		weights_of_quality(weights, views));
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		sums[classifier->same[i]] +=
			weights_of_feature(weights, VIEW_GAIN, prompt, i);
	for (unsigned i = 0; i < FEATURE_COUNT; i++) {
		if (classifier->same[i] == i)
			add_reason(out, feature_name((enum feature)i), sums[i]);
	}
}

/* Keep the strongest, in order. */
static void add_reason(
	struct classification *out, const char *feature, double weight)
{
	size_t at = out->reason_count;

	if (fabs(weight) < LEAST_REASON)
		return;
	while (at > 0 && fabs(out->reasons[at - 1].weight) < fabs(weight))
		at--;
	if (at == CLASSIFY_REASONS)
		return;
	if (out->reason_count < CLASSIFY_REASONS)
		out->reason_count++;
	for (size_t i = out->reason_count - 1; i > at; i--)
		out->reasons[i] = out->reasons[i - 1];
	out->reasons[at] = (struct classify_reason){ feature, weight };
}
