/*
 * affinity.c - lots drawn by the beginning of a prompt: always the same, by
 * weight, within their bound; and what is learnt of caches.
 */
#include "gateway/affinity.h"

#include <ftw.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gateway/stages.h"

#define KEYS 3
#define PROMPTS 20000
#define ROUNDS 2000

static char folder[] = "/dev/shm/affinity-XXXXXX";
static struct settings settings;
static struct gateway gateway = { .settings = &settings };
static struct provider provider;
static struct provider_key keys[KEYS];
static struct model models[2];
static struct http_exchange exchange;
static struct call call;

/* A call whose prompt begins as that number says, of so many bytes. */
static void begin_call(unsigned prompt, size_t bytes)
{
	struct error err = ERROR_INIT;
	char *text;

	http_exchange_release(&exchange);
	http_exchange_init(&exchange, 1000);
	text = arena_alloc(&exchange.arena, bytes + 1);
	for (size_t i = 0; i < bytes; i++)
		text[i] = (char)('a' + (prompt >> (i % 7 * 4) & 15));
	text[bytes] = '\0';
	call = (struct call){ .gateway = &gateway,
		.x = &exchange,
		.arena = &exchange.arena,
		.target = &models[0],
		.provider_key = &keys[0],
		.base_url = S("http://127.0.0.1"),
		.attempts = 1,
		.usage_source = USAGE_PROVIDER,
		.tokens = { -1, -1, -1, -1, -1 } };
	if (!dialect_find(S("openai_chat"))
			->read_head(arena_printf(call.arena,
					    "{\"model\":\"m\",\"messages\":[{"
					    "\"role\":\"user\",\"content\":"
					    "\"%s\"}]}",
					    text),
				call.arena, &call.head, &err))
		fail_msg("%s", error_detail(&err));
}

static size_t draw(struct affinity_choice choices[KEYS])
{
	size_t first = 0;

	for (size_t i = 0; i < KEYS; i++)
		choices[i] = (struct affinity_choice){ .model = &models[0],
			.key = &keys[i],
			.weight = (double)keys[i].weight };
	affinity_draw(&call, AFFINITY_KEY, choices, KEYS);
	for (size_t i = 1; i < KEYS; i++)
		if (choices[i].draw < choices[first].draw)
			first = i;
	return first;
}

static size_t draw_key(void)
{
	struct affinity_choice choices[KEYS];

	return draw(choices);
}

/* The call goes there and ends; what it told of the cache. */
static struct str go(size_t key, int64_t cached, int64_t written)
{
	struct str why;

	call.provider_key = &keys[key];
	why = affinity_begin(&call);
	affinity_end(&call);
	call.tokens.cached = cached;
	call.tokens.cache_write = written;
	affinity_learn(&call);
	return why;
}

static void assert_why(struct str why, const char *expected)
{
	if (!str_equal(why, str_of(expected)))
		fail_msg("'%.*s' instead of '%s'", STR_ARG(why), expected);
}

static void the_same_beginning_draws_the_same(void **state)
{
	(void)state;
	for (unsigned prompt = 1; prompt < 20; prompt++) {
		size_t first;

		begin_call(prompt, 5000);
		first = draw_key();
		for (size_t bytes = 4100; bytes < 100000; bytes *= 2) {
			begin_call(prompt, bytes);
			assert_int_equal(draw_key(), first);
		}
	}
}

/* Pearson's chi-square with two degrees of freedom is above 30 once in three
 * million times. */
static void many_beginnings_are_shared_by_weight(void **state)
{
	double counts[KEYS] = { 0 }, chi_square = 0;

	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		keys[i].weight = (int64_t[]){ 1, 3, 6 }[i];
	for (unsigned prompt = 0; prompt < PROMPTS; prompt++) {
		begin_call(prompt, 4096);
		counts[draw_key()]++;
	}
	for (size_t i = 0; i < KEYS; i++) {
		double expected = PROMPTS * (double)keys[i].weight / 10;
		double off = counts[i] - expected;

		chi_square += off * off / expected;
	}
	assert_true(chi_square < 30);
	/* And where a choice is gone, only its prompts move. */
	keys[2].weight = 0;
	for (unsigned prompt = 0; prompt < 300; prompt++) {
		size_t before, now;

		begin_call(prompt, 4096);
		now = draw_key();
		assert_int_not_equal(now, 2);
		keys[2].weight = 6;
		before = draw_key();
		keys[2].weight = 0;
		assert_true(before == 2 || before == now);
	}
}

static void short_prompts_and_others_draw_by_chance(void **state)
{
	size_t seen[5][KEYS] = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++) {
		begin_call(1, 1000);
		seen[0][draw_key()]++;
		begin_call(1, 5000);
		settings.affinity = false;
		seen[1][draw_key()]++;
		settings.affinity = true;
		call.is_count = true;
		seen[2][draw_key()]++;
		call.is_count = false;
		provider.quirks.prompt_cache = PROMPT_CACHE_NONE;
		seen[3][draw_key()]++;
		assert_why(go(0, 4000, -1), "");
		provider.quirks.prompt_cache = PROMPT_CACHE_5M;
		seen[4][draw_key()]++;
	}
	for (size_t i = 0; i < KEYS; i++)
		for (size_t j = 0; j < 4; j++)
			assert_true(seen[j][i] > 0);
	assert_true(
		seen[4][0] == 200 || seen[4][1] == 200 || seen[4][2] == 200);
}

static void what_was_read_there_is_warm(void **state)
{
	struct affinity_choice choices[KEYS];
	size_t first, other;

	(void)state;
	begin_call(500, 5000);
	first = draw_key();
	assert_why(go(first, 0, -1), "hashed");
	assert_false(affinity_is_warm(&call, &models[0]));
	/* The answer came from another key, by whatever way. */
	other = (first + 1) % KEYS;
	go(other, 1024, -1);
	begin_call(500, 5000);
	assert_int_equal(draw(choices), other);
	assert_true(choices[other].is_warm);
	assert_false(choices[first].is_warm);
	assert_true(affinity_is_warm(&call, &models[0]));
	assert_false(affinity_is_warm(&call, &models[1]));
	assert_why(go(other, 1024, -1), "warm");
	/* Two that read nothing. */
	for (int i = 0; i < 2; i++) {
		begin_call(500, 5000);
		assert_int_equal(draw_key(), other);
		go(other, 0, -1);
	}
	begin_call(500, 5000);
	assert_int_equal(draw_key(), first);
	assert_false(affinity_is_warm(&call, &models[0]));
}

static void what_the_provider_does_not_tell_changes_nothing(void **state)
{
	(void)state;
	begin_call(600, 5000);
	draw_key();
	go(1, 1024, -1);
	for (int i = 0; i < 5; i++) {
		begin_call(600, 5000);
		assert_int_equal(draw_key(), 1);
		go(1, -1, -1);
	}
}

static void a_weight_of_0_comes_last_warm_or_not(void **state)
{
	(void)state;
	begin_call(700, 5000);
	draw_key();
	go(2, 1024, -1);
	keys[2].weight = 0;
	begin_call(700, 5000);
	assert_int_not_equal(draw_key(), 2);
}

static void the_longest_beginning_counts(void **state)
{
	(void)state;
	/* The short one is warm at one key, the long one at another. */
	begin_call(800, 5000);
	draw_key();
	go(0, 1024, -1);
	begin_call(800, 20000);
	draw_key();
	go(1, 4096, -1);
	begin_call(800, 20000);
	assert_int_equal(draw_key(), 1);
	/* Of two that are as warm, lots decide, and always the same. */
	begin_call(800, 5000);
	assert_in_range(draw_key(), 0, 1);
}

static void calls_under_way_are_shared_out(void **state)
{
	struct call under_way[12];
	struct http_exchange exchanges[12];
	size_t counts[KEYS] = { 0 }, spread = 0, first;

	(void)state;
	begin_call(900, 5000);
	first = draw_key();
	for (size_t i = 0; i < ARRAY_LEN(under_way); i++) {
		size_t key;

		begin_call(900, 5000);
		key = draw_key();
		counts[key]++;
		call.provider_key = &keys[key];
		spread += str_equal(affinity_begin(&call), S("spread"));
		under_way[i] = call;
		exchanges[i] = exchange;
		http_exchange_init(&exchange, 1000);
	}
	/* A third, a quarter more: 5 of 12. */
	for (size_t i = 0; i < KEYS; i++)
		assert_in_range(counts[i], 1, 5);
	assert_int_equal(counts[first], 5);
	assert_true(spread >= 5);
	for (size_t i = 0; i < ARRAY_LEN(under_way); i++) {
		affinity_end(&under_way[i]);
		affinity_end(&under_way[i]);
		http_exchange_release(&exchanges[i]);
	}
	begin_call(900, 5000);
	assert_int_equal(draw_key(), first);
}

static void models_and_hosts_are_chosen_so_too(void **state)
{
	static const struct str hosts[] = { STR("http://a"), STR("http://b") };

	(void)state;
	for (int kind = AFFINITY_MODEL; kind <= AFFINITY_HOST; kind++) {
		size_t seen[2] = { 0 };

		for (unsigned prompt = 0; prompt < 64; prompt++) {
			struct affinity_choice choices[2], again[2];

			begin_call(prompt, 5000);
			for (size_t i = 0; i < 2; i++)
				choices[i] = (struct affinity_choice){
					.model = &models[kind == AFFINITY_MODEL
								 ? i
								 : 0],
					.base_url = kind == AFFINITY_HOST
							    ? hosts[i]
							    : S(""),
					.weight = 1
				};
			memcpy(again, choices, sizeof(again));
			affinity_draw(
				&call, (enum affinity_kind)kind, choices, 2);
			affinity_draw(
				&call, (enum affinity_kind)kind, again, 2);
			assert_true(choices[0].draw == again[0].draw);
			assert_true(choices[1].draw == again[1].draw);
			seen[choices[1].draw < choices[0].draw]++;
		}
		assert_true(seen[0] > 0 && seen[1] > 0);
	}
}

static void keep_least(int64_t *least, int64_t from_ns, int64_t to_ns)
{
	if (to_ns - from_ns < *least)
		*least = to_ns - from_ns;
}

/* Without an assertion, and the least of many: others use the machine too. */
static void tells_what_it_costs(void **state)
{
	static const size_t sizes[] = { 1000, 4096, 65536 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int64_t choosing = INT64_MAX, under_way = INT64_MAX,
			learning = INT64_MAX;

		for (int j = 0; j < ROUNDS; j++) {
			int64_t times[4];

			begin_call(1000, sizes[i]);
			times[0] = clock_monotonic_ns();
			call.provider_key = &keys[draw_key()];
			times[1] = clock_monotonic_ns();
			affinity_begin(&call);
			affinity_end(&call);
			times[2] = clock_monotonic_ns();
			call.tokens.cached = 1024;
			affinity_learn(&call);
			times[3] = clock_monotonic_ns();
			keep_least(&choosing, times[0], times[1]);
			keep_least(&under_way, times[1], times[2]);
			keep_least(&learning, times[2], times[3]);
		}
		print_message("%zu bytes, 3 keys: choosing %" PRId64
			      " ns, under way %" PRId64 " ns, learning %" PRId64
			      " ns\n",
			sizes[i], choosing, under_way, learning);
	}
}

static int begin(void **state)
{
	(void)state;
	provider = (struct provider){
		.id = 7, .name = S("keyed"), .keys = keys, .key_count = KEYS
	};
	for (int i = 0; i < KEYS; i++)
		keys[i] = (struct provider_key){ .id = 70 + i, .weight = 1 };
	for (int i = 0; i < 2; i++)
		models[i] = (struct model){
			.id = 1 + i, .name = S("m"), .provider = &provider
		};
	http_exchange_init(&exchange, 1000);
	return 0;
}

static int end(void **state)
{
	(void)state;
	http_exchange_release(&exchange);
	return 0;
}

static int begin_group(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	settings_init(&settings);
	if (!mkdtemp(folder))
		return -1;
	settings.hot_dir = str_of(folder);
	if (!hot_open(&settings, true, &gateway.hot, &err) ||
		!metrics_open(&settings, &gateway.metrics, &err) ||
		!in_flight_open(&settings, &gateway.in_flight, &err))
		fail_msg("%s", error_detail(&err));
	return 0;
}

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int end_group(void **state)
{
	(void)state;
	in_flight_close(gateway.in_flight);
	metrics_close(gateway.metrics);
	hot_close(gateway.hot);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_beginning_draws_the_same),
		TEST(many_beginnings_are_shared_by_weight),
		TEST(short_prompts_and_others_draw_by_chance),
		TEST(what_was_read_there_is_warm),
		TEST(what_the_provider_does_not_tell_changes_nothing),
		TEST(a_weight_of_0_comes_last_warm_or_not),
		TEST(the_longest_beginning_counts),
		TEST(calls_under_way_are_shared_out),
		TEST(models_and_hosts_are_chosen_so_too),
		TEST(tells_what_it_costs),
	};

	return cmocka_run_group_tests(tests, begin_group, end_group);
}
