/*
 * anthropic/translate.c - requests of other dialects, case by case: what
 * Anthropic gets, and what the client is told was lost. Bodies are written
 * with ' for ".
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "quoted.h"

#include "dialect/anthropic/anthropic.h"
#include "dialect/ollama/ollama.h"
#include "dialect/openai_chat/openai_chat.h"

/* How a request fares: what is written and lost, or refused. */
struct fate {
	struct arena arena;
	struct buf out;
	struct chat_losses losses;
	struct error err;
	bool ok;
};

static void translate(struct fate *fate, const struct dialect *from,
	const char *text, const struct dialect_traits *traits)
{
	struct chat_request request;
	struct chat_head head;

	*fate = (struct fate){ .err = ERROR_INIT };
	arena_init(&fate->arena, 4096);
	buf_init(&fate->out, 65536);
	chat_losses_init(&fate->losses, from);
	if (!from->read_head(quoted(text, &fate->arena), &fate->arena, &head,
		    &fate->err) ||
		!from->read_request(&head, &fate->arena, &request, &fate->err))
		fail_msg("%s: %s", text, error_message(&fate->err));
	fate->ok = chat_losses_find(&request, &anthropic, traits, &fate->losses,
			   &fate->err) &&
		   anthropic_write_request(&request, traits, &fate->losses,
			   &fate->out, &fate->err);
}

static void release(struct fate *fate)
{
	chat_losses_release(&fate->losses);
	buf_release(&fate->out);
	arena_release(&fate->arena);
}

static void check(const struct dialect *from, const char *text,
	const char *expected, const char *lost)
{
	struct fate fate;

	translate(&fate, from, text, NULL);
	if (!fate.ok)
		fail_msg("%s: %s", text, error_message(&fate.err));
	assert_same_json(
		buf_str(&fate.out), quoted(expected, &fate.arena), text);
	if (strcmp(buf_cstr(&fate.losses.names), lost) != 0)
		fail_msg("%s: lost \"%s\"", text, buf_cstr(&fate.losses.names));
	release(&fate);
}

/* --- conversations: messages here, system and messages there --- */

#define U "{'role':'user','content':'Hi'}"
#define OUT_U "{'role':'user','content':[{'type':'text','text':'Hi'}]}"
#define CALL(id, name, arguments)                                    \
	"{'id':'" id "','type':'function','function':{'name':'" name \
	"','arguments':'" arguments "'}}"
#define CALLS(calls) \
	"{'role':'assistant','content':null,'tool_calls':[" calls "]}"
#define USE(id, name, input) \
	"{'type':'tool_use','id':'" id "','name':'" name "','input':" input "}"

static const struct {
	const char *messages;
	const char *expected; /* members */
	const char *lost;
} conversations[] = {
	{ U, "'messages':[" OUT_U "]", "" },
	/* system prompts, wherever they stand */
	{ "{'role':'system','content':'s'}," U,
		"'system':'s','messages':[" OUT_U "]", "" },
	{ "{'role':'system','content':'s'},{'role':'developer','content':[{"
	  "'type':'text','text':'d'},{'type':'text','text':' '}]}," U,
		"'system':[{'type':'text','text':'s'},{'type':'text','text':"
		"'d'}],'messages':[" OUT_U "]",
		"" },
	{ "{'role':'system','content':[{'type':'text','text':'s',"
	  "'cache_control':{'type':'ephemeral'}}]}," U,
		"'system':[{'type':'text','text':'s','cache_control':{'type':"
		"'ephemeral'}}],'messages':[" OUT_U "]",
		"" },
	{ U ",{'role':'developer','content':'later'}",
		"'system':'later','messages':[" OUT_U "]", "messages[1].role" },
	{ "{'role':'system','content':'s'}",
		"'system':'s','messages':[{'role':'user','content':'.'}]", "" },
	/* turns */
	{ U ",{'role':'system','content':' '}," U,
		"'messages':[{'role':'user','content':[{'type':'text','text':"
		"'Hi'},{'type':'text','text':'Hi'}]}]",
		"messages[1].role" },
	{ "{'role':'assistant','content':'a'},{'role':'assistant','content':''"
	  "},{'role':'assistant','content':'b'}," U,
		"'messages':[{'role':'user','content':'.'},{'role':'assistant',"
		"'content':[{'type':'text','text':'a'},{'type':'text','text':"
		"'b'}]}," OUT_U "]",
		"" },
	{ U ",{'role':'assistant','content':'It is \\n '}",
		"'messages':[" OUT_U ",{'role':'assistant','content':[{'type':"
		"'text','text':'It is'}]}]",
		"" },
	{ U ",{'role':'assistant','content':'a ','refusal':'no'}," U,
		"'messages':[" OUT_U ",{'role':'assistant','content':[{'type':"
		"'text','text':'a '},{'type':'text','text':'no'}]}," OUT_U "]",
		"" },
	/* calls and their results, which come first and together */
	{ U "," CALLS(CALL("a", "f", "{}") "," CALL("b", "g",
		  "")) ",{'role':"
		       "'tool','tool_call_id':'a','content':'1'}," U
		       ",{'role':'tool','tool_call_id':'b','content':[{'type':'text','text'"
		       ":'2'},{'type':'text','text':'3'}]}",
		"'messages':[" OUT_U ",{'role':'assistant','content':[" USE(
			"a", "f", "{}") "," USE("b", "g",
			"{}") "]},{'role':'user',"
			      "'content':[{'type':'tool_result','tool_use_id':'a','content':"
			      "'1'},{'type':'tool_result','tool_use_id':'b','content':[{"
			      "'type':'text','text':'2'},{'type':'text','text':'3'}]},{"
			      "'type':'text','text':'Hi'}]}]",
		"" },
	{ U "," CALLS(CALL(
		  "a.b:0", "f", "{")) ",{'role':'tool',"
				      "'tool_call_id':'a.b:0','content':''}",
		"'messages':[" OUT_U
		",{'role':'assistant','content':[" USE("a_b_0_9aaf9ab6", "f",
			"{'arguments':'{'}") "]},{'role':"
					     "'user','content':[{'type':'tool_result','tool_use_id':"
					     "'a_b_0_9aaf9ab6'}]}]",
		"" },
	/* images and files */
	{ "{'role':'user','content':[{'type':'image_url','image_url':{'url':"
	  "'https://a/b.png'}},{'type':'image_url','image_url':{'url':"
	  "'data:image/jpg;base64,_-8','detail':'low'}}]}",
		"'messages':[{'role':'user','content':[{'type':'image','source'"
		":{'type':'url','url':'https://a/b.png'}},{'type':'image',"
		"'source':{'type':'base64','media_type':'image/jpeg','data':"
		"'/+8='}}]}]",
		"messages[0].detail" },
	{ "{'role':'user','content':[{'type':'file','file':{'filename':'a.pdf'"
	  ",'file_data':'data:application/pdf;base64,JVBERi0='}},{'type':"
	  "'file','file':{'filename':'b.md','file_data':"
	  "'data:text/markdown;base64,w7w/Pg=='}}]}",
		"'messages':[{'role':'user','content':[{'type':'document',"
		"'title':'a.pdf','source':{'type':'base64','media_type':"
		"'application/pdf','data':'JVBERi0='}},{'type':'document',"
		"'title':'b.md','source':{'type':'text','media_type':"
		"'text/plain','data':'\xc3\xbc?>'}}]}]",
		"" },
	/* what the model thought cannot be shown to another one, be it all */
	{ "{'role':'assistant','reasoning_content':'hm','content':''}," U,
		"'messages':[" OUT_U "]", "messages[0].reasoning_content" },
	{ U ",{'role':'assistant','reasoning_content':'hm','content':'a'}," U,
		"'messages':[" OUT_U ",{'role':'assistant','content':[{'type':"
		"'text','text':'a'}]}," OUT_U "]",
		"messages[1].reasoning_content" },
};

static void conversations_are_arranged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(conversations); i++) {
		char text[2048], expected[2048];

		snprintf(text, sizeof(text),
			"{'model':'claude-x','messages':["
			"%s]}",
			conversations[i].messages);
		snprintf(expected, sizeof(expected),
			"{'model':'claude-x','max_tokens':8192,%s}",
			conversations[i].expected);
		check(&openai_chat, text, expected, conversations[i].lost);
	}
	print_message("%zu conversations\n", ARRAY_LEN(conversations));
}

/* --- members: beside one message, for a model --- */

#define F \
	"{'type':'function','function':{'name':'f','parameters':{'type':'object'}}}"
#define OUT_F "'tools':[{'name':'f','input_schema':{'type':'object'}}]"
#define MEDIUM "'reasoning_effort':'medium'"
#define BUDGET(tokens) \
	"'thinking':{'type':'enabled','budget_tokens':" tokens "}"
#define ADAPTIVE "'thinking':{'type':'adaptive','display':'summarized'}"

static const struct {
	const char *model;
	const char *members;
	const char *expected;
	const char *lost;
} members[] = {
	/* length */
	{ "claude-sonnet-4-5", "'stream':true",
		"'max_tokens':8192,'stream':true", "" },
	{ "claude-3-opus-20240229", "'stream':false",
		"'max_tokens':4096,'stream':false", "" },
	{ "x", "'max_completion_tokens':7", "'max_tokens':7", "" },
	/* sampling */
	{ "x", "'temperature':1.7,'top_p':0.5,'max_tokens':9",
		"'temperature':1,'top_p':0.5,'max_tokens':9", "temperature" },
	{ "claude-sonnet-4-5", "'temperature':0.2,'top_p':0.5,'max_tokens':9",
		"'temperature':0.2,'max_tokens':9", "top_p" },
	{ "claude-sonnet-4-5", "'temperature':1,'top_p':0.5,'max_tokens':9",
		"'top_p':0.5,'max_tokens':9", "" },
	{ "claude-sonnet-4-20250514",
		"'temperature':0.2,'top_p':0.5,'top_k':3,'max_tokens':9",
		"'temperature':0.2,'top_p':0.5,'top_k':3,'max_tokens':9", "" },
	{ "claude-opus-4-7",
		"'temperature':0.2,'top_p':1,'top_k':3,"
		"'max_tokens':9",
		"'max_tokens':9", "temperature, top_k" },
	{ "claude-opus-4-7", "'temperature':1.0,'max_tokens':9",
		"'max_tokens':9", "" },
	{ "x", "'seed':1,'n':1,'max_tokens':9", "'max_tokens':9", "seed" },
	/* thinking: by effort, by budget, not at all */
	{ "claude-opus-4-6", MEDIUM,
		"'max_tokens':8192," ADAPTIVE ",'output_config':{'effort':"
		"'medium'}",
		"" },
	{ "claude-opus-4-6", "'reasoning_effort':'xhigh'",
		"'max_tokens':8192," ADAPTIVE ",'output_config':{'effort':"
		"'high'}",
		"" },
	{ "claude-opus-5", "'reasoning_effort':'xhigh'",
		"'max_tokens':8192," ADAPTIVE ",'output_config':{'effort':"
		"'xhigh'}",
		"" },
	{ "claude-opus-5", "'reasoning_effort':'none'",
		"'max_tokens':8192,'thinking':{'type':'disabled'}", "" },
	{ "claude-fable-5", "'reasoning_effort':'none'", "'max_tokens':8192",
		"reasoning_effort" },
	{ "claude-3-5-sonnet-20241022", MEDIUM, "'max_tokens':8192",
		"reasoning_effort" },
	{ "claude-sonnet-4-5", MEDIUM, "'max_tokens':16384," BUDGET("8192"),
		"" },
	{ "claude-sonnet-4-5", MEDIUM ",'max_tokens':20000",
		"'max_tokens':20000," BUDGET("8192"), "" },
	{ "claude-sonnet-4-5", MEDIUM ",'max_tokens':6000",
		"'max_tokens':6000," BUDGET("3000"), "" },
	{ "claude-sonnet-4-5", MEDIUM ",'max_tokens':100",
		"'max_tokens':1124," BUDGET("1024"), "" },
	{ "glm-4.6", "'reasoning_effort':'minimal'",
		"'max_tokens':9216," BUDGET("1024"), "" },
	{ "claude-sonnet-4-5", MEDIUM ",'temperature':0.5,'top_p':0.9",
		"'max_tokens':16384," BUDGET("8192"), "temperature, top_p" },
	{ "claude-sonnet-4-5", MEDIUM ",'temperature':1",
		"'max_tokens':16384,'temperature':1," BUDGET("8192"), "" },
	{ "claude-sonnet-4-5", "'reasoning_effort':'wild'",
		"'max_tokens':16384," BUDGET("8192"), "reasoning_effort" },
	/* a forced tool wins over thinking */
	{ "claude-sonnet-4-5",
		MEDIUM ",'tools':[" F "],'tool_choice':"
		       "'required'",
		"'max_tokens':8192," OUT_F ",'tool_choice':{'type':'any'}",
		"reasoning_effort" },
	{ "claude-sonnet-5", "'tools':[" F "],'tool_choice':'required'",
		"'max_tokens':8192," OUT_F ",'tool_choice':{'type':'any'},"
		"'thinking':{'type':'disabled'}",
		"" },
	{ "claude-sonnet-5", MEDIUM ",'tools':[" F "],'tool_choice':'auto'",
		"'max_tokens':8192," OUT_F
		",'tool_choice':{'type':'auto'}," ADAPTIVE
		",'output_config':{'effort':'medium'}",
		"" },
	/* choices */
	{ "x",
		"'tools':[" F "],'tool_choice':{'type':'function','function':{"
		"'name':'f'}},'parallel_tool_calls':false",
		"'max_tokens':8192," OUT_F ",'tool_choice':{'type':'tool',"
		"'name':'f','disable_parallel_tool_use':true}",
		"" },
	{ "x", "'tools':[" F "],'parallel_tool_calls':false",
		"'max_tokens':8192," OUT_F ",'tool_choice':{'type':'auto',"
		"'disable_parallel_tool_use':true}",
		"" },
	{ "x",
		"'tools':[" F "],'tool_choice':'none','parallel_tool_calls':"
		"false",
		"'max_tokens':8192," OUT_F ",'tool_choice':{'type':'none'}",
		"" },
	/* tools */
	{ "x",
		"'tools':[{'type':'function','function':{'name':'f',"
		"'description':'d'}}]",
		"'max_tokens':8192,'tools':[{'name':'f','description':'d',"
		"'input_schema':{'type':'object'}}]",
		"" },
	{ "x",
		"'tools':[{'type':'function','function':{'name':'f',"
		"'parameters':{'anyOf':[],'properties':{'a':{'minLength':2}}}}}]",
		"'max_tokens':8192,'tools':[{'name':'f','input_schema':{'type':"
		"'object','properties':{'a':{'minLength':2}}}}]",
		"tools[0].parameters.anyOf" },
	{ "x",
		"'tools':[{'type':'function','function':{'name':'f','strict':"
		"true,'parameters':{'type':'object','properties':{'a':{'type':"
		"'string','minLength':2}}}}}]",
		"'max_tokens':8192,'tools':[{'name':'f','strict':true,"
		"'input_schema':{'type':'object','properties':{'a':{'type':"
		"'string'}},'additionalProperties':false}}]",
		"tools[0].parameters.minLength" },
	{ "claude-3-7-sonnet-20250219",
		"'tools':[{'type':'function','function':{'name':'f','strict':"
		"true,'parameters':{'type':'object'}}}]",
		"'max_tokens':8192," OUT_F, "tools[0].strict" },
	/* the rest */
	{ "x", "'stop':['a',' ']", "'max_tokens':8192,'stop_sequences':['a']",
		"stop" },
	{ "x", "'stop':' '", "'max_tokens':8192", "stop" },
	{ "x", "'user':'u','service_tier':'default'",
		"'max_tokens':8192,'metadata':{'user_id':'u'},'service_tier':"
		"'standard_only'",
		"" },
	{ "x", "'service_tier':'flex'", "'max_tokens':8192", "service_tier" },
};

static void members_are_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		char text[2048], expected[2048];

		snprintf(text, sizeof(text),
			"{'model':'%s','messages':[" U "],"
			"%s}",
			members[i].model, members[i].members);
		snprintf(expected, sizeof(expected),
			"{'model':'%s','messages':[" OUT_U "],%s}",
			members[i].model, members[i].expected);
		check(&openai_chat, text, expected, members[i].lost);
	}
	print_message("%zu requests\n", ARRAY_LEN(members));
}

/* --- schemas that answers obey --- */

static const struct {
	const char *schema;
	const char *expected;
	const char *lost; /* behind "response_format." */
} schemas[] = {
	{ "{'type':'object','properties':{'a':{'type':'integer','minimum':1,"
	  "'maximum':9}},'required':['a'],'additionalProperties':false}",
		"{'type':'object','properties':{'a':{'type':'integer'}},"
		"'required':['a'],'additionalProperties':false}",
		"minimum maximum" },
	{ "{'properties':{'a b\\n\\u0041':{'type':['string','null'],'enum':['x'"
	  "],'default':'x','title':'t','description':'d'}},"
	  "'additionalProperties':true}",
		"{'properties':{'a b\\nA':{'type':['string','null'],'enum':['x'"
		"],'default':'x','title':'t','description':'d'}},"
		"'additionalProperties':false}",
		"additionalProperties" },
	{ "{'type':'array','minItems':1,'maxItems':3,'items':{'type':'object'}}",
		"{'type':'array','minItems':1,'items':{'type':'object',"
		"'additionalProperties':false}}",
		"maxItems" },
	{ "{'type':'array','minItems':2,'items':true}", "{'type':'array'}",
		"minItems items" },
	{ "{'oneOf':[{'type':'string','format':'date'},{'type':'string',"
	  "'format':'color'}]}",
		"{'anyOf':[{'type':'string','format':'date'},{'type':'string'}"
		"]}",
		"format" },
	{ "{'anyOf':[{'$ref':'#/$defs/a'}],'oneOf':[{}],'allOf':[{}],'$schema':"
	  "'x','$defs':{'a':{'type':'object','nullable':true}}}",
		"{'anyOf':[{'$ref':'#/$defs/a'}],'allOf':[{}],'$defs':{'a':{"
		"'type':'object','additionalProperties':false}}}",
		"oneOf nullable" },
	{ "{'type':'string','pattern':'^(?:a|b)+$'}",
		"{'type':'string','pattern':'^(?:a|b)+$'}", "" },
	{ "{'type':'string','pattern':'^(?=a)'}", "{'type':'string'}",
		"pattern" },
	{ "{'type':'string','pattern':'(a)\\\\1'}", "{'type':'string'}",
		"pattern" },
};

static void schemas_are_cut_to_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		struct str rest = str_of(schemas[i].lost), one;
		char text[1024], expected[1024];
		struct buf lost = BUF_INIT(256);

		while (str_next_field(&rest, ' ', &one))
			buf_printf(&lost, "%sresponse_format.%.*s",
				lost.n ? ", " : "", STR_ARG(one));
		snprintf(text, sizeof(text),
			"{'model':'x','messages':[" U "],'response_format':{"
			"'type':'json_schema','json_schema':{'name':'n',"
			"'schema':%s}}}",
			schemas[i].schema);
		snprintf(expected, sizeof(expected),
			"{'model':'x','max_tokens':8192,'messages':[" OUT_U
			"],'output_config':{'format':{'type':'json_schema',"
			"'schema':%s}}}",
			schemas[i].expected);
		check(&openai_chat, text, expected,
			lost.n ? buf_cstr(&lost) : "");
		buf_release(&lost);
	}
	print_message("%zu schemas\n", ARRAY_LEN(schemas));
}

/* --- refusals --- */

static const struct {
	const char *body;
	const char *param;
} refused[] = {
	{ "{'messages':[" U "],'n':2}", "n" },
	{ "{'messages':[" U "],'response_format':{'type':'json_object'}}",
		"response_format" },
	{ "{'messages':[" U "],'tools':[{'type':'function','function':{'name':"
	  "'a.b'}}]}",
		"tools[0]" },
	{ "{'messages':[" U ",{'role':'user','content':[{'type':'image_url',"
	  "'image_url':{'url':'data:image/bmp;base64,AAAA'}}]}]}",
		"messages[1]" },
	{ "{'messages':[{'role':'user','content':[{'type':'file','file':{"
	  "'filename':'a.zip','file_data':'data:application/zip;base64,AAAA'}}"
	  "]}]}",
		"messages[0]" },
	{ "{'messages':[{'role':'user','content':[{'type':'file','file':{"
	  "'file_id':'f'}}]}]}",
		"messages[0]" },
	{ "{'messages':[{'role':'user','content':[{'type':'input_audio',"
	  "'input_audio':{'data':'AAAA','format':'wav'}}]}]}",
		"messages[0]" },
};

static void what_cannot_be_said_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct fate fate;

		translate(&fate, &openai_chat, refused[i].body, NULL);
		if (fate.ok)
			fail_msg("accepted: %s", refused[i].body);
		assert_int_equal(fate.err.kind, ERR_UNSUPPORTED);
		if (!str_starts(
			    str_of(fate.err.param), str_of(refused[i].param)))
			fail_msg("%s: %s", refused[i].body, fate.err.param);
		release(&fate);
	}
}

/* Calls without ids: joined by the tool's name and their order. */
static void ids_are_made(void **state)
{
	(void)state;
	check(&ollama,
		"{'model':'m','messages':[{'role':'user','content':'Hi'},{"
		"'role':'assistant','content':'','tool_calls':[{'function':{"
		"'name':'f','arguments':{'a':1}}},{'function':{'name':'g',"
		"'arguments':{}}},{'function':{'name':'f','arguments':{'a':2}}"
		"}]},{'role':'tool','tool_name':'g','content':'G'},{'role':"
		"'tool','tool_name':'f','content':'1'},{'role':'tool',"
		"'tool_name':'f','content':'2'}],'stream':false}",
		"{'model':'m','max_tokens':8192,'stream':false,'messages':[" OUT_U
		",{'role':'assistant','content':[" USE(
			"call_1_0", "f", "{'a':1}") "," USE("call_1_1", "g",
			"{}") "," USE("call_1_2", "f",
			"{'a':2}") "]},{'role':'user',"
				   "'content':[{'type':'tool_result','tool_use_id':'call_1_1',"
				   "'content':'G'},{'type':'tool_result','tool_use_id':'call_1_0'"
				   ",'content':'1'},{'type':'tool_result','tool_use_id':"
				   "'call_1_2','content':'2'}]}]}",
		"");
}

/* Thinking that Anthropic signed comes back to it through another client. */
static void own_thinking_comes_back(void **state)
{
	struct chat_message messages[3];
	struct chat_request request;
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct buf out = BUF_INIT(4096);
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_losses_init(&losses, &openai_chat);
	chat_request_init(&request, S("another"));
	request.model = S("claude-sonnet-4-5");
	request.messages = messages;
	request.message_count = 3;
	for (int i = 0; i < 3; i++) {
		chat_message_init(&messages[i]);
		messages[i].wire_index = i;
	}
	messages[0].role = CHAT_USER;
	messages[1].role = CHAT_ASSISTANT;
	messages[2].role = CHAT_TOOL;
	chat_message_add(&messages[0], CHAT_TEXT, &arena)->text = S("Hi");
	chat_message_add(&messages[1], CHAT_THINKING, &arena)->text = S("hm");
	messages[1].last_part->signature =
		(struct chat_signature){ S("sig"), S("anthropic") };
	chat_message_add(&messages[1], CHAT_THINKING, &arena)->text = S("no");
	messages[1].last_part->signature =
		(struct chat_signature){ S("sig"), S("gemini") };
	chat_message_add(&messages[1], CHAT_REDACTED_THINKING, &arena)->data =
		S("sealed");
	messages[1].last_part->signature.origin = S("anthropic");
	chat_message_add(&messages[1], CHAT_TOOL_CALL, &arena)->call =
		(struct chat_call){ 0, S("i"), S("function"), S("f"), S("{}") };
	messages[1].last_part->signature =
		(struct chat_signature){ S("sig"), S("gemini") };
	messages[2].tool_call_id = S("i");
	request.reasoning.effort = S("low");
	assert_true(
		anthropic_write_request(&request, NULL, &losses, &out, &err));
	assert_same_json(buf_str(&out),
		quoted("{'model':'claude-sonnet-4-5','max_tokens':10240,"
		       "'messages':[" OUT_U ",{'role':'assistant','content':[{"
		       "'type':'thinking','thinking':'hm','signature':'sig'},{"
		       "'type':'redacted_thinking','data':'sealed'}," USE("i",
			       "f",
			       "{}") "]},{'role':'user','content':[{"
				     "'type':'tool_result','tool_use_id':'i'}]}]," BUDGET(
					     "2048") "}",
			&arena),
		"own thinking");
	/* Without it, a model with a budget may not think on. */
	messages[1].parts = messages[1].last_part;
	buf_clear(&out);
	assert_true(
		anthropic_write_request(&request, NULL, &losses, &out, &err));
	assert_null(strstr(buf_cstr(&out), "\"thinking\""));
	assert_string_equal(buf_cstr(&losses.names),
		"messages[1].reasoning_content, reasoning_effort");
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

/* What the provider's row says that it lacks is not sent. */
static void traits_are_heeded(void **state)
{
	const struct dialect_traits traits = {
		.unsupported = UINT64_C(1) << FIELD_TEMPERATURE |
			       UINT64_C(1) << FIELD_REASONING |
			       UINT64_C(1) << FIELD_USER |
			       UINT64_C(1) << FIELD_STOP,
	};
	struct fate fate;

	(void)state;
	translate(&fate, &openai_chat,
		"{'model':'m','messages':[" U "],'temperature':0.5,'user':'u',"
		"'stop':'x'," MEDIUM "}",
		&traits);
	assert_true(fate.ok);
	assert_same_json(buf_str(&fate.out),
		quoted("{'model':'m','max_tokens':8192,'messages':[" OUT_U "]}",
			&fate.arena),
		"traits");
	assert_string_equal(buf_cstr(&fate.losses.names),
		"temperature, stop, user, reasoning_effort");
	release(&fate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_are_arranged),
		cmocka_unit_test(members_are_translated),
		cmocka_unit_test(schemas_are_cut_to_fit),
		cmocka_unit_test(what_cannot_be_said_is_refused),
		cmocka_unit_test(ids_are_made),
		cmocka_unit_test(own_thinking_comes_back),
		cmocka_unit_test(traits_are_heeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
