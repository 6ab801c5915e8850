/*
 * anthropic/request.c - requests in Anthropic's own words, case by case: they
 * come back as they were, and what they mean is found. Bodies are written
 * with ' for ".
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "quoted.h"

#include "dialect/anthropic/anthropic.h"

static bool read_request(const char *text, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	struct chat_head head;

	return anthropic_read_head(quoted(text, arena), arena, &head, err) &&
	       anthropic_read_request(&head, arena, out, err);
}

static void read_good(
	const char *text, struct arena *arena, struct chat_request *out)
{
	struct error err = ERROR_INIT;

	if (!read_request(text, arena, out, &err))
		fail_msg("%s: %s (%s)", text, error_message(&err), err.param);
}

/* What stands in a user's message, and around it. */
#define BLOCKS(blocks) "{'messages':[{'role':'user','content':[" blocks "]}]}"
#define SAID(blocks)                                           \
	"{'messages':[{'role':'user','content':'Hi'},{'role':" \
	"'assistant','content':[" blocks "]}]}"
#define WITH(members) \
	"{" members ",'messages':[{'role':'user','content':'Hi'}]}"

static const char *const come_back[] = {
	/* messages */
	BLOCKS(""),
	BLOCKS("{'type':'text','text':''}"),
	BLOCKS("{'type':'text','text':'a','citations':null,'cache_control':"
	       "{'type':'ephemeral','ttl':'1h'},'more':[1]}"),
	BLOCKS("{'type':'text','text':'a','cache_control':null}"),
	BLOCKS("{'type':'never seen','text':'a'},{'type':'text','text':'b'}"),
	"{'messages':[{'role':'user','content':'Hi','id':'m1','x':null}]}",
	"{'messages':[{'role':'assistant','content':'Hi'}]}",
	"{'messages':[{'role':'user','content':'Hi'},{'role':'system',"
	"'content':[{'type':'text','text':'s'}]},{'role':'system','content':"
	"'s'}]}",
	/* results among other blocks, whose message has members of its own */
	BLOCKS("{'type':'tool_result','tool_use_id':'a'},{'type':'text','text':"
	       "'b'},{'type':'text','text':'c'},{'type':'tool_result',"
	       "'tool_use_id':'d','content':'e','is_error':true}"),
	"{'messages':[{'role':'user','x':1,'content':[{'type':'tool_result',"
	"'tool_use_id':'a'},{'type':'text','text':'b'}],'y':2}]}",
	BLOCKS("{'type':'tool_result','tool_use_id':'a','content':[]}"),
	BLOCKS("{'type':'tool_result','tool_use_id':'a','content':null}"),
	BLOCKS("{'type':'tool_result','tool_use_id':'a','is_error':false,"
	       "'content':'','cache_control':{'type':'ephemeral'}}"),
	BLOCKS("{'type':'tool_result','tool_use_id':'a','cache_control':{'type'"
	       ":'ephemeral'},'content':[{'type':'text','text':'b',"
	       "'cache_control':{'type':'ephemeral'}},{'type':'tool_reference',"
	       "'tool_name':'x'}]}"),
	BLOCKS("{'type':'tool_result','tool_use_id':'a','cache_control':{'type'"
	       ":'ephemeral'}}"),
	/* a call and thoughts where they mean nothing */
	BLOCKS("{'type':'tool_use','id':'a'},{'type':'thinking'}"),
	/* media */
	BLOCKS("{'type':'image','source':{'type':'base64','media_type':"
	       "'image/png','data':'AAAA','x':1},'y':2}"),
	BLOCKS("{'type':'image','source':{'type':'url','url':'https://a/b'}}"),
	BLOCKS("{'type':'image','source':{'type':'file','file_id':'f'}}"),
	BLOCKS("{'type':'image','source':{'type':'else'}}"),
	BLOCKS("{'type':'image'}"),
	BLOCKS("{'type':'document','title':'t','context':'c','citations':"
	       "{'enabled':true},'source':{'type':'text','media_type':"
	       "'text/plain','data':'abc'}}"),
	BLOCKS("{'type':'document','title':null,'source':{'type':'content',"
	       "'content':'abc'}}"),
	/* the assistant's */
	SAID("{'type':'thinking','thinking':'t','signature':'s'},{'type':"
	     "'redacted_thinking','data':'d'},{'type':'tool_use','id':'i',"
	     "'name':'n','input':{'a': 1},'caller':{'type':'direct'}}"),
	SAID("{'type':'thinking','thinking':'t'}"),
	SAID("{'type':'text','text':'a','citations':[{'type':'char_location',"
	     "'document_title':null}]}"),
	SAID("{'type':'text','text':'a','citations':[]}"),
	SAID("{'type':'text','text':'a','citations':[1]}"),
	SAID("{'type':'server_tool_use','id':'i','name':'web_search','input':{}"
	     "},{'type':'web_search_tool_result','tool_use_id':'i','content':[]"
	     "}"),
	/* signatures of another dialect, before a block and at the end */
	SAID("{'type':'thinking','thinking':'','signature':'gemini:x'},"
	     "{'type':'tool_use','id':'i','name':'n','input':{}}"),
	SAID("{'type':'text','text':'a'},{'type':'thinking','thinking':'',"
	     "'signature':'gemini:x'}"),
	SAID("{'type':'thinking','thinking':'','signature':'gemini:x'},"
	     "{'type':'text','text':''}"),
	SAID("{'type':'thinking','thinking':'','signature':'gemini:x'},"
	     "{'type':'thinking','thinking':'','signature':'gemini:y'},"
	     "{'type':'text','text':'b'}"),
	SAID("{'type':'thinking','thinking':'','signature':'gemini:x',"
	     "'more':1},{'type':'text','text':'a'}"),
	SAID("{'type':'thinking','thinking':'t','signature':'anthropic:x'},"
	     "{'type':'redacted_thinking','data':'gemini:y'}"),
	/* members */
	WITH("'system':null"),
	WITH("'system':[]"),
	WITH("'system':''"),
	WITH("'system':[{'type':'text','text':'a','x':1},{'type':'else'}]"),
	WITH("'max_tokens':null,'stream':null,'temperature':0.7,'top_p':1e-2,"
	     "'top_k':40"),
	WITH("'stop_sequences':[],'stream':false"),
	WITH("'stop_sequences':['a','b']"),
	WITH("'stop_sequences':['a',1]"),
	WITH("'metadata':{}"),
	WITH("'metadata':null"),
	WITH("'metadata':{'user_id':null}"),
	WITH("'metadata':{'user_id':'u','team':'t'}"),
	WITH("'thinking':null"),
	WITH("'thinking':{}"),
	WITH("'thinking':{'type':'enabled','budget_tokens':2048,'display':"
	     "'omitted'}"),
	WITH("'thinking':{'type':'enabled'}"),
	WITH("'thinking':{'type':'adaptive','display':'summarized'}"),
	WITH("'thinking':{'type':'adaptive','budget_tokens':7,'display':null}"),
	WITH("'thinking':{'type':'disabled','x':1}"),
	WITH("'thinking':{'type':'new'},'output_config':{}"),
	WITH("'output_config':{'effort':'xhigh','task_budget':{}}"),
	WITH("'output_config':{'effort':null,'format':null}"),
	WITH("'output_config':{'format':{'type':'json_schema','schema':{'type':"
	     "'object'},'x':1}}"),
	WITH("'output_config':{'format':{'type':'else'}}"),
	WITH("'output_format':{'type':'json_schema','schema':{}}"),
	WITH("'output_format':{'type':'json_schema','schema':{}},"
	     "'output_config':{'format':{'type':'json_schema','schema':{'a':1}"
	     "}}"),
	WITH("'output_format':null"),
	WITH("'tools':[]"),
	WITH("'tools':[{'name':'f','input_schema':{'type':'object'},'strict':"
	     "true,'cache_control':{'type':'ephemeral'},'defer_loading':true}]"),
	WITH("'tools':[{'type':'custom','name':'f','input_schema':{}},{'type':"
	     "null,'name':'g','input_schema':{}}]"),
	WITH("'tools':[{'type':'bash_20250124','name':'bash'},{'name':'x'},7]"),
	WITH("'tool_choice':{'type':'auto'}"),
	WITH("'tool_choice':{'type':'any','disable_parallel_tool_use':true}"),
	WITH("'tool_choice':{'type':'tool','name':'f',"
	     "'disable_parallel_tool_use':false}"),
	WITH("'tool_choice':{'type':'none'}"),
	WITH("'tool_choice':{'type':'tool'}"),
	WITH("'tool_choice':{'type':'auto','name':'f'}"),
	WITH("'tool_choice':{'type':'auto','x':1}"),
	WITH("'tool_choice':{}"),
	WITH("'tool_choice':null"),
	WITH("'service_tier':'auto','cache_control':{'type':'ephemeral'},"
	     "'container':'c','mcp_servers':[{}],'context_management':{}"),
};

static void requests_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(come_back); i++) {
		struct error err = ERROR_INIT;
		struct chat_request request;
		struct arena arena;
		struct buf out = BUF_INIT(65536);

		arena_init(&arena, 4096);
		read_good(come_back[i], &arena, &request);
		assert_true(anthropic_write_request(
			&request, NULL, NULL, &out, &err));
		assert_same_json(buf_str(&out), quoted(come_back[i], &arena),
			come_back[i]);
		buf_release(&out);
		arena_release(&arena);
	}
	print_message("%zu requests\n", ARRAY_LEN(come_back));
}

static const struct {
	const char *body;
	const char *param;
} not_understood[] = {
	{ BLOCKS("{'type':'text'}"), "messages[0].content[0].text" },
	{ BLOCKS("{'type':'x'},{'type':'text','text':7}"),
		"messages[0].content[1].text" },
	{ BLOCKS("{'type':'tool_result'}"),
		"messages[0].content[0].tool_use_id" },
	{ BLOCKS("{'type':'text','text':'a'},{'type':'tool_result',"
		 "'tool_use_id':'a','content':[{'type':'x'},{'type':'text'}]}"),
		"messages[0].content[1].content[1].text" },
	{ SAID("{'type':'tool_use','name':'n','input':{}}"),
		"messages[1].content[0].id" },
	{ SAID("{'type':'tool_use','id':'i','input':{}}"),
		"messages[1].content[0].name" },
	{ SAID("{'type':'tool_use','id':'i','name':'n','input':'{}'}"),
		"messages[1].content[0].input" },
	{ SAID("{'type':'thinking','signature':'s'}"),
		"messages[1].content[0].thinking" },
	{ SAID("{'type':'redacted_thinking'}"), "messages[1].content[0].data" },
	{ WITH("'system':[{'type':'text','text':'a'},{'type':'text'}]"),
		"system[1].text" },
};

static void what_is_not_understood_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(not_understood); i++) {
		struct error err = ERROR_INIT;
		struct chat_request request;
		struct arena arena;

		arena_init(&arena, 4096);
		if (read_request(
			    not_understood[i].body, &arena, &request, &err))
			fail_msg("accepted: %s", not_understood[i].body);
		assert_int_equal(err.kind, ERR_MISSING_FIELD);
		assert_string_equal(err.param, not_understood[i].param);
		arena_release(&arena);
	}
}

static void results_are_messages(void **state)
{
	struct chat_request request;
	const struct chat_message *m;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_good("{'system':'s','messages':[{'role':'user','content':'Hi'},"
		  "{'role':'assistant','content':[{'type':'tool_use','id':'i',"
		  "'name':'n','input':{'a':1}}]},{'role':'user','content':[{"
		  "'type':'tool_result','tool_use_id':'i','is_error':true,"
		  "'content':'r'},{'type':'text','text':'t'},{'type':'text',"
		  "'text':'u'},{'type':'tool_result','tool_use_id':'j'}]}]}",
		&arena, &request);
	m = request.messages;
	assert_int_equal(request.message_count, 6);
	assert_int_equal(m[0].role, CHAT_SYSTEM);
	assert_text(m[0].member, "system");
	assert_int_equal(m[0].wire_index, -1);
	assert_int_equal(m[2].role, CHAT_ASSISTANT);
	assert_int_equal(m[2].wire_index, 1);
	assert_int_equal(m[2].parts->kind, CHAT_TOOL_CALL);
	assert_text(m[2].parts->call.arguments, "{\"a\":1}");
	assert_int_equal(m[3].role, CHAT_TOOL);
	assert_text(m[3].tool_call_id, "i");
	assert_int_equal(m[3].is_error, CHAT_YES);
	assert_text(m[3].parts->text, "r");
	assert_int_equal(m[4].role, CHAT_USER);
	assert_text(m[4].last_part->text, "u");
	assert_int_equal(m[5].role, CHAT_TOOL);
	assert_null(m[5].parts);
	assert_false(m[3].same_turn);
	assert_true(m[4].same_turn && m[5].same_turn);
	for (int i = 3; i < 6; i++)
		assert_int_equal(m[i].wire_index, 2);
	arena_release(&arena);
}

static void members_mean_what_they_say(void **state)
{
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_good(WITH("'thinking':{'type':'adaptive','display':'omitted'},"
		       "'output_config':{'effort':'high','format':{'type':"
		       "'json_schema','schema':{}}},'metadata':{'user_id':'u'},"
		       "'tools':[{'type':'custom','name':'f','input_schema':{}}"
		       "],'tool_choice':{'type':'tool','name':'f',"
		       "'disable_parallel_tool_use':true}"),
		&arena, &r);
	assert_int_equal(r.reasoning.enabled, CHAT_YES);
	assert_int_equal(r.reasoning.budget_tokens, -2);
	assert_int_equal(r.reasoning.exclude, CHAT_YES);
	assert_text(r.reasoning.effort, "high");
	assert_int_equal(r.format.kind, CHAT_FORMAT_SCHEMA);
	assert_text(r.user, "u");
	assert_text(r.tools[0].type, "function");
	assert_int_equal(r.tool_choice, CHAT_CHOICE_NAMED);
	assert_text(r.tool_choice_name, "f");
	assert_int_equal(r.parallel_tool_calls, CHAT_NO);
	arena_release(&arena);
}

static void signatures_go_where_they_belong(void **state)
{
	struct chat_request r;
	const struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_good(SAID("{'type':'thinking','thinking':'','signature':"
		       "'gemini:x'},{'type':'tool_use','id':'i','name':"
		       "'n','input':{}},{'type':'thinking','thinking':'',"
		       "'signature':'gemini:y'}"),
		&arena, &r);
	part = r.messages[1].parts;
	assert_int_equal(part->kind, CHAT_TOOL_CALL);
	assert_text(part->signature.text, "x");
	assert_text(part->signature.origin, "gemini");
	part = part->next;
	assert_int_equal(part->kind, CHAT_TEXT);
	assert_int_equal(part->text.n, 0);
	assert_text(part->signature.text, "y");
	assert_null(part->next);
	/* The thinking of another one, which it did not show. */
	read_good(SAID("{'type':'thinking','thinking':'','signature':"
		       "'openai_responses:x'},{'type':'text','text':'a'}"),
		&arena, &r);
	part = r.messages[1].parts;
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_text(part->signature.text, "x");
	assert_text(part->signature.origin, "openai_responses");
	read_good(SAID("{'type':'thinking','thinking':'t','signature':'s'},"
		       "{'type':'redacted_thinking','data':'openai_chat:z'}"),
		&arena, &r);
	part = r.messages[1].parts;
	assert_text(part->signature.text, "s");
	assert_text(part->signature.origin, "anthropic");
	assert_text(part->next->data, "z");
	assert_text(part->next->signature.origin, "openai_chat");
	arena_release(&arena);
}

static void texts_are_files_to_others(void **state)
{
	static const struct {
		const char *text;
		const char *base64;
	} cases[] = { { "", "" }, { "a", "YQ==" }, { "ab", "YWI=" },
		{ "abc", "YWJj" }, { "\xc3\xbc\x3f\x3e", "w7w/Pg==" } };
	struct chat_request r;
	struct arena arena;
	char body[512];

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(body, sizeof(body),
			BLOCKS("{'type':'document','source':{'type':'text',"
			       "'media_type':'text/plain','data':'%s'}}"),
			cases[i].text);
		read_good(body, &arena, &r);
		assert_int_equal(r.messages[0].parts->kind, CHAT_FILE);
		assert_text(r.messages[0].parts->data, cases[i].base64);
		assert_text(r.messages[0].parts->media_type, "text/plain");
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_come_back),
		cmocka_unit_test(what_is_not_understood_is_named),
		cmocka_unit_test(results_are_messages),
		cmocka_unit_test(members_mean_what_they_say),
		cmocka_unit_test(signatures_go_where_they_belong),
		cmocka_unit_test(texts_are_files_to_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
