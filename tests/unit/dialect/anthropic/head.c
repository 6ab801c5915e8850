/*
 * anthropic/head.c - what the gateway knows of a request before it goes
 * through, and what it refuses, with the path. Bodies are written with ' for
 * ".
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "quoted.h"

#include "dialect/anthropic/anthropic.h"

static const struct {
	const char *body;
	enum error_kind kind;
	const char *param;
} refused[] = {
	{ "{'messages':[", ERR_BAD_JSON, "" },
	{ "[]", ERR_BAD_REQUEST, "" },
	{ "{'model':'m'}", ERR_MISSING_FIELD, "messages" },
	{ "{'messages':[]}", ERR_BAD_FIELD, "messages" },
	{ "{'messages':'Hi'}", ERR_BAD_FIELD, "messages" },
	{ "{'messages':['Hi']}", ERR_BAD_FIELD, "messages[0]" },
	{ "{'messages':[{'content':'Hi'}]}", ERR_MISSING_FIELD,
		"messages[0].role" },
	{ "{'messages':[{'role':1,'content':'Hi'}]}", ERR_BAD_FIELD,
		"messages[0].role" },
	{ "{'messages':[{'role':'tool','content':'Hi'}]}", ERR_BAD_FIELD,
		"messages[0].role" },
	{ "{'messages':[{'role':'user','content':'Hi'},{'role':'user'}]}",
		ERR_MISSING_FIELD, "messages[1].content" },
	{ "{'messages':[{'role':'user','content':null}]}", ERR_BAD_FIELD,
		"messages[0].content" },
	{ "{'messages':[{'role':'user','content':['Hi']}]}", ERR_BAD_FIELD,
		"messages[0].content[0]" },
	{ "{'messages':[{'role':'user','content':[{'text':'Hi'}]}]}",
		ERR_MISSING_FIELD, "messages[0].content[0].type" },
	{ "{'messages':[{'role':'user','content':[{'type':'text','text':'a'},"
	  "{'type':7}]}]}",
		ERR_BAD_FIELD, "messages[0].content[1].type" },
	{ "{'system':7,'messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "system" },
	{ "{'system':[{'text':'x'}],'messages':[{'role':'user','content':'H'}]}",
		ERR_MISSING_FIELD, "system[0].type" },
	{ "{'model':7,'messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "model" },
	{ "{'model':'','messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "model" },
	{ "{'model':'a','mod\\u0065l':'b','messages':[{'role':'user',"
	  "'content':'Hi'}]}",
		ERR_BAD_FIELD, "model" },
	{ "{'messages':[{'role':'user','content':'Hi'}],'messages':[{'role':"
	  "'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "messages" },
	{ "{'max_tokens':1,'max_tokens':2,'messages':[{'role':'user','content':"
	  "'Hi'}]}",
		ERR_BAD_FIELD, "max_tokens" },
	{ "{'max_tokens':-1,'messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "max_tokens" },
	{ "{'max_tokens':1.5,'messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "max_tokens" },
	{ "{'stream':'yes','messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "stream" },
	{ "{'tools':{},'messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "tools" },
	{ "{'tool_choice':'any','messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "tool_choice" },
	{ "{'thinking':true,'messages':[{'role':'user','content':'Hi'}]}",
		ERR_BAD_FIELD, "thinking" },
};

static void bad_requests_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct error err = ERROR_INIT;
		struct chat_head head;
		struct arena arena;

		arena_init(&arena, 4096);
		if (anthropic_read_head(quoted(refused[i].body, &arena), &arena,
			    &head, &err))
			fail_msg("accepted: %s", refused[i].body);
		if (err.kind != refused[i].kind ||
			strcmp(err.param, refused[i].param) != 0)
			fail_msg("%s: %s (%s)", refused[i].body,
				error_message(&err), err.param);
		assert_true(refused[i].kind == ERR_BAD_JSON ||
			    strstr(error_message(&err), refused[i].param));
		arena_release(&arena);
	}
	print_message("%zu bad requests\n", ARRAY_LEN(refused));
}

static void read_head(
	const char *body, struct arena *arena, struct chat_head *head)
{
	struct error err = ERROR_INIT;

	if (!anthropic_read_head(quoted(body, arena), arena, head, &err))
		fail_msg("%s: %s", body, error_message(&err));
}

#define HI "'messages':[{'role':'user','content':'Hi'}]"

static void what_matters_is_found(void **state)
{
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_head("{'model':'claude-x','stream':true,'max_tokens':77,'metadata'"
		  ":{'user_id':'u1'}," HI "}",
		&arena, &head);
	assert_text(head.model, "claude-x");
	assert_text(head.user, "u1");
	assert_true(head.stream);
	assert_int_equal(head.max_tokens, 77);
	assert_int_equal(head.n, 1);
	assert_int_equal(head.message_count, 1);
	assert_int_equal(head.prompt_text_bytes, 2);
	assert_int_equal(head.prompt_bytes, 2);
	assert_false(head.has_tools || head.has_images || head.has_files ||
		     head.has_json_schema || head.has_reasoning);
	read_head("{'max_tokens':0," HI "}", &arena, &head);
	assert_int_equal(head.max_tokens, 0);
	assert_text(head.model, "");
	read_head("{" HI "}", &arena, &head);
	assert_int_equal(head.max_tokens, -1);
	arena_release(&arena);
}

static void abilities_are_found(void **state)
{
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_head("{'tools':[{'name':'f'}]," HI "}", &arena, &head);
	assert_true(head.has_tools);
	read_head("{'tools':[]," HI "}", &arena, &head);
	assert_false(head.has_tools);
	read_head("{'thinking':{'type':'adaptive'}," HI "}", &arena, &head);
	assert_true(head.has_reasoning);
	read_head("{'thinking':{'type':'disabled'}," HI "}", &arena, &head);
	assert_false(head.has_reasoning);
	read_head("{'output_config':{'effort':'high'}," HI "}", &arena, &head);
	assert_false(head.has_reasoning || head.has_json_schema);
	read_head("{'output_config':{'format':{'type':'json_schema','schema':{}"
		  "}}," HI "}",
		&arena, &head);
	assert_true(head.has_json_schema);
	read_head("{'output_format':{'type':'json_schema','schema':{}}," HI "}",
		&arena, &head);
	assert_true(head.has_json_schema);
	read_head("{'messages':[{'role':'user','content':[{'type':'tool_result'"
		  ",'tool_use_id':'t','content':[{'type':'image','source':{}}]}"
		  "]}]}",
		&arena, &head);
	assert_true(head.has_images);
	read_head("{'messages':[{'role':'user','content':[{'type':'document',"
		  "'source':{}}]}]}",
		&arena, &head);
	assert_true(head.has_files);
	arena_release(&arena);
}

static void prompts_are_counted(void **state)
{
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	/* 1 of the system, 2 of a text, 3 of a result, 4 of a block in one, 5
	 * of a document; the input of a call counts in all alone. */
	read_head("{'system':[{'type':'text','text':'s'}],'messages':[{'role':"
		  "'assistant','content':[{'type':'text','text':'ab'},{'type':"
		  "'tool_use','input':{}},{'type':'thinking','thinking':'not'}]"
		  "},{'role':'user','content':[{'type':'tool_result','content':"
		  "'abc'},{'type':'tool_result','content':[{'type':'text',"
		  "'text':'abcd'}]},{'type':'document','source':{'type':'text',"
		  "'data':'abcde'}}]}]}",
		&arena, &head);
	assert_int_equal(head.prompt_text_bytes, 1 + 2 + 3 + 4 + 5);
	assert_int_equal(head.prompt_bytes, head.prompt_text_bytes + 2);
	arena_release(&arena);
}

/* A request to count tokens is read, and changes its model, as any other. */
static void visit_count(const struct recording *r, void *context)
{
	size_t *answers = context;
	struct error err = ERROR_INIT;
	struct splice splice;
	struct chat_head head;
	struct arena arena;
	struct buf out = BUF_INIT(256);
	json_t *answer;

	arena_init(&arena, 65536);
	if (!anthropic_read_head(r->request, &arena, &head, &err))
		fail_msg("%s: %s", r->name, error_message(&err));
	assert_int_equal(head.max_tokens, -1);
	anthropic.splice_request(&head, S("other"), true, &arena, &splice);
	assert_true(anthropic_read_head(
		splice_join(&splice, &arena), &arena, &head, &err));
	assert_text(head.model, "other");
	if (r->response.p) {
		answer = parse(r->response);
		anthropic.write_token_count(json_integer_value(json_object_get(
						    answer, "input_tokens")),
			&out);
		assert_same_json(buf_str(&out), r->response, r->name);
		json_decref(answer);
		++*answers;
	}
	buf_release(&out);
	arena_release(&arena);
}

static void token_counts_are_asked_for(void **state)
{
	size_t answers = 0, requests;

	(void)state;
	requests =
		recordings_visit_file(RECORDINGS "anthropic_count_tokens.jsonl",
			visit_count, &answers);
	requests += recordings_visit_file(RECORDINGS
		"anthropic_count_tokens_edge_cases.jsonl",
		visit_count, &answers);
	print_message("%zu requests, %zu answers\n", requests, answers);
	assert_int_equal(requests, 7);
	assert_int_equal(answers, 5);
}

static void addresses_are_written(void **state)
{
	struct buf out = BUF_INIT(256);

	(void)state;
	anthropic.write_path(S("m"), true, &out);
	assert_string_equal(buf_cstr(&out), "/messages");
	buf_clear(&out);
	anthropic.write_count_path(S("m"), &out);
	assert_string_equal(buf_cstr(&out), "/messages/count_tokens");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(what_matters_is_found),
		cmocka_unit_test(abilities_are_found),
		cmocka_unit_test(prompts_are_counted),
		cmocka_unit_test(token_counts_are_asked_for),
		cmocka_unit_test(addresses_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
