/*
 * task.c - every class of words speaks for a task, some louder than others.
 *
 * What stands in the first words counts more: "Summarize this contract" is a
 * summary, although the contract is about law.
 */
#include "classify/task.h"

#define LOUD_OPENING 4
#define ENOUGH 1.0

static const struct {
	enum lexicon_class kind;
	double weight;
	double opening; /* when it is among the first words */
	const char *task;
} rows[] = {
	{ LEXICON_GREETING, 0.2, 2, "chat" },
	{ LEXICON_CODE, 0.8, 1, "code" },
	{ LEXICON_DESIGN, 0.7, 2, "design" },
	{ LEXICON_PROOF, 2, 4, "proof" },
	{ LEXICON_MATHEMATICS, 0.8, 1, "mathematics" },
	{ LEXICON_ARITHMETIC, 0.4, 1, "mathematics" },
	{ LEXICON_LAW, 0.9, 0, "law" },
	{ LEXICON_MEDICINE, 0.8, 0, "medicine" },
	{ LEXICON_FINANCE, 0.7, 0, "finance" },
	{ LEXICON_SCIENCE, 0.7, 0, "science" },
	{ LEXICON_TRANSLATION, 1.5, LOUD_OPENING, "translation" },
	{ LEXICON_SUMMARY, 1, LOUD_OPENING, "summary" },
	{ LEXICON_REWRITING, 0.5, LOUD_OPENING, "rewriting" },
	{ LEXICON_EXTRACTION, 0.4, LOUD_OPENING, "extraction" },
	{ LEXICON_WRITING, 0.5, 3, "writing" },
	{ LEXICON_ADVICE, 0.5, 1.5, "advice" },
	{ LEXICON_EXPLANATION, 0.4, 1.2, "explanation" },
	{ LEXICON_REASONING, 0.6, 1.2, "reasoning" },
	{ LEXICON_DEFINITION, 0.5, 1, "question" },
	{ LEXICON_RECALL, 0.4, 1, "question" },
};

static double strength(const struct features *features, size_t row);

const char *task_of(const struct features *features)
{
	const char *task = "other";
	double best = ENOUGH;

	/* A fenced or bracketed text is code, whatever words it has. */
	if (features->counted[FEATURE_BLOCKS] > 0.6f &&
		features->classes[LEXICON_CODE] >= 2)
		return "code";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double sum = 0;

		for (size_t j = 0; j < ARRAY_LEN(rows); j++) {
			if (rows[j].task == rows[i].task)
				sum += strength(features, j);
		}
		if (sum > best) {
			best = sum;
			task = rows[i].task;
		}
	}
	return task;
}

/* Many words of one kind say little more than some. */
static double strength(const struct features *features, size_t row)
{
	enum lexicon_class kind = rows[row].kind;
	unsigned count = features->classes[kind];

	return rows[row].weight * (count < 6 ? count : 6) +
	       (features->opening >> kind & 1 ? rows[row].opening : 0);
}
