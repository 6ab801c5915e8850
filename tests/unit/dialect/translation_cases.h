/*
 * translation_cases.h - conversations that were held in several formats: the
 * same question asked of several providers in their own words, with what each
 * of them answered, and the next turn.
 *
 *	conversations_load(&all);
 *	pair_begin(&pair, from, to, differences, ARRAY_LEN(differences));
 *	...pair_visit(&pair, name, text) and the checks of across.h...
 *	pair_end(&pair);
 *
 * What cannot be the same is a row of a table of differences, with the reason.
 * A row that nothing needs is an error like a difference without a row.
 */
#ifndef TESTS_UNIT_DIALECT_TRANSLATION_CASES_H
#define TESTS_UNIT_DIALECT_TRANSLATION_CASES_H

#include "across.h"

/* One turn: what was asked, and its two answers (two runs of the model). */
struct told {
	struct str model; /* where the address names it */
	struct str request;
	struct str response;
	struct str stream;
};

enum format { CHAT, RESPONSES, ANTHROPIC, GEMINI, FORMATS };

struct conversation {
	char name[96];
	struct told first[FORMATS];
	struct told next[FORMATS]; /* with the first answer in its request */
};

#define CONVERSATIONS 72

struct conversations {
	struct conversation rows[CONVERSATIONS];
	size_t count;
	enum format loading;
	struct arena arena;
};

static const struct conversation_format {
	struct str dialect;
	const char *files[2];
} conversation_formats[FORMATS] = {
	[CHAT] = { STR("openai_chat"),
		{ RECORDINGS "translation_openai_chat.jsonl",
			RECORDINGS "openai_chat_translation.jsonl" } },
	[RESPONSES] = { STR("openai_responses"),
		{ RECORDINGS "translation_openai_responses.jsonl" } },
	[ANTHROPIC] = { STR("anthropic"),
		{ RECORDINGS "translation_anthropic.jsonl" } },
	[GEMINI] = { STR("gemini"), { RECORDINGS "translation_gemini.jsonl" } },
};

/* All that a conversation can be translated into, the four above first. */
static const struct str all_dialects[] = {
	STR("openai_chat"),
	STR("openai_responses"),
	STR("anthropic"),
	STR("gemini"),
	STR("cohere"),
	STR("ollama"),
	STR("bedrock"),
};

#define DIALECTS ARRAY_LEN(all_dialects)

static inline const struct dialect *format_dialect(size_t format)
{
	const struct dialect *dialect =
		dialect_find(conversation_formats[format].dialect);

	assert_non_null(dialect);
	return dialect;
}

/* --- reading the files --- */

static inline struct conversation *conversations_row(
	struct conversations *all, struct str name)
{
	struct conversation *row = all->rows;

	for (; row < all->rows + all->count; row++)
		if (str_equal(str_of(row->name), name))
			return row;
	assert_true(all->count < CONVERSATIONS);
	all->count++;
	failure_fit(name, row->name, sizeof(row->name));
	return row;
}

static inline bool cut_end(struct str *name, struct str end)
{
	if (!str_ends(*name, end))
		return false;
	name->n -= end.n;
	return true;
}

static inline void conversations_keep(
	struct conversations *all, struct str text, struct str *place)
{
	if (text.n > 0)
		*place = arena_copy(&all->arena, text);
}

/* The name in ".../models/gemini-2.5-flash:generateContent". */
static inline struct str model_of(struct str url)
{
	struct str name = str_from(url, str_find(url, S("/models/")));

	name = str_from(name, strlen("/models/"));
	return str_head(name, str_index(name, ':'));
}

/* A name is "translation/", the conversation's, "-followup", "-stream". */
static inline void conversations_add(const struct recording *r, void *context)
{
	struct conversations *all = context;
	struct str name = str_from(str_of(r->name), strlen("translation/"));
	bool is_stream = cut_end(&name, S("-stream"));
	bool is_next = cut_end(&name, S("-followup"));
	struct conversation *row = conversations_row(all, name);
	struct told *told =
		is_next ? &row->next[all->loading] : &row->first[all->loading];

	conversations_keep(all, model_of(str_of(r->url)), &told->model);
	conversations_keep(all, r->request, &told->request);
	if (r->status < 400)
		conversations_keep(all, r->response,
			is_stream ? &told->stream : &told->response);
}

static inline void conversations_load(struct conversations *all)
{
	*all = (struct conversations){ .count = 0 };
	arena_init(&all->arena, 1 << 20);
	for (size_t i = 0; i < FORMATS; i++) {
		all->loading = (enum format)i;
		for (size_t f = 0; f < 2; f++)
			if (conversation_formats[i].files[f])
				recordings_visit_file(
					conversation_formats[i].files[f],
					conversations_add, all);
	}
	assert_int_equal(all->count, CONVERSATIONS);
}

static inline void conversations_release(struct conversations *all)
{
	arena_release(&all->arena);
}

/* --- differences --- */

struct difference {
	const char *from; /* dialects, by name; NULL: whichever */
	const char *to;
	const char *name; /* the beginning of the conversation's */
	const char *check;
	const char *reason;
	bool seen;
};

#define DIFFERENCES_MAX 64

/* Two dialects, and what may differ between them. */
struct pair {
	struct across across;
	struct recording recording;
	struct suite_exception exceptions[DIFFERENCES_MAX];
	struct difference *rows[DIFFERENCES_MAX];
};

/* No dialect's name is part of another one's. */
static inline bool concerns(const char *names, const struct dialect *dialect)
{
	return !names || strstr(names, dialect->name);
}

/* The pair must not move afterwards: it holds a pointer into itself. */
static inline void pair_begin(struct pair *pair, const struct dialect *from,
	const struct dialect *to, struct difference *differences, size_t count)
{
	struct suite *suite = &pair->across.suite;

	assert_true(count <= DIFFERENCES_MAX);
	*pair = (struct pair){ .across = { .from = from, .to = to } };
	suite->dialect = to;
	suite->exceptions = pair->exceptions;
	suite->recording = &pair->recording;
	for (size_t i = 0; i < count; i++) {
		struct difference *d = &differences[i];

		if (!concerns(d->from, from) || !concerns(d->to, to))
			continue;
		pair->rows[suite->exception_count] = d;
		pair->exceptions[suite->exception_count++] =
			(struct suite_exception){ d->name, d->check, d->reason,
				false };
	}
}

/* What is checked next. */
static inline void pair_visit(
	struct pair *pair, const char *name, const char *check)
{
	pair->recording.name = name;
	suite_begin(&pair->across.suite, check);
}

/* How many checks failed. */
static inline size_t pair_end(struct pair *pair)
{
	for (size_t i = 0; i < pair->across.suite.exception_count; i++)
		pair->rows[i]->seen |= pair->exceptions[i].seen;
	return pair->across.suite.failed;
}

static inline void differences_check(
	const struct difference *d, size_t count, size_t failed)
{
	for (; count > 0; count--, d++)
		if (!d->seen)
			fail_msg("%s: %s from %s to %s is no different: strike "
				 "it out",
				d->name, d->check, d->from ? d->from : "any",
				d->to ? d->to : "any");
	if (failed > 0)
		fail_msg("%zu checks failed, see above", failed);
}

/* --- requests --- */

static inline bool told_read(const struct dialect *dialect, struct str body,
	struct str model, struct arena *arena, struct chat_request *out,
	struct error *err)
{
	struct chat_head head;

	if (!dialect->read_head(body, arena, &head, err))
		return false;
	if (head.model.n == 0)
		head.model = model;
	return dialect->read_request(&head, arena, out, err);
}

/* A recorded request is understood. */
static inline void told_must_read(const struct dialect *dialect,
	const struct told *told, struct arena *arena, struct chat_request *out)
{
	struct error err = ERROR_INIT;

	if (!told_read(dialect, told->request, told->model, arena, out, &err))
		fail_msg("%s: %s (%s): %.*s", dialect->name,
			error_message(&err), err.param,
			STR_ARG(str_head(told->request, 300)));
}

/* --- answers --- */

/* What the gateway does for providers that have no ids: a client matches
 * results to calls by them. */
static inline void name_calls(
	struct chat_response *response, size_t *named, struct arena *arena)
{
	for (size_t i = 0; i < response->choice_count; i++)
		for (struct chat_part *part =
				response->choices[i].message.parts;
			part; part = part->next)
			if (part->kind == CHAT_TOOL_CALL &&
				part->call.id.n == 0 && part->call.name.p)
				part->call.id = arena_printf(
					arena, "call_%zu", (*named)++);
}

#endif
