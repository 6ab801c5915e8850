/*
 * translation_turns.c - the turn after an answer: a client of one dialect
 * talked to a provider of another one, sends the answer back as it got it,
 * with the user's next words or a tool's result. The provider must see what
 * the recording shows that its own client sent: words, calls and results
 * under their ids, thinking with its signatures.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "translation_cases.h"

static struct conversations all;

static struct difference differences[] = {
	{ "openai_responses", NULL, "multimodalRequest", "words",
		"the recorded turn is not the recorded answer", false },
};

/* How a client goes on. In its words, %i is a call's id, %n a tool's name and
 * %t a text, quoted. */
static const struct client {
	struct str dialect;
	const char *list;      /* the member with the conversation */
	const char *answer[4]; /* where in an answer the turn is */
	const char *role;      /* of the turn, when it is a content alone */
	const char *question;
	const char *result;
	bool keeps_signatures;
} clients[] = {
	{ STR("openai_chat"), "messages", { "choices", "0", "message" }, NULL,
		"{\"role\":\"user\",\"content\":%t}",
		"{\"role\":\"tool\",\"tool_call_id\":%i,\"content\":%t}",
		true },
	{ STR("openai_responses"), "input", { "output" }, NULL,
		"{\"role\":\"user\",\"content\":%t}",
		"{\"type\":\"function_call_output\",\"call_id\":%i,"
		"\"output\":%t}",
		true },
	{ STR("anthropic"), "messages", { "content" }, "assistant",
		"{\"role\":\"user\",\"content\":%t}",
		"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
		"\"tool_use_id\":%i,\"content\":%t}]}",
		true },
	{ STR("gemini"), "contents", { "candidates", "0", "content" }, NULL,
		"{\"role\":\"user\",\"parts\":[{\"text\":%t}]}",
		"{\"role\":\"user\",\"parts\":[{\"functionResponse\":"
		"{\"id\":%i,\"name\":%n,\"response\":{\"output\":%t}}}]}",
		true },
	{ STR("cohere"), "messages", { "message" }, NULL,
		"{\"role\":\"user\",\"content\":%t}",
		"{\"role\":\"tool\",\"tool_call_id\":%i,\"content\":%t}",
		false },
	{ STR("ollama"), "messages", { "message" }, NULL,
		"{\"role\":\"user\",\"content\":%t}",
		"{\"role\":\"tool\",\"tool_name\":%n,\"content\":%t}", false },
	{ STR("bedrock"), "messages", { "output", "message" }, NULL,
		"{\"role\":\"user\",\"content\":[{\"text\":%t}]}",
		"{\"role\":\"user\",\"content\":[{\"toolResult\":"
		"{\"toolUseId\":%i,\"content\":[{\"text\":%t}]}}]}",
		false },
};

static const struct client *client_of(const struct dialect *dialect)
{
	const struct client *client = clients;

	while (!str_equal(client->dialect, str_of(dialect->name)))
		client++;
	return client;
}

/* --- what the client sends --- */

/* The item of a conversation that a template describes. */
static json_t *say(
	const char *template, const struct chat_call *call, struct str text)
{
	struct buf out = BUF_INIT(SUITE_MAX);
	json_t *item;

	for (const char *at = template; *at; at++) {
		if (at[0] != '%') {
			buf_append_char(&out, *at);
			continue;
		}
		at++;
		json_append_quoted(&out, *at == 'i'   ? call->id
					 : *at == 'n' ? call->name
						      : text);
	}
	item = parse(buf_str(&out));
	assert_non_null(item);
	buf_release(&out);
	return item;
}

static struct str text_of(
	const struct chat_message *message, struct arena *arena)
{
	struct buf text = BUF_INIT(SUITE_MAX);
	struct str copy;

	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TEXT)
			buf_append(&text, part->text);
	copy = arena_copy(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

/* The answer as the turns of a conversation. */
static void append_answer(
	json_t *list, const struct client *client, json_t *answer)
{
	json_t *turn = answer;

	for (size_t i = 0; i < 4 && client->answer[i]; i++)
		turn = json_is_array(turn)
			       ? json_array_get(turn, 0)
			       : json_object_get(turn, client->answer[i]);
	assert_non_null(turn);
	if (client->role)
		json_array_append_new(
			list, json_pack("{s:s, s:O}", "role", client->role,
				      "content", turn));
	else if (json_is_array(turn))
		json_array_extend(list, turn);
	else
		json_array_append(list, turn);
}

/* The nth call of a message, numbered from 0; NULL when it has fewer. */
static const struct chat_call *nth_call(
	const struct chat_message *message, size_t n)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL && n-- == 0)
			return &part->call;
	return NULL;
}

/* The recorded turn after the answer, in the words of this client: `heard` is
 * the answer as it understood it. */
static void append_tail(json_t *list, const struct client *client,
	const struct chat_request *recorded, const struct chat_message *heard,
	struct arena *arena)
{
	size_t first = recorded->message_count;
	size_t results = 0;

	while (first > 0 &&
		recorded->messages[first - 1].role != CHAT_ASSISTANT)
		first--;
	for (size_t i = first; i < recorded->message_count; i++) {
		const struct chat_message *message = &recorded->messages[i];
		bool is_result = meaning_is_result(message);
		const struct chat_call *call =
			is_result ? nth_call(heard, results++) : NULL;

		assert_true(!is_result || call);
		json_array_append_new(
			list, say(is_result ? client->result : client->question,
				      call, text_of(message, arena)));
	}
}

/* --- from the client to the provider --- */

struct trip {
	struct pair pair; /* from the provider to the client */
	const struct client *client;
	size_t refused; /* conversations, for what they ask for */
	size_t turns;
	size_t calls;      /* that came back, and results */
	size_t signatures; /* that came back */
	struct arena arena;
};

/* The client's first question; NULL: its provider could not be asked so. */
static json_t *first_question(struct trip *trip, const struct told *recorded)
{
	const struct across *a = &trip->pair.across;
	struct buf out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request asked;
	json_t *body = NULL;

	chat_losses_init(&losses, a->from);
	told_must_read(a->from, recorded, &trip->arena, &asked);
	if (chat_losses_find(&asked, a->to, NULL, &losses, &err) &&
		a->to->write_request(&asked, NULL, &losses, &out, &err))
		body = parse(buf_str(&out));
	else
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
	chat_losses_release(&losses);
	buf_release(&out);
	return body;
}

/* The answer in the client's words, and what it reads in them. */
static json_t *hear_answer(
	struct trip *trip, struct str recorded, struct chat_message *heard)
{
	const struct across *a = &trip->pair.across;
	struct buf out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_response answer;
	struct str written;
	size_t named = 0;

	if (!a->from->read_response(recorded, &trip->arena, &answer, &err))
		fail_msg("%s", error_detail(&err));
	name_calls(&answer, &named, &trip->arena);
	a->to->write_response(&answer, &out);
	written = arena_copy(&trip->arena, buf_str(&out));
	buf_release(&out);
	if (!a->to->read_response(written, &trip->arena, &answer, &err))
		fail_msg("%s", error_detail(&err));
	*heard = answer.choices[0].message;
	return parse(written);
}

/* What reaches the provider, whose model that is, of what the client sends. */
static bool translate_back(struct trip *trip, json_t *body, struct str model,
	struct chat_request *out)
{
	const struct across *a = &trip->pair.across;
	struct buf written = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request asked;
	char *text = json_dumps(body, JSON_COMPACT);
	bool ok;

	chat_losses_init(&losses, a->to);
	ok = told_read(a->to, str_of(text), model, &trip->arena, &asked, &err);
	if (ok)
		asked.model = model;
	ok = ok && chat_losses_find(&asked, a->from, NULL, &losses, &err) &&
	     a->from->write_request(&asked, NULL, &losses, &written, &err) &&
	     told_read(a->from, arena_copy(&trip->arena, buf_str(&written)),
		     model, &trip->arena, out, &err);
	if (!ok)
		suite_fail(&trip->pair.across.suite, "refused: %s (%s)",
			error_message(&err), err.param);
	chat_losses_release(&losses);
	buf_release(&written);
	free(text);
	return ok;
}

/* --- comparing --- */

static void tell_words(
	struct trip *trip, const struct chat_request *r, struct buf *out)
{
	const char *speaker = "";

	for (size_t i = 0; i < r->message_count; i++) {
		const struct chat_message *message = &r->messages[i];
		struct str text = text_of(message, &trip->arena);

		if (meaning_is_result(message) || text.n == 0)
			continue;
		if (strcmp(speaker, meaning_speaker(message)) != 0)
			buf_printf(out, "\n%s: ", meaning_speaker(message));
		speaker = meaning_speaker(message);
		for (size_t c = 0; c < text.n; c++)
			if (!isspace((unsigned char)text.p[c]))
				buf_append_char(out, text.p[c]);
	}
}

static void tell_call(const struct chat_call *call, struct buf *out)
{
	buf_append(out, S("call "));
	json_append_quoted(out, call->id);
	json_append_quoted(out, call->name);
	meaning_json(call->arguments, out);
	buf_append_char(out, '\n');
}

static void tell_calls(
	struct trip *trip, const struct chat_request *r, struct buf *out)
{
	for (size_t i = 0; i < r->message_count; i++) {
		const struct chat_message *message = &r->messages[i];

		for (const struct chat_part *part = message->parts; part;
			part = part->next)
			if (part->kind == CHAT_TOOL_CALL)
				tell_call(&part->call, out);
		if (!meaning_is_result(message))
			continue;
		buf_append(out, S("result of "));
		json_append_quoted(out, message->tool_call_id);
		meaning_json(text_of(message, &trip->arena), out);
		buf_append_char(out, '\n');
	}
}

/* The thinking that a provider wants back, and its signatures. That of a text
 * proves nothing that anybody asks for. */
static void tell_signatures(
	struct trip *trip, const struct chat_request *r, struct buf *out)
{
	(void)trip;
	for (size_t i = 0; i < r->message_count; i++)
		for (const struct chat_part *part = r->messages[i].parts; part;
			part = part->next) {
			struct str signature = part->signature.text;

			if (part->kind == CHAT_REDACTED_THINKING &&
				signature.n == 0)
				signature = part->data;
			if (part->kind == CHAT_TEXT || signature.n == 0)
				continue;
			buf_printf(out, "%d ", part->kind);
			json_append_quoted(out, part->text);
			json_append_quoted(out, signature);
			buf_append_char(out, '\n');
		}
}

typedef void tell_turns(
	struct trip *trip, const struct chat_request *r, struct buf *out);

/* How many lines there were to tell. */
static size_t compare(struct trip *trip, const char *check, tell_turns *tell,
	const struct chat_request *recorded, const struct chat_request *arrived)
{
	struct buf before = BUF_INIT(SUITE_MAX), after = BUF_INIT(SUITE_MAX);
	size_t lines = 0;

	pair_visit(&trip->pair, trip->pair.recording.name, check);
	tell(trip, recorded, &before);
	tell(trip, arrived, &after);
	suite_compare(
		&trip->pair.across.suite, buf_str(&after), buf_str(&before));
	for (size_t i = 0; i < before.n; i++)
		lines += before.p[i] == '\n';
	buf_release(&before);
	buf_release(&after);
	return lines;
}

static void compare_turns(struct trip *trip,
	const struct chat_request *recorded, const struct chat_request *arrived)
{
	compare(trip, "words", tell_words, recorded, arrived);
	trip->calls += compare(trip, "calls", tell_calls, recorded, arrived);
	if (trip->client->keeps_signatures)
		trip->signatures += compare(
			trip, "signatures", tell_signatures, recorded, arrived);
}

/* --- all of it --- */

/* `then` is what the provider's own client sends when it got the response;
 * `body` what this one has sent, and will send. */
static void go_on(struct trip *trip, json_t *body, struct str response,
	const struct told *then)
{
	json_t *list = json_object_get(body, trip->client->list);
	struct chat_request recorded, arrived;
	struct chat_message heard;
	json_t *answer;

	pair_visit(&trip->pair, trip->pair.recording.name, "words");
	trip->turns++;
	told_must_read(trip->pair.across.from, then, &trip->arena, &recorded);
	answer = hear_answer(trip, response, &heard);
	assert_true(json_is_array(list));
	append_answer(list, trip->client, answer);
	append_tail(list, trip->client, &recorded, &heard, &trip->arena);
	if (translate_back(trip, body, recorded.model, &arrived))
		compare_turns(trip, &recorded, &arrived);
	json_decref(answer);
}

/* Nobody recorded a third turn. The provider's own client would send this. */
static struct str third_turn(
	struct trip *trip, size_t from, const struct told *second)
{
	const struct client *own = client_of(trip->pair.across.from);
	json_t *body = parse(second->request),
	       *answer = parse(second->response);
	json_t *list = json_object_get(body, own->list);
	struct error err = ERROR_INIT;
	struct chat_response heard;
	const struct chat_call *call;
	struct str copy;
	char *text;
	size_t calls = 0;

	append_answer(list, own, answer);
	if (!format_dialect(from)->read_response(
		    second->response, &trip->arena, &heard, &err))
		fail_msg("%s", error_detail(&err));
	for (; (call = nth_call(&heard.choices[0].message, calls)); calls++)
		json_array_append_new(list, say(own->result, call, S("Done")));
	if (calls == 0)
		json_array_append_new(
			list, say(own->question, NULL, S("And then?")));
	text = json_dumps(body, JSON_COMPACT);
	copy = arena_copy(&trip->arena, str_of(text));
	free(text);
	json_decref(answer);
	json_decref(body);
	return copy;
}

static void converse(
	struct trip *trip, const struct conversation *row, size_t from)
{
	const struct told *first = &row->first[from],
			  *second = &row->next[from];
	struct told third = { .model = second->model };
	json_t *body;

	pair_visit(&trip->pair, row->name, "words");
	body = first_question(trip, first);
	if (!body) {
		trip->refused++;
		return;
	}
	go_on(trip, body, first->response, second);
	third.request = third_turn(trip, from, second);
	go_on(trip, body, second->response, &third);
	json_decref(body);
}

static size_t converse_with(size_t from, const struct client *client)
{
	struct trip trip = { .client = client };

	pair_begin(&trip.pair, format_dialect(from),
		dialect_find(client->dialect), differences,
		ARRAY_LEN(differences));
	for (size_t i = 0; i < all.count; i++) {
		if (!all.rows[i].next[from].response.p)
			continue;
		arena_init(&trip.arena, 65536);
		converse(&trip, &all.rows[i], from);
		arena_release(&trip.arena);
	}
	print_message("%-16s for %-16s %2zu refused, %2zu turns, %2zu calls "
		      "and results, %2zu signatures\n",
		trip.pair.across.from->name, client->dialect.p, trip.refused,
		trip.turns, trip.calls, trip.signatures);
	return pair_end(&trip.pair);
}

static void answers_come_back(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < FORMATS; i++)
		for (size_t j = 0; j < ARRAY_LEN(clients); j++)
			if (!str_equal(clients[j].dialect,
				    conversation_formats[i].dialect))
				failed += converse_with(i, &clients[j]);
	differences_check(differences, ARRAY_LEN(differences), failed);
}

static int load(void **state)
{
	(void)state;
	conversations_load(&all);
	return 0;
}

static int release(void **state)
{
	(void)state;
	conversations_release(&all);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_back),
	};

	return cmocka_run_group_tests(tests, load, release);
}
