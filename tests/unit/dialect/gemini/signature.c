/*
 * gemini/signature.c - thought signatures that come back from Google's clients.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"

#include "dialect/gemini/gemini.h"

#define HI "{\"role\":\"user\",\"parts\":[" TEXT("Hi") "]}"
#define MODEL(parts) "{\"role\":\"model\",\"parts\":[" parts "]}"
#define TEXT(text) "{\"text\":\"" text "\"}"

/* base64 of "anthropic:c2ln": what Google's clients were
 * given for a thought of Anthropic's. */
#define SEALED "YW50aHJvcGljOmMybG4="

static void read_request(
	const char *body, struct arena *arena, struct chat_request *out)
{
	cases_read_request(&gemini, str_of(body), arena, out);
}

static void signatures_know_where_they_are_from(void **state)
{
	struct chat_request request;
	const struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_request("{\"contents\":[" MODEL(
			     "{\"text\":\"T\",\"thought\":true,"
			     "\"thoughtSignature\":\"" SEALED "\"},{\"text\":"
			     "\"t\",\"thoughtSignature\":\"EgQKAgh7\"}") "]}",
		&arena, &request);
	part = request.messages[0].parts;
	assert_text(part->signature.text, "c2ln");
	assert_text(part->signature.origin, "anthropic");
	assert_text(part->next->signature.text, "EgQKAgh7");
	assert_text(part->next->signature.origin, "gemini");
	arena_release(&arena);
}

/* In a stream the signature comes behind the thought, and Google's SDKs keep
 * every event as a content. */
static void a_thought_gets_its_signature_back(void **state)
{
	struct chat_request request;
	const struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_request("{\"contents\":[" HI
		     "," MODEL("{\"text\":\"I \",\"thought\":true}") "," MODEL(
			     "{\"text\":\"think\",\"thought\":true},{"
			     "\"text\":\"\",\"thought\":true,"
			     "\"thoughtSignature\":\"" SEALED
			     "\"}," TEXT("Ho")) "]}",
		&arena, &request);
	part = request.messages[1].parts;
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_text(part->text, "I think");
	assert_text(part->signature.text, "c2ln");
	assert_null(part->next);
	assert_text(request.messages[2].parts->text, "Ho");
	assert_ptr_equal(
		request.messages[2].parts, request.messages[2].last_part);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_know_where_they_are_from),
		cmocka_unit_test(a_thought_gets_its_signature_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
