/*
 * openai_chat_request.c - a request read into the neutral form and written
 * again is the same request; written for another dialect's conversation it
 * says the same in this format's own words.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

static void read_request(
	struct str body, struct arena *arena, struct chat_request *out)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!openai->read_head(body, arena, &head, &err) ||
		!openai->read_request(&head, arena, out, &err))
		fail_msg(
			"%s (%s): %.*s", err.message, err.param, STR_ARG(body));
}

static void write_request(const struct chat_request *request, struct buf *out)
{
	struct error err = ERROR_INIT;

	buf_init(out, 16 << 20);
	if (!openai->write_request(request, out, &err))
		fail_msg("%s (%s)", err.message, err.param);
	assert_false(out->failed);
}

static void check_same(struct str body, const char *name)
{
	struct chat_request request;
	struct arena arena;
	struct buf out;

	arena_init(&arena, 65536);
	read_request(body, &arena, &request);
	write_request(&request, &out);
	assert_same_json(buf_str(&out), body, name);
	buf_release(&out);
	arena_release(&arena);
}

/* --- the parts of a conversation, as one text to compare --- */

static void describe_part(const struct chat_part *part, struct buf *out)
{
	buf_printf(out, "%d", part->kind);
	json_append_quoted(out, part->text);
	json_append_quoted(out, part->data);
	json_append_quoted(out, part->media_type);
	json_append_quoted(out, part->url);
	json_append_quoted(out, part->file_id);
	json_append_quoted(out, part->name);
	json_append_quoted(out, part->detail);
	json_append_quoted(out, part->cache_control);
	json_append_quoted(out, part->call.id);
	json_append_quoted(out, part->call.type);
	json_append_quoted(out, part->call.name);
	json_append_quoted(out, part->call.arguments);
	buf_append(out, S("\n"));
}

static void describe(const struct chat_request *request, struct buf *out)
{
	buf_init(out, 16 << 20);
	json_append_quoted(out, request->model);
	for (size_t i = 0; i < request->message_count; i++) {
		const struct chat_message *message = &request->messages[i];

		buf_printf(out, "role %d", message->role);
		json_append_quoted(out, message->name);
		json_append_quoted(out, message->tool_call_id);
		for (const struct chat_part *part = message->parts; part;
			part = part->next)
			/* Providers do not take thinking back. */
			if (part->kind != CHAT_THINKING &&
				part->kind != CHAT_REDACTED_THINKING)
				describe_part(part, out);
	}
	for (size_t i = 0; i < request->tool_count; i++) {
		json_append_quoted(out, request->tools[i].name);
		json_append_quoted(out, request->tools[i].description);
		json_append_quoted(out, request->tools[i].parameters);
		buf_printf(out, "%d\n", request->tools[i].strict);
	}
	buf_printf(out, "%d %d %d %d %ld %ld %d %ld", request->tool_choice,
		request->parallel_tool_calls, request->format.kind,
		request->format.strict, (long)request->max_tokens,
		(long)request->n, request->logprobs,
		(long)request->top_logprobs);
	json_append_quoted(out, request->tool_choice_name);
	json_append_quoted(out, request->format.schema);
	json_append_quoted(out, request->temperature);
	json_append_quoted(out, request->top_p);
	json_append_quoted(out, request->seed);
	json_append_quoted(out, request->metadata);
	json_append_quoted(out, request->service_tier);
	for (const struct chat_stop *stop = request->stop; stop;
		stop = stop->next)
		json_append_quoted(out, stop->text);
	assert_false(out->failed);
}

static bool has_foreign_part(const struct chat_request *request)
{
	for (size_t i = 0; i < request->tool_count; i++)
		if (request->tools[i].json.p)
			return true;
	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next)
			if (part->kind == CHAT_OTHER ||
				(part->kind == CHAT_AUDIO && !part->data.p) ||
				(part->kind == CHAT_FILE && !part->data.p &&
					!part->file_id.p))
				return true;
	return false;
}

struct totals {
	size_t requests;
	size_t translated;
	size_t refused;
};

/* The same conversation as if another dialect had brought it. */
static void check_translated(struct chat_request *request, struct arena *arena,
	const char *name, struct totals *totals)
{
	struct buf out = BUF_INIT(16 << 20), before, after;
	struct chat_request again;
	struct error err = ERROR_INIT;

	request->dialect = S("another");
	if (has_foreign_part(request)) {
		assert_false(openai->write_request(request, &out, &err));
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
		assert_true(err.param[0] != 0);
		totals->refused++;
		buf_release(&out);
		return;
	}
	write_request(request, &out);
	read_request(buf_str(&out), arena, &again);
	describe(request, &before);
	describe(&again, &after);
	if (!str_equal(buf_str(&before), buf_str(&after)))
		fail_msg("%s:\n%.*s\nis not\n%.*s", name,
			STR_ARG(buf_str(&after)), STR_ARG(buf_str(&before)));
	totals->translated++;
	buf_release(&before);
	buf_release(&after);
	buf_release(&out);
}

static void visit(const struct recording *r, void *context)
{
	struct totals *totals = context;
	struct chat_request request;
	struct arena arena;

	if (!r->request.p || recording_has_no_messages(r))
		return;
	check_same(r->request, r->name);
	totals->requests++;
	arena_init(&arena, 65536);
	read_request(r->request, &arena, &request);
	check_translated(&request, &arena, r->name, totals);
	arena_release(&arena);
}

static void recorded_requests_come_back(void **state)
{
	struct totals totals = { 0 };

	(void)state;
	recordings_visit(visit, &totals);
	print_message("%zu requests come back equal; %zu say the same as "
		      "another dialect's, %zu hold what would be refused\n",
		totals.requests, totals.translated, totals.refused);
	assert_true(totals.requests >= 400);
	assert_true(totals.translated >= 380);
}

/* --- by hand: shapes that recordings do not have --- */

#define USER "{\"role\":\"user\",\"content\":\"Hi\"}"
#define WITH(member) "{\"messages\":[" USER "]," member "}"
#define PARTS(parts) \
	"{\"messages\":[{\"role\":\"user\",\"content\":[" parts "]}]}"
#define CALLS(calls)                                               \
	"{\"messages\":[{\"role\":\"assistant\",\"content\":null," \
	"\"tool_calls\":" calls "}]}"

static const char *const odd_bodies[] = {
	WITH("\"temperature\":0.7,\"top_p\":1e-2,\"seed\":123456789012345678901"),
	WITH("\"temperature\":null,\"stop\":null,\"tools\":null,\"n\":null"),
	WITH("\"stop\":[]"),
	WITH("\"stop\":\"\""),
	WITH("\"stop\":[\"a\",\"b\\n\"]"),
	WITH("\"stop\":[\"a\",1]"),
	WITH("\"tools\":[]"),
	WITH("\"tools\":[{\"type\":\"web_search\"},{\"type\":\"function\","
	     "\"function\":{\"name\":\"f\",\"strict\":null,\"x\":1},"
	     "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}},7]"),
	WITH("\"tool_choice\":\"any\""),
	WITH("\"tool_choice\":\"none\""),
	WITH("\"tool_choice\":\"new\""),
	WITH("\"tool_choice\":{\"type\":\"function\",\"function\":"
	     "{\"name\":\"f\"}}"),
	WITH("\"tool_choice\":{\"type\":\"function\",\"function\":"
	     "{\"name\":\"f\",\"x\":1}}"),
	WITH("\"tool_choice\":{\"type\":\"allowed_tools\"}"),
	WITH("\"response_format\":{}"),
	WITH("\"response_format\":{\"type\":\"text\",\"x\":1}"),
	WITH("\"response_format\":{\"type\":\"grammar\",\"grammar\":\"g\"}"),
	WITH("\"response_format\":{\"type\":\"json_schema\"}"),
	WITH("\"response_format\":{\"type\":\"json_object\","
	     "\"json_schema\":{}}"),
	WITH("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
	     "{\"name\":\"n\",\"strict\":true,\"schema\":{\"a\":1},\"x\":2}}"),
	WITH("\"reasoning_effort\":\"low\",\"reasoning\":{\"effort\":\"high\"},"
	     "\"thinking\":{\"type\":\"enabled\"}"),
	WITH("\"reasoning\":{\"max_tokens\":9,\"exclude\":true,\"x\":1}"),
	WITH("\"reasoning\":{}"),
	WITH("\"thinking\":{\"type\":\"disabled\"}"),
	WITH("\"thinking\":{\"type\":\"adaptive\",\"budget_tokens\":5}"),
	WITH("\"max_tokens\":5,\"max_completion_tokens\":6"),
	WITH("\"max_tokens\":null,\"max_completion_tokens\":6"),
	WITH("\"logprobs\":5,\"top_logprobs\":0,\"logit_bias\":{}"),
	WITH("\"metadata\":{},\"modalities\":[],\"user\":\"\",\"n\":1"),
	WITH("\"a\\u0062c\":{\"deep\":[1,2,{\"x\":null}]},\"\":0"),
	WITH("\"stream\":true,\"stream_options\":{\"x\":1}"),
	PARTS(""),
	PARTS("{\"type\":\"text\"}"),
	PARTS("{\"type\":\"text\",\"text\":null,\"cache_control\":null}"),
	PARTS("{\"type\":\"text\",\"text\":\"\",\"cache_control\":"
	      "{\"type\":\"ephemeral\"},\"x\":[]}"),
	PARTS("{\"type\":\"image_url\"}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":\"https://x/y.png\"}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":null}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":{}}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":"
	      "\"data:image/png;base64,AAAA\",\"detail\":null,\"x\":1}}"),
	PARTS("{\"type\":\"input_audio\"}"),
	PARTS("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AA\","
	      "\"format\":\"wav\"}}"),
	PARTS("{\"type\":\"input_audio\",\"input_audio\":\"https://x\"}"),
	PARTS("{\"type\":\"file\",\"file\":{}}"),
	PARTS("{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}"),
	PARTS("{\"type\":\"file\",\"file\":null,\"x\":1}"),
	PARTS("{\"type\":\"file_url\",\"file_url\":\"https://x\"}"),
	PARTS("{\"type\":\"video_url\",\"video_url\":{\"url\":\"u\"}}"),
	PARTS("{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
	      "\"text\":\"a\"},{\"type\":\"reference\",\"ids\":[1]}],"
	      "\"signature\":\"s\"}"),
	PARTS("{\"type\":\"thinking\",\"thinking\":\"t\"}"),
	PARTS("{\"type\":\"thinking\",\"thinking\":{}}"),
	PARTS("{\"type\":\"refusal\",\"refusal\":\"no\"}"),
	PARTS("{\"type\":\"hologram\",\"data\":[1]}"),
	CALLS("null"),
	CALLS("[]"),
	CALLS("[1]"),
	CALLS("[{}]"),
	CALLS("[{\"id\":\"a\",\"type\":\"function\",\"function\":null}]"),
	CALLS("[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":"
	      "\"f\",\"arguments\":{\"x\":1}}}]"),
	CALLS("[{\"id\":\"a\",\"type\":\"custom\",\"custom\":{\"name\":\"f\","
	      "\"input\":\"raw\"}},{\"id\":\"b\",\"type\":\"function\","
	      "\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}]"),
	CALLS("[{\"id\":\"a\",\"type\":\"custom\",\"custom\":5,"
	      "\"function\":{\"name\":\"f\"}}]"),
	CALLS("[{\"index\":0,\"id\":null,\"type\":\"\",\"function\":{}}]"),
	"{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\","
	"\"reasoning_content\":\"r\",\"reasoning\":\"r\",\"refusal\":null,"
	"\"audio\":{\"id\":\"x\"},\"annotations\":[]}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"content\":\"\","
	"\"reasoning\":\"r\",\"reasoning_details\":["
	"{\"type\":\"reasoning.text\",\"text\":\"r\",\"signature\":\"s\","
	"\"format\":\"f\",\"index\":0},"
	"{\"type\":\"reasoning.encrypted\",\"data\":\"d\",\"id\":null},"
	"{\"type\":\"reasoning.summary\",\"summary\":\"u\"},"
	"{\"type\":\"reasoning.new\",\"x\":1}]}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"reasoning_content\":\"\","
	"\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"annotations\":["
	"{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"u\","
	"\"title\":\"t\",\"start_index\":0,\"end_index\":5,\"x\":1}},"
	"{\"type\":\"file\",\"file\":{}},{\"url_citation\":null}]}]}",
	"{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"a\",\"name\":"
	"null,\"content\":[{\"type\":\"text\",\"text\":\"x\"}]},"
	"{\"role\":\"function\",\"name\":\"f\",\"content\":null}]}",
};

static void odd_requests_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd_bodies); i++)
		check_same(str_of(odd_bodies[i]), odd_bodies[i]);
}

/* Of two members of a name the last one counts, as for Jansson. */
static void the_last_duplicate_counts(void **state)
{
	(void)state;
	check_same(S("{\"messages\":[{\"role\":\"user\",\"content\":\"a\","
		     "\"content\":[{\"type\":\"text\",\"text\":\"b\"}],"
		     "\"cont\\u0065nt\":\"c\"}],"
		     "\"temperature\":1,\"temperature\":2}"),
		"duplicates");
}

static void the_neutral_form_is_filled(void **state)
{
	static const struct str body = STR(
		"{\"model\":\"m\",\"max_completion_tokens\":7,\"n\":2,"
		"\"temperature\":0.70,\"stop\":\"x\",\"tool_choice\":\"any\","
		"\"parallel_tool_calls\":false,\"service_tier\":\"flex\","
		"\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
		"{\"name\":\"s\",\"schema\":{\"type\":\"object\"}}},"
		"\"reasoning\":{\"effort\":\"high\",\"max_tokens\":64},"
		"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
		"\"f\",\"parameters\":{\"p\":1},\"strict\":true}}],"
		"\"messages\":[{\"role\":\"developer\",\"content\":\"d\"},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		"\"image_url\":{\"url\":\"data:image/png;base64,QUJD\","
		"\"detail\":\"low\"}},{\"type\":\"input_audio\","
		"\"input_audio\":{\"data\":\"WA\",\"format\":\"mp3\"}}]},"
		"{\"role\":\"assistant\",\"reasoning_content\":\"hm\","
		"\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"c1\","
		"\"content\":\"r\"}],\"logit_bias\":null,\"other\":[1]}");
	const struct chat_part *part;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_request(body, &arena, &r);
	assert_text(r.dialect, "openai_chat");
	assert_int_equal(r.max_tokens, 7);
	assert_text(r.max_tokens_member, "max_completion_tokens");
	assert_int_equal(r.n, 2);
	assert_text(r.temperature, "0.70");
	assert_text(r.stop->text, "x");
	assert_int_equal(r.tool_choice, CHAT_CHOICE_REQUIRED);
	assert_int_equal(r.parallel_tool_calls, CHAT_NO);
	assert_int_equal(r.format.kind, CHAT_FORMAT_SCHEMA);
	assert_text(r.format.schema, "{\"type\":\"object\"}");
	assert_text(r.reasoning.effort, "high");
	assert_int_equal(r.reasoning.budget_tokens, 64);
	assert_text(r.tools[0].parameters, "{\"p\":1}");
	assert_int_equal(r.tools[0].strict, CHAT_YES);
	assert_int_equal(r.messages[0].role, CHAT_DEVELOPER);
	part = r.messages[1].parts;
	assert_int_equal(part->kind, CHAT_IMAGE);
	assert_text(part->media_type, "image/png");
	assert_text(part->data, "QUJD");
	assert_text(part->detail, "low");
	assert_int_equal(part->next->kind, CHAT_AUDIO);
	assert_text(part->next->media_type, "audio/mp3");
	part = r.messages[2].parts;
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_text(part->text, "hm");
	assert_int_equal(part->next->kind, CHAT_TOOL_CALL);
	assert_text(part->next->call.id, "c1");
	assert_text(part->next->call.arguments, "{}");
	assert_text(r.messages[3].tool_call_id, "c1");
	assert_text(chat_request_dropped(&r, &arena), "other");
	arena_release(&arena);
}

/* What only another dialect's reader would make. */
static void another_dialects_request_is_written(void **state)
{
	struct chat_request r;
	struct chat_message messages[2];
	struct chat_part *part;
	struct arena arena;
	struct buf out;

	(void)state;
	arena_init(&arena, 4096);
	chat_request_init(&r, S("another"));
	chat_message_init(&messages[0]);
	chat_message_init(&messages[1]);
	r.model = S("m");
	r.messages = messages;
	r.message_count = 2;
	r.max_tokens = 5;
	r.tool_choice = CHAT_CHOICE_REQUIRED;
	r.format.kind = CHAT_FORMAT_SCHEMA;
	r.format.schema = S("{}");
	messages[0].role = CHAT_USER;
	part = chat_message_add(&messages[0], CHAT_TEXT, &arena);
	part->text = S("look");
	part = chat_message_add(&messages[0], CHAT_IMAGE, &arena);
	part->type = S("image");
	part->data = S("QUJD");
	part->media_type = S("image/jpeg");
	part = chat_message_add(&messages[0], CHAT_FILE, &arena);
	part->data = S("RA");
	part->media_type = S("application/pdf");
	part->name = S("d.pdf");
	part = chat_message_add(&messages[0], CHAT_AUDIO, &arena);
	part->data = S("QQ");
	part->media_type = S("audio/wav");
	messages[1].role = CHAT_ASSISTANT;
	part = chat_message_add(&messages[1], CHAT_THINKING, &arena);
	part->text = S("hm");
	part->signature = S("s");
	part = chat_message_add(&messages[1], CHAT_TOOL_CALL, &arena);
	part->type = S("tool_use");
	part->call.id = S("t1");
	part->call.name = S("f");
	part->call.arguments = S("{}");
	write_request(&r, &out);
	assert_same_json(buf_str(&out),
		S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
		  "\"content\":[{\"type\":\"text\",\"text\":\"look\"},"
		  "{\"type\":\"image_url\",\"image_url\":{\"url\":"
		  "\"data:image/jpeg;base64,QUJD\"}},{\"type\":\"file\","
		  "\"file\":{\"file_data\":\"data:application/pdf;base64,RA\","
		  "\"filename\":\"d.pdf\"}},{\"type\":\"input_audio\","
		  "\"input_audio\":{\"data\":\"QQ\",\"format\":\"wav\"}}]},"
		  "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"t1\","
		  "\"type\":\"function\",\"function\":{\"name\":\"f\","
		  "\"arguments\":\"{}\"}}]}],\"max_tokens\":5,"
		  "\"tool_choice\":\"required\",\"response_format\":{\"type\":"
		  "\"json_schema\",\"json_schema\":{\"name\":\"response\","
		  "\"schema\":{}}}}"),
		"translated");
	buf_release(&out);
	arena_release(&arena);
}

static void what_cannot_be_said_is_refused(void **state)
{
	static const struct {
		const char *body;
		const char *param;
	} bodies[] = {
		{ PARTS("{\"type\":\"hologram\"}"), "messages[0].content" },
		{ PARTS("{\"type\":\"file\",\"file\":{\"file_data\":"
			"\"https://x\"}}"),
			"messages[0].content" },
		{ WITH("\"tools\":[{\"type\":\"web_search\"}]"), "tools[0]" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct buf out = BUF_INIT(4096);
		struct error err = ERROR_INIT;
		struct chat_request r;

		read_request(str_of(bodies[i].body), &arena, &r);
		r.dialect = S("another");
		assert_false(openai->write_request(&r, &out, &err));
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
		assert_string_equal(err.param, bodies[i].param);
		assert_int_equal(error_http_status(&err), 400);
		buf_release(&out);
	}
	arena_release(&arena);
}

static void what_is_left_out_is_named(void **state)
{
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_request(S("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
		       "{\"role\":\"assistant\",\"content\":null,\"x\":1,"
		       "\"annotations\":[]}],\"y\":{},\"stop\":null}"),
		&arena, &r);
	assert_text(chat_request_dropped(&r, &arena), "y, messages[1].x");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_requests_come_back),
		cmocka_unit_test(the_last_duplicate_counts),
		cmocka_unit_test(the_neutral_form_is_filled),
		cmocka_unit_test(another_dialects_request_is_written),
		cmocka_unit_test(what_cannot_be_said_is_refused),
		cmocka_unit_test(what_is_left_out_is_named),
		cmocka_unit_test(recorded_requests_come_back),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
