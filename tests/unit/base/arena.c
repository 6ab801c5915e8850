/* arena.c - blocks, marks, and the order in which things are closed. */
#include "expect.h"

#include "base/arena.h"

/* What the deferred calls left behind, in their order. */
static char order[16];

static void note(void *thing)
{
	size_t n = strlen(order);

	assert_true(n + 1 < sizeof(order));
	order[n] = *(const char *)thing;
	order[n + 1] = '\0';
}

static int forget_order(void **state)
{
	(void)state;
	memset(order, 0, sizeof(order));
	return 0;
}

static void memory_is_zeroed_and_aligned(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 128);
	for (size_t size = 0; size < 300; size++) {
		unsigned char *p = arena_alloc(&arena, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_release(&arena);
	assert_null(arena.block);
}

static void zeroed_again_after_a_reset(void **state)
{
	struct arena arena;
	unsigned char *first;
	unsigned char *second;

	(void)state;
	arena_init(&arena, 1024);
	first = arena_alloc(&arena, 64);
	memset(first, 0xff, 64);
	arena_reset(&arena);
	second = arena_alloc(&arena, 64);
	assert_ptr_equal(first, second);
	assert_int_equal(second[0] | second[63], 0);
	arena_release(&arena);
}

static void large_things_get_a_block(void **state)
{
	struct arena arena;
	char *small;
	char *large;

	(void)state;
	arena_init(&arena, 64);
	small = arena_alloc(&arena, 8);
	large = arena_alloc(&arena, 1 << 20);
	memset(small, 'a', 8);
	memset(large, 'b', 1 << 20);
	assert_int_equal(small[7], 'a');
	arena_release(&arena);
}

static void arrays_and_types(void **state)
{
	struct arena arena;
	int64_t *numbers;
	struct str *one;

	(void)state;
	arena_init(&arena, 256);
	numbers = ARENA_ARRAY(&arena, int64_t, 100);
	for (int i = 0; i < 100; i++)
		numbers[i] = i;
	one = ARENA_NEW(&arena, struct str);
	assert_null(one->p);
	assert_int_equal(numbers[99], 99);
	arena_release(&arena);
}

static void copies_end_in_nul(void **state)
{
	struct arena arena;
	char text[] = "abc";
	struct str copy;

	(void)state;
	arena_init(&arena, 256);
	copy = arena_copy(&arena, (struct str){ text, 3 });
	text[0] = 'x';
	assert_str(copy, "abc");
	assert_int_equal(copy.p[3], '\0');
	assert_string_equal(arena_cstr(&arena, S("def")), "def");
	assert_string_equal(arena_cstr(&arena, (struct str){ NULL, 0 }), "");
	assert_str(arena_printf(&arena, "%s-%05d", "x", 42), "x-00042");
	assert_int_equal(arena_printf(&arena, "%01000d", 7).n, 1000);
	arena_release(&arena);
}

static void deferred_run_newest_first(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	for (const char *p = "abc"; *p; p++)
		arena_defer(&arena, note, (void *)(uintptr_t)p);
	arena_reset(&arena);
	assert_string_equal(order, "cba");
	arena_defer(&arena, note, (void *)(uintptr_t) "d");
	arena_release(&arena);
	assert_string_equal(order, "cbad");
	arena_release(&arena);
	assert_string_equal(order, "cbad");
}

static void rewind_gives_back_what_came_after(void **state)
{
	struct arena arena;
	struct arena_mark mark;
	char *kept;
	char *first;

	(void)state;
	arena_init(&arena, 128);
	kept = arena_cstr(&arena, S("kept"));
	arena_defer(&arena, note, (void *)(uintptr_t) "a");
	mark = arena_mark(&arena);
	first = arena_alloc(&arena, 16);
	arena_defer(&arena, note, (void *)(uintptr_t) "b");
	memset(arena_alloc(&arena, 4096), 'x', 4096);
	arena_rewind(&arena, mark);
	assert_string_equal(order, "b");
	assert_string_equal(kept, "kept");
	assert_ptr_equal(arena_alloc(&arena, 16), first);
	arena_release(&arena);
	assert_string_equal(order, "ba");
}

static void marks_nest(void **state)
{
	struct arena arena;
	struct arena_mark outer;
	struct arena_mark inner;

	(void)state;
	arena_init(&arena, 64);
	outer = arena_mark(&arena);
	arena_defer(&arena, note, (void *)(uintptr_t) "a");
	inner = arena_mark(&arena);
	arena_defer(&arena, note, (void *)(uintptr_t) "b");
	arena_rewind(&arena, inner);
	assert_string_equal(order, "b");
	arena_rewind(&arena, outer);
	assert_string_equal(order, "ba");
	assert_null(arena.block);
	arena_release(&arena);
}

static void a_stream_stays_flat(void **state)
{
	struct arena arena;
	struct arena_block *block;

	(void)state;
	arena_init(&arena, 4096);
	arena_alloc(&arena, 16);
	block = arena.block;
	for (int frame = 0; frame < 10000; frame++) {
		struct arena_mark mark = arena_mark(&arena);

		memset(arena_alloc(&arena, 1000), 'x', 1000);
		memset(arena_alloc(&arena, 10000), 'y', 10000);
		arena_rewind(&arena, mark);
		assert_ptr_equal(arena.block, block);
	}
	arena_release(&arena);
}

static void an_array_widens_when_it_is_full(void **state)
{
	struct arena arena;
	size_t room = 2;
	int *numbers, *before;

	(void)state;
	arena_init(&arena, 64);
	numbers = before = ARENA_ARRAY(&arena, int, room);
	for (int i = 0; i < 100; i++) {
		numbers = arena_widen(
			&arena, numbers, (size_t)i, &room, sizeof(*numbers));
		numbers[i] = i;
		assert_true(i > 1 || numbers == before);
	}
	assert_int_equal(room, 128);
	for (int i = 0; i < 100; i++)
		assert_int_equal(numbers[i], i);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_widens_when_it_is_full),
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(zeroed_again_after_a_reset),
		cmocka_unit_test(large_things_get_a_block),
		cmocka_unit_test(arrays_and_types),
		cmocka_unit_test(copies_end_in_nul),
		cmocka_unit_test_setup(deferred_run_newest_first, forget_order),
		cmocka_unit_test_setup(
			rewind_gives_back_what_came_after, forget_order),
		cmocka_unit_test_setup(marks_nest, forget_order),
		cmocka_unit_test(a_stream_stays_flat),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
