/*
 * anthropic/stream.c - answers and streams, case by case: what is heard of a
 * provider's events, however odd, and which events a client gets. JSON is
 * written with ' for ".
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "quoted.h"

#include "dialect/anthropic/anthropic.h"

/* --- reading: each event in a word --- */

struct ear {
	struct arena arena;
	void *reader;
	struct chat_facts facts;
	struct buf heard;
};

static void tell_part(const struct chat_part *part, struct buf *out)
{
	static const char *const names[] = {
		[CHAT_TEXT] = "text",
		[CHAT_THINKING] = "thinking",
		[CHAT_REDACTED_THINKING] = "sealed",
		[CHAT_TOOL_CALL] = "call",
	};

	buf_printf(out, " %s", names[part->kind]);
	if (part->kind == CHAT_TOOL_CALL)
		buf_printf(out, "%d", (int)part->call.index);
	buf_printf(out, "(%.*s%.*s%.*s%.*s%.*s%s%.*s)", STR_ARG(part->text),
		STR_ARG(part->data), STR_ARG(part->call.id),
		STR_ARG(part->call.name), STR_ARG(part->call.arguments),
		part->signature.text.p ? "/" : "",
		STR_ARG(part->signature.text));
	for (const struct chat_citation *c = part->citations; c; c = c->next)
		buf_printf(out, " cites(%.*s)", STR_ARG(c->url));
}

static void tell(const struct chat_event *event, struct buf *out)
{
	static const char *const kinds[] = { "delta", "done", "error",
		"nothing" };

	buf_printf(out, "%s", kinds[event->kind]);
	if (event->kind == CHAT_EVENT_ERROR)
		buf_printf(out, " %d %.*s", event->error_status,
			STR_ARG(event->error_message));
	if (event->delta.id.n > 0)
		buf_printf(out, " id(%.*s)", STR_ARG(event->delta.id));
	for (size_t i = 0; i < event->delta.choice_count; i++) {
		const struct chat_choice *choice = &event->delta.choices[i];

		for (const struct chat_part *part = choice->message.parts; part;
			part = part->next)
			tell_part(part, out);
		if (choice->finish != CHAT_FINISH_UNSET)
			buf_printf(out, " finish%d(%.*s)", choice->finish,
				STR_ARG(choice->stop_sequence));
	}
	if (event->delta.has_usage)
		buf_printf(out, " usage(%d,%d,%d,%d)",
			(int)event->delta.usage.prompt,
			(int)event->delta.usage.cached,
			(int)event->delta.usage.cache_write,
			(int)event->delta.usage.completion);
	buf_append_char(out, '\n');
}

/* The arena is rewound after each event, as in the relay. */
static void hear(const struct frame *frame, void *context)
{
	struct ear *ear = context;
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena scratch;

	arena_init(&scratch, 256);
	if (!anthropic_read_event(frame, ear->reader, &scratch, &event, &err) ||
		!anthropic_read_frame(frame, &ear->facts, &scratch, &err))
		fail_msg("%s", error_detail(&err));
	tell(&event, &ear->heard);
	arena_release(&scratch);
}

static void listen(struct ear *ear, const char *stream)
{
	arena_init(&ear->arena, 4096);
	ear->reader = anthropic_reader_new(&ear->arena);
	buf_init(&ear->heard, 65536);
	chat_facts_init(&ear->facts);
	recording_frames(quoted(stream, &ear->arena), hear, ear);
}

static void end_listening(struct ear *ear)
{
	buf_release(&ear->heard);
	arena_release(&ear->arena);
}

#define EVENT(name, rest) \
	"event: " name "\ndata: {'type':'" name "'" rest "}\n\n"
#define START(index, block)          \
	EVENT("content_block_start", \
		",'index':" index ",'content_block':{" block "}")
#define PIECE(index, delta) \
	EVENT("content_block_delta", ",'index':" index ",'delta':{" delta "}")
#define STOP(index) EVENT("content_block_stop", ",'index':" index)
#define JSON_PIECE(text) "'type':'input_json_delta','partial_json':'" text "'"

static const struct {
	const char *name;
	const char *stream;
	const char *heard;
} streams[] = {
	{ "usage is the last that was told, added up",
		EVENT("message_start",
			",'message':{'id':'m1','model':'c','usage':{"
			"'input_tokens':10,'cache_read_input_tokens':5,"
			"'cache_creation_input_tokens':2,'output_tokens':1}}")
			EVENT("message_delta",
				",'delta':{'stop_reason':'max_tokens'},"
				"'usage':{'output_tokens':7}")
				EVENT("message_delta",
					",'delta':{},'usage':{'input_tokens':11,"
					"'output_tokens':8}")
					EVENT("message_stop", ""),
		"delta id(m1) usage(17,5,2,-1)\n"
		"delta finish2() usage(17,5,2,7)\n"
		"delta usage(18,5,2,8)\n"
		"done\n" },
	{ "a usage that is null or absent is none",
		EVENT("message_start", ",'message':{'usage':null}")
			EVENT("message_start", ",'message':{}")
				EVENT("message_start", ""),
		"delta\ndelta\ndelta\n" },
	{ "blocks and their pieces",
		START("0", "'type':'thinking','thinking':'','signature':''") PIECE(
			"0",
			"'type':'thinking_delta','thinking':'hm'") PIECE("0",
			"'type':'signature_delta','signature':'s'") STOP("0")
			START("1", "'type':'redacted_thinking','data':'d'") STOP(
				"1") START("2",
				"'type':'text','text':'A'") PIECE("2",
				"'type':'text_delta','text':'B'") PIECE("2",
				"'type':'citations_delta','citation':{'url':'u'}")
				STOP("2"),
		"delta thinking()\ndelta thinking(hm)\ndelta thinking(/s)\n"
		"nothing\ndelta sealed(d)\nnothing\ndelta text(A)\n"
		"delta text(B)\ndelta text() cites(u)\nnothing\n" },
	{ "calls are numbered by themselves, blocks of others say nothing",
		START("0", "'type':'text','text':''") START("1",
			"'type':'server_tool_use','id':'x','name':'s',"
			"'input':{}") PIECE("1",
			JSON_PIECE("{}")) STOP("1") START("2",
			"'type':'tool_use','id':'a','name':'f','input':{}")
			PIECE("2", JSON_PIECE("")) PIECE(
				"2", JSON_PIECE("{")) PIECE("2",
				JSON_PIECE("}")) STOP("2") START("3",
				"'type':'tool_use','id':'b','name':'g','input':{}")
				STOP("3") START("4",
					"'type':'tool_use','id':'c','name':'h','input':"
					"{'k':1}") STOP("4") START("5",
					"'type':'tool_use','id':'d','name':'i'")
					STOP("5"),
		"delta text()\nnothing\nnothing\nnothing\n"
		"delta call0(af)\nnothing\ndelta call0({)\ndelta call0(})\n"
		"nothing\ndelta call1(bg)\ndelta call1({})\n"
		"delta call2(ch)\ndelta call2({\"k\":1})\n"
		"delta call3(di)\ndelta call3({})\n" },
	{ "pieces of blocks that are open together",
		START("0", "'type':'tool_use','id':'a','name':'f','input':{}")
			START("1",
				"'type':'tool_use','id':'b','name':'g','input':{}")
				PIECE("0", JSON_PIECE("{}"))
					PIECE("1", JSON_PIECE("[]"))
						PIECE("2", JSON_PIECE("lost"))
							STOP("1") STOP("0"),
		"delta call0(af)\ndelta call1(bg)\ndelta call0({})\n"
		"delta call1([])\nnothing\nnothing\nnothing\n" },
	{ "every way to end",
		EVENT("message_delta",
			",'delta':{'stop_reason':'stop_sequence'"
			",'stop_sequence':'X'}") EVENT("message_delta",
			",'delta':{'stop_reason':'refusal'}")
			EVENT("message_stop", "") EVENT("message_stop", ""),
		"delta finish1(X)\ndelta\ndone\nnothing\n" },
	{ "types alone, names alone, and neither",
		"data: {'type':'message_stop'}\n\nevent: content_block_delta\n"
		"data: {'index':0,'delta':{'type':'text_delta','text':'a'}}\n\n"
		"data: {}\n\n",
		"done\ndelta text(a)\nnothing\n" },
	{ "what says nothing",
		": comment\n\nevent: ping\ndata: {'type': 'ping'}\n\n"
		"event: never_seen\ndata: {'type':'never_seen'}\n\n"
		"data: [DONE]\n\ndata:\n\n" PIECE("0", "'type':'new_delta'")
			PIECE("0", "'type':'text_delta','text':7"),
		"nothing\nnothing\nnothing\ndone\nnothing\nnothing\n"
		"nothing\n" },
	{ "errors",
		EVENT("error",
			",'error':{'type':'overloaded_error','message':"
			"'busy'}") "event: error\ndata: {'message':'text'}\n\n"
				   "data: {'error':{'type':'new_error','message':'sk-abcdefghijkl'"
				   "}}\n\n",
		"error 529 busy\nerror 500 text\nerror 500 sk-***\n" },
};

static void events_are_heard(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct ear ear;

		listen(&ear, streams[i].stream);
		if (strcmp(buf_cstr(&ear.heard), streams[i].heard) != 0)
			fail_msg("%s:\n%s", streams[i].name,
				buf_cstr(&ear.heard));
		end_listening(&ear);
	}
	print_message("%zu streams\n", ARRAY_LEN(streams));
}

static void facts_of_a_stream_are_known(void **state)
{
	struct ear ear;

	(void)state;
	listen(&ear,
		EVENT("message_start",
			",'message':{'id':'m1','model':'c','usage':{"
			"'input_tokens':10,'cache_read_input_tokens':5,"
			"'cache_creation':{'ephemeral_1h_input_tokens':3},"
			"'cache_creation_input_tokens':4,'output_tokens':1}}"));
	assert_int_equal(ear.facts.frame, FRAME_OTHER);
	assert_false(ear.facts.has_usage); /* the answer is not counted yet */
	assert_int_equal(ear.facts.usage.prompt, 19);
	assert_int_equal(ear.facts.usage.completion, -1);
	assert_string_equal(ear.facts.model, "c");
	recording_frames(
		quoted(START("0", "'type':'text','text':'ab'")
				PIECE("0", "'type':'text_delta','text':'c\\n'")
					PIECE("0", JSON_PIECE("{}")),
			&ear.arena),
		hear, &ear);
	assert_int_equal(ear.facts.frame, FRAME_CONTENT);
	assert_int_equal(ear.facts.output_bytes, 6);
	recording_frames(
		quoted(EVENT("message_delta",
			       ",'delta':{'stop_reason':'end_turn'},'usage':{"
			       "'output_tokens':9,'output_tokens_details':{"
			       "'thinking_tokens':2}}"),
			&ear.arena),
		hear, &ear);
	assert_true(ear.facts.has_usage);
	assert_int_equal(ear.facts.usage.prompt, 19);
	assert_int_equal(ear.facts.usage.cache_write_1h, 3);
	assert_int_equal(ear.facts.usage.completion, 9);
	assert_int_equal(ear.facts.usage.reasoning, 2);
	assert_string_equal(ear.facts.finish_reason, "end_turn");
	assert_false(ear.facts.done);
	recording_frames(S("event: message_stop\ndata: {}\n\n"), hear, &ear);
	assert_true(ear.facts.done && ear.facts.is_empty);
	assert_int_equal(ear.facts.frame, FRAME_DONE);
	recording_frames(S(": x\n\n"), hear, &ear);
	assert_int_equal(ear.facts.frame, FRAME_COMMENT);
	end_listening(&ear);
}

/* --- writing --- */

struct pen {
	struct arena arena;
	void *writer;
	struct buf out;
	struct chat_choice choice;
	struct chat_event event;
};

static void take_pen(struct pen *pen)
{
	const struct chat_start start = { .request_id = S("req-1"),
		.model = S("asked") };

	arena_init(&pen->arena, 4096);
	pen->writer = anthropic_writer_new(&start, &pen->arena);
	buf_init(&pen->out, 65536);
}

static void put_down(struct pen *pen)
{
	buf_release(&pen->out);
	arena_release(&pen->arena);
}

/* An event that says nothing yet. */
static struct chat_event *begin(struct pen *pen)
{
	pen->choice = (struct chat_choice){ .index = 0 };
	chat_message_init(&pen->choice.message);
	pen->event = (struct chat_event){ .kind = CHAT_EVENT_DELTA };
	chat_response_init(&pen->event.delta, S("another"));
	pen->event.delta.choices = &pen->choice;
	pen->event.delta.choice_count = 1;
	return &pen->event;
}

static struct chat_part *part(struct pen *pen, enum chat_part_kind kind)
{
	return chat_message_add(&pen->choice.message, kind, &pen->arena);
}

static void put(struct pen *pen)
{
	anthropic_write_event(&pen->event, pen->writer, &pen->out);
}

static void put_text(
	struct pen *pen, enum chat_part_kind kind, const char *text)
{
	begin(pen);
	part(pen, kind)->text = str_of(text);
	put(pen);
}

static void put_call(
	struct pen *pen, int index, const char *name, const char *arguments)
{
	struct chat_call *call;

	begin(pen);
	call = &part(pen, CHAT_TOOL_CALL)->call;
	call->index = index;
	if (name) {
		call->id = arena_printf(&pen->arena, "id-%s", name);
		call->name = str_of(name);
	}
	call->arguments = str_of(arguments);
	put(pen);
}

static void put_done(struct pen *pen)
{
	begin(pen)->kind = CHAT_EVENT_DONE;
	pen->event.delta.choice_count = 0;
	put(pen);
}

static void check_written(struct pen *pen, const char *expected)
{
	struct str text = quoted(expected, &pen->arena);

	if (!str_equal(buf_str(&pen->out), text))
		fail_msg(
			"%s\nis not\n%.*s", buf_cstr(&pen->out), STR_ARG(text));
	buf_clear(&pen->out);
}

#define BEGIN(id, model, usage)                                            \
	EVENT("message_start",                                             \
		",'message':{'id':'" id                                    \
		"','type':'message','role':'assistant',"                   \
		"'model':'" model "','content':[],'stop_reason':null,"     \
		"'stop_sequence':null,'stop_details':null,'usage':{" usage \
		"}}")
#define NO_USAGE "'input_tokens':0,'output_tokens':0"
#define TEXT(text) "'type':'text_delta','text':'" text "'"
#define END(reason, sequence, usage)                                        \
	EVENT("message_delta", ",'delta':{'stop_reason':'" reason           \
			       "','stop_sequence':" sequence                \
			       ",'stop_details':null},'usage':{" usage "}") \
	EVENT("message_stop", "")

static void nothing_is_a_whole_message(void **state)
{
	struct pen pen;

	(void)state;
	take_pen(&pen);
	put_done(&pen);
	check_written(&pen, BEGIN("req-1", "asked", NO_USAGE)
				    END("end_turn", "null", NO_USAGE));
	put_done(&pen);
	check_written(&pen, "");
	put_down(&pen);
}

static void blocks_follow_each_other(void **state)
{
	struct pen pen;

	(void)state;
	take_pen(&pen);
	begin(&pen)->delta.id = S("c1");
	pen.event.delta.model = S("told");
	put(&pen);
	check_written(&pen, ""); /* nothing to say yet */
	put_text(&pen, CHAT_THINKING, "hm");
	put_text(&pen, CHAT_TEXT, "");
	put_text(&pen, CHAT_TEXT, "a");
	put_text(&pen, CHAT_TEXT, "b");
	check_written(&pen,
		BEGIN("c1", "told", NO_USAGE) START(
			"0", "'type':'thinking','thinking':'','signature':''")
			PIECE("0", "'type':'thinking_delta','thinking':'hm'")
				STOP("0") START("1", "'type':'text','text':''")
					PIECE("1", TEXT("a"))
						PIECE("1", TEXT("b")));
	put_call(&pen, 0, "f", "{");
	put_call(&pen, 0, NULL, "}");
	put_call(&pen, 1, "g", "");
	put_call(&pen, 0, NULL, " ");
	put_call(&pen, 1, NULL, "{}");
	check_written(&pen,
		STOP("1") START("2",
			"'type':'tool_use','id':'id-f','name':'f','input':{}")
			PIECE("2", JSON_PIECE("{")) PIECE(
				"2", JSON_PIECE("}")) STOP("2") START("3",
				"'type':'tool_use','id':'id-g','name':'g','input':{}")
				PIECE("2", JSON_PIECE(" "))
					PIECE("3", JSON_PIECE("{}")));
	put_text(&pen, CHAT_REFUSAL, "no");
	put_done(&pen);
	check_written(&pen, STOP("3") START("4", "'type':'text','text':''")
				    PIECE("4", TEXT("no")) STOP("4")
					    END("tool_use", "null", NO_USAGE));
	put_down(&pen);
}

static void thoughts_end_with_their_signature(void **state)
{
	struct pen pen;

	(void)state;
	take_pen(&pen);
	begin(&pen);
	part(&pen, CHAT_THINKING)->text = S("a");
	pen.choice.message.last_part->signature =
		(struct chat_signature){ S("s"), S("openai_chat") };
	part(&pen, CHAT_THINKING)->text = S("b");
	part(&pen, CHAT_REDACTED_THINKING)->data = S("d");
	put(&pen);
	check_written(&pen,
		BEGIN("req-1", "asked", NO_USAGE) START("0",
			"'type':'thinking','thinking':'','signature':''") PIECE("0",
			"'type':'thinking_delta','thinking':'a'") PIECE("0",
			"'type':'signature_delta','signature':"
			"'openai_chat:s'") STOP("0") START("1",
			"'type':'thinking','thinking':'','signature':''")
			PIECE("1", "'type':'thinking_delta','thinking':'b'")
				STOP("1") START("2",
					"'type':'redacted_thinking','data':'d'")
					STOP("2"));
	put_down(&pen);
}

static void signatures_stand_before_their_block(void **state)
{
	struct pen pen;

	(void)state;
	take_pen(&pen);
	put_text(&pen, CHAT_TEXT, "a");
	buf_clear(&pen.out);
	begin(&pen);
	part(&pen, CHAT_TOOL_CALL)->call = (struct chat_call){
		.index = 0, .id = S("i"), .name = S("f"), .arguments = S("{}")
	};
	pen.choice.message.last_part->signature =
		(struct chat_signature){ S("s"), S("openai_chat") };
	put(&pen);
	check_written(&pen,
		STOP("0") START(
			"1", "'type':'thinking','thinking':'','signature':''")
			PIECE("1", "'type':'signature_delta','signature':"
				   "'openai_chat:s'") STOP("1") START("2",
				"'type':'tool_use','id':'i','name':'f','input':{}")
				PIECE("2", JSON_PIECE("{}")));
	/* What comes last of a text may be its signature alone. */
	begin(&pen);
	part(&pen, CHAT_TEXT)->text = S("");
	pen.choice.message.last_part->signature =
		(struct chat_signature){ S("t"), S("openai_chat") };
	put(&pen);
	check_written(&pen,
		STOP("2") START(
			"3", "'type':'thinking','thinking':'','signature':''")
			PIECE("3", "'type':'signature_delta','signature':"
				   "'openai_chat:t'") STOP("3"));
	put_down(&pen);
}

static void the_end_waits_for_usage(void **state)
{
	struct chat_citation source = { .url = S("u"), .title = S("t") };
	struct pen pen;

	(void)state;
	take_pen(&pen);
	put_text(&pen, CHAT_TEXT, "a");
	buf_clear(&pen.out);
	begin(&pen);
	part(&pen, CHAT_TEXT)->citations = &source;
	pen.choice.finish = CHAT_FINISH_STOP;
	pen.choice.stop_sequence = S("X");
	put(&pen);
	check_written(&pen,
		PIECE("0", "'type':'citations_delta','citation':{'type':"
			   "'web_search_result_location','url':'u','title':'t',"
			   "'cited_text':'','encrypted_index':''}"));
	begin(&pen);
	pen.choice.finish = CHAT_FINISH_LENGTH; /* a second one */
	put(&pen);
	begin(&pen)->delta.choice_count = 0;
	pen.event.delta.has_usage = true;
	pen.event.delta.usage.prompt = 20;
	pen.event.delta.usage.cached = 5;
	pen.event.delta.usage.cache_write = 4;
	pen.event.delta.usage.cache_write_1h = 1;
	pen.event.delta.usage.completion = 9;
	pen.event.delta.usage.reasoning = 2;
	pen.event.metadata = S("{\"cost\":1}");
	pen.event.done = true;
	put(&pen);
	check_written(&pen,
		STOP("0") EVENT("message_delta",
			",'delta':{'stop_reason':'stop_sequence',"
			"'stop_sequence':'X','stop_details':null},'usage':{"
			"'input_tokens':11,"
			"'cache_creation_input_tokens':4,"
			"'cache_read_input_tokens':5,'cache_creation':{"
			"'ephemeral_5m_input_tokens':3,"
			"'ephemeral_1h_input_tokens':1},'output_tokens':9,"
			"'output_tokens_details':{'thinking_tokens':2}},"
			"'metadata':{'cost':1}") EVENT("message_stop", ""));
	put_down(&pen);
}

static void an_error_ends_it(void **state)
{
	struct pen pen;

	(void)state;
	take_pen(&pen);
	begin(&pen)->kind = CHAT_EVENT_ERROR;
	pen.event.error_status = 529;
	pen.event.error_message = S("busy");
	put(&pen);
	put_text(&pen, CHAT_TEXT, "late");
	put_done(&pen);
	check_written(&pen,
		EVENT("error", ",'error':{'type':'overloaded_error','message':"
			       "'busy'}"));
	put_down(&pen);
}

/* Only the first choice, of which Anthropic's clients know. */
static void other_choices_are_left_out(void **state)
{
	struct pen pen;

	(void)state;
	take_pen(&pen);
	begin(&pen);
	pen.choice.index = 1;
	part(&pen, CHAT_TEXT)->text = S("b");
	pen.choice.finish = CHAT_FINISH_LENGTH;
	put(&pen);
	check_written(&pen, "");
	put_down(&pen);
}

/* --- whole answers --- */

static const struct {
	enum chat_finish finish;
	bool calls;
	const char *sequence;
	const char *word;
} endings[] = {
	{ CHAT_FINISH_UNSET, false, NULL, "end_turn" },
	{ CHAT_FINISH_UNSET, true, NULL, "tool_use" },
	{ CHAT_FINISH_STOP, false, NULL, "end_turn" },
	{ CHAT_FINISH_STOP, false, "X", "stop_sequence" },
	{ CHAT_FINISH_STOP, true, NULL, "tool_use" },
	{ CHAT_FINISH_LENGTH, true, NULL, "max_tokens" },
	{ CHAT_FINISH_TOOL_CALLS, true, NULL, "tool_use" },
	{ CHAT_FINISH_FILTER, false, NULL, "refusal" },
	{ CHAT_FINISH_OTHER, false, NULL, "end_turn" },
};

static void endings_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		struct buf out = BUF_INIT(256);
		struct json_writer w;
		json_t *root;

		json_writer_init(&w, &out);
		json_begin_object(&w);
		anthropic_write_stop(endings[i].finish,
			str_of(endings[i].sequence), endings[i].calls, &w);
		json_end_object(&w);
		root = parse(buf_str(&out));
		assert_string_equal(
			json_string_value(json_object_get(root, "stop_reason")),
			endings[i].word);
		assert_int_equal(
			json_is_null(json_object_get(root, "stop_sequence")),
			endings[i].sequence == NULL);
		json_decref(root);
		buf_release(&out);
	}
}

static void answers_of_others_are_whole(void **state)
{
	struct chat_citation source = { .url = S("u") };
	struct chat_response response;
	struct pen pen;

	(void)state;
	take_pen(&pen);
	begin(&pen);
	part(&pen, CHAT_THINKING)->text = S("hm");
	part(&pen, CHAT_TEXT)->text = S("a");
	part(&pen, CHAT_TEXT)->text = S("");
	part(&pen, CHAT_AUDIO)->text = S("said");
	part(&pen, CHAT_IMAGE)->url = S("u");
	part(&pen, CHAT_TOOL_CALL)->call = (struct chat_call){ 0, S("i"),
		S("function"), S("f"), S("{\"a\": 1}") };
	pen.choice.message.last_part->signature =
		(struct chat_signature){ S("s"), S("openai_chat") };
	pen.choice.message.citations = &source;
	pen.choice.finish = CHAT_FINISH_TOOL_CALLS;
	response = pen.event.delta;
	response.id = S("c1");
	response.model = S("m");
	response.has_usage = true;
	response.usage.prompt = 3;
	response.usage.cached = 5; /* more than there were: xAI at Azure */
	response.usage.completion = 2;
	anthropic_write_response(&response, &pen.out);
	assert_same_json(buf_str(&pen.out),
		quoted("{'id':'c1','type':'message','role':'assistant','model':"
		       "'m','content':[{'type':'thinking','thinking':'hm',"
		       "'signature':''},{'type':'text','text':'a','citations':["
		       "{'type':'web_search_result_location','url':'u','title':"
		       "null,'cited_text':'','encrypted_index':''}]},{'type':"
		       "'text','text':'said'},{'type':'thinking','thinking':'',"
		       "'signature':'openai_chat:s'},{'type':'tool_use','id':"
		       "'i','name':'f','input':{'a':1}}],'stop_reason':"
		       "'tool_use','stop_sequence':null,'stop_details':null,"
		       "'usage':{'input_tokens'"
		       ":0,'cache_read_input_tokens':3,'output_tokens':2}}",
			&pen.arena),
		"answer");
	put_down(&pen);
}

static const char *const answers[] = {
	"{}",
	"{'content':[],'stop_reason':null,'stop_sequence':null,'usage':null}",
	"{'content':null,'type':'message','role':'assistant'}",
	"{'content':[1],'stop_reason':7}",
	"{'id':'m','model':'c','content':[{'type':'text'},{'type':'tool_use'},"
	"{'type':'thinking','thinking':'','signature':'gemini:x'},{'type':"
	"'tool_use','id':'i','name':'n','input':{}},{'type':'new'}],'usage':{"
	"'input_tokens':'?','output_tokens':-1},'stop_reason':'new','container'"
	":null}",
	"{'type':'error','error':{'type':'api_error','message':'m'}}",
};

static void odd_answers_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct error err = ERROR_INIT;
		struct chat_response response;
		struct chat_facts facts;
		struct pen pen;

		take_pen(&pen);
		assert_true(
			anthropic_read_response(quoted(answers[i], &pen.arena),
				&pen.arena, &response, &err));
		anthropic_write_response(&response, &pen.out);
		assert_same_json(buf_str(&pen.out),
			quoted(answers[i], &pen.arena), answers[i]);
		chat_facts_init(&facts);
		assert_true(anthropic_read_reply(quoted(answers[i], &pen.arena),
			&pen.arena, &facts, &err));
		assert_int_equal(
			facts.failed, strstr(answers[i], "'error'") != NULL);
		put_down(&pen);
	}
}

/* --- errors --- */

static void errors_have_their_shape(void **state)
{
	static const struct {
		struct error err;
		const char *expected;
	} cases[] = {
		{ { .kind = ERR_BAD_FIELD,
			  .param = "messages[0].role",
			  .message = "It must be a string." },
			"{'type':'error','error':{'type':"
			"'invalid_request_error','message':'messages[0].role: "
			"It must be a string.'},'request_id':'r'}" },
		{ { .kind = ERR_BAD_FIELD,
			  .param = "model",
			  .message = "'model' must be a string." },
			"{'type':'error','error':{'type':"
			"'invalid_request_error','message':'\\u0027model\\u0027"
			" must be a string.'},'request_id':'r'}" },
		{ { .kind = ERR_UPSTREAM_STATUS,
			  .http_status = 429,
			  .message = "Slow down." },
			"{'type':'error','error':{'type':'rate_limit_error',"
			"'message':'Slow down.'},'request_id':'r'}" },
		{ { .kind = ERR_UPSTREAM_STATUS,
			  .http_status = 418,
			  .message = "No." },
			"{'type':'error','error':{'type':"
			"'invalid_request_error','message':'No.'},"
			"'request_id':'r'}" },
		{ { .kind = ERR_UPSTREAM_STATUS,
			  .http_status = 502,
			  .message = "No." },
			"{'type':'error','error':{'type':'api_error','message':"
			"'No.'},'request_id':'r'}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pen pen;

		take_pen(&pen);
		anthropic_write_failure(&cases[i].err, S("r"), &pen.out);
		assert_same_json(buf_str(&pen.out),
			quoted(cases[i].expected, &pen.arena), "error");
		put_down(&pen);
	}
}

/* What answered, in neutral words, whole or at a stream's beginning. */
static void tiers_are_told(void **state)
{
	static const struct {
		const char *usage;
		const char *tier; /* "": none that others know */
	} cases[] = {
		{ "{'service_tier':'standard'}", "default" },
		{ "{'service_tier':'priority'}", "priority" },
		{ "{'service_tier':'batch'}", "" },
		{ "{'service_tier':null}", "" },
		{ "{}", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = ERROR_INIT;
		struct chat_response whole;
		struct chat_event event;
		struct frame frame = { .has_data = true, .is_whole = true };
		struct arena arena;
		struct str usage;
		void *reader;

		arena_init(&arena, 4096);
		usage = quoted(cases[i].usage, &arena);
		assert_true(anthropic.read_response(
			arena_printf(&arena, "{\"content\":[],\"usage\":%.*s}",
				STR_ARG(usage)),
			&arena, &whole, &err));
		assert_text(whole.service_tier, cases[i].tier);
		reader = anthropic.reader_new(&arena);
		frame.data = arena_printf(&arena,
			"{\"type\":\"message_start\",\"message\":{\"usage\":"
			"%.*s}}",
			STR_ARG(usage));
		assert_true(anthropic.read_event(
			&frame, reader, &arena, &event, &err));
		assert_text(event.delta.service_tier, cases[i].tier);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_heard),
		cmocka_unit_test(facts_of_a_stream_are_known),
		cmocka_unit_test(nothing_is_a_whole_message),
		cmocka_unit_test(blocks_follow_each_other),
		cmocka_unit_test(thoughts_end_with_their_signature),
		cmocka_unit_test(signatures_stand_before_their_block),
		cmocka_unit_test(the_end_waits_for_usage),
		cmocka_unit_test(an_error_ends_it),
		cmocka_unit_test(other_choices_are_left_out),
		cmocka_unit_test(endings_are_told),
		cmocka_unit_test(answers_of_others_are_whole),
		cmocka_unit_test(odd_answers_come_back),
		cmocka_unit_test(errors_have_their_shape),
		cmocka_unit_test(tiers_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
