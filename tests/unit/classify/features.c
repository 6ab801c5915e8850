/*
 * features.c - hand-made prompts in both languages, with the lexicon that
 * ships.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "classify/task.h"
#include "shipped.h"

static struct lexicon_slot slots[LEXICON_SLOTS];
static struct features features;

static void read(struct prompt prompt)
{
	features_read(&features, &prompt, slots);
}

static void read_text(const char *text)
{
	read((struct prompt){
		.text = str_of(text), .turns = 1, .max_tokens = -1 });
}

static const char *task(const char *text)
{
	read_text(text);
	return task_of(&features);
}

static int load(void **state)
{
	static char text[65536];
	struct error err = ERROR_INIT;

	(void)state;
	return lexicon_read(slots, shipped_lexicon(text, sizeof(text)), &err)
		       ? 0
		       : -1;
}

static void both_languages_count_alike(void **state)
{
	static const struct {
		const char *text;
		enum lexicon_class kind;
	} rows[] = {
		{ "Prove the theorem by induction", LEXICON_PROOF },
		{ "Demuestra el teorema por inducci\xc3\xb3n", LEXICON_PROOF },
		{ "Solve the equation", LEXICON_MATHEMATICS },
		{ "Resuelve la ecuaci\xc3\xb3n", LEXICON_MATHEMATICS },
		{ "The plaintiff sued", LEXICON_LAW },
		{ "El demandante reclama", LEXICON_LAW },
		{ "The patient has pain", LEXICON_MEDICINE },
		{ "El paciente tiene dolor", LEXICON_MEDICINE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		read_text(rows[i].text);
		assert_true(features.classes[rows[i].kind] > 0);
		assert_true(features.counted[FEATURE_CLASS + rows[i].kind] > 0);
	}
}

static void tasks_are_recognised(void **state)
{
	static const struct {
		const char *text, *task;
	} rows[] = {
		{ "Translate 'good night' to Spanish", "translation" },
		{ "Traduce al ingl\xc3\xa9s: buenas noches", "translation" },
		{ "Summarize this contract for me", "summary" },
		{ "Resume este contrato", "summary" },
		{ "Implement quicksort in Python with unit tests", "code" },
		{ "Implementa en Python una lista enlazada", "code" },
		{ "Prove that there are infinitely many primes", "proof" },
		{ "Demuestra que hay infinitos primos", "proof" },
		{ "Hello!", "chat" },
		{ "Hola, \xc2\xbfqu\xc3\xa9 tal?", "chat" },
		{ "", "other" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(task(rows[i].text), rows[i].task);
}

static void structure_is_counted(void **state)
{
	(void)state;
	read_text("def f(x):\n    return [x]\n");
	assert_true(features.counted[FEATURE_INDENTED] > 0);
	assert_true(features.counted[FEATURE_BLOCKS] > 0);
	assert_true(features.counted[FEATURE_LINES] > 0);
	read_text("Plain words");
	assert_true(features.counted[FEATURE_BLOCKS] == 0);
	assert_true(features.counted[FEATURE_VERY_SHORT] > 0);
}

static void what_comes_with_the_prompt_is_counted(void **state)
{
	(void)state;
	read((struct prompt){ .text = S("go on"),
		.context = S("You are a helpful assistant."),
		.turns = 3,
		.tools = 2,
		.images = 1,
		.wants_json = true,
		.max_tokens = 4096 });
	for (unsigned i = FEATURE_CONTEXT; i <= FEATURE_MAX_TOKENS; i++)
		assert_true(features.counted[i] > 0);
	read_text("go on");
	for (unsigned i = FEATURE_CONTEXT; i <= FEATURE_MAX_TOKENS; i++)
		assert_true(features.counted[i] == 0);
}

/* The wrapper of a test changes nothing. */
static void wrappers_do_not_count(void **state)
{
	struct features bare;

	(void)state;
	read_text("How many moons has Mars?");
	bare = features;
	read_text("Question: How many moons has Mars? "
		  "Put your final answer in a box.\nAnswer:");
	assert_int_equal(features.hash_count, bare.hash_count);
	assert_memory_equal(features.hash, bare.hash,
		bare.hash_count * sizeof(bare.hash[0]));
	assert_memory_equal(
		features.classes, bare.classes, sizeof(bare.classes));
}

static bool has_hash(const struct features *all, uint32_t hash)
{
	for (size_t i = 0; i < all->hash_count; i++) {
		if (all->hash[i] == hash)
			return true;
	}
	return false;
}

/* Words and pairs are shared; roots, and pairs again, are a form's own. */
static void words_count_by_form_too(void **state)
{
	static const char *const forms[] = { "alpha beta", "$$$ alpha beta",
		"{{}} alpha beta", "1 alpha beta 2",
		"alpha beta\nA. gamma\nB. delta" };
	struct features seen[ARRAY_LEN(forms)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t shared = 0;

		read_text(forms[i]);
		seen[i] = features;
		for (size_t k = 0; k < seen[0].hash_count; k++)
			shared += has_hash(&seen[i], seen[0].hash[k]);
		assert_int_equal(shared, i ? 3 : 6);
		assert_true(i == 0 || features.hash_count > shared);
	}
}

static void options_count_apart(void **state)
{
	(void)state;
	read_text("Which of these are prime numbers?\nA. 17\nB. 21");
	assert_memory_equal(features.counted,
		features.counted + FEATURE_OPTIONS,
		FEATURE_OPTIONS * sizeof(features.counted[0]));
	assert_true(features.counted[FEATURE_OPTIONS + FEATURE_ONE] == 1);
	read_text("Which of these are prime numbers?\n17\n21");
	for (unsigned i = FEATURE_OPTIONS; i < FEATURE_COUNT; i++)
		assert_true(features.counted[i] == 0);
}

static void a_hash_is_taken_once(void **state)
{
	size_t once;

	(void)state;
	read_text("alpha beta");
	once = features.hash_count;
	assert_int_equal(once, 6);
	read_text("alpha beta alpha beta alpha beta");
	/* Two words, two pairs; two roots and two pairs of the form. */
	assert_int_equal(features.hash_count, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_languages_count_alike),
		cmocka_unit_test(tasks_are_recognised),
		cmocka_unit_test(structure_is_counted),
		cmocka_unit_test(what_comes_with_the_prompt_is_counted),
		cmocka_unit_test(wrappers_do_not_count),
		cmocka_unit_test(words_count_by_form_too),
		cmocka_unit_test(options_count_apart),
		cmocka_unit_test(a_hash_is_taken_once),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
