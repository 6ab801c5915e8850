/*
 * reply.c - what the answers of services tell: tokens, and the other
 * units that are billed.
 *
 * Every provider tells them in a place of its own, but no two use one place
 * for different things: so one reader knows all places, whatever the format.
 *
 * usage            OpenAI, Mistral, Voyage, Jina, OpenRouter
 * meta             Cohere
 * usageMetadata    Gemini
 * prompt_eval_count  Ollama
 */
#include "dialect/service/head.h"

#include "dialect/openai_chat/openai_chat.h"
#include "dialect/pick.h"

#define PICK(type, field)                                 \
	{                                                 \
		STR(#field), offsetof(struct type, field) \
	}

/* The top-level members of an answer or event that matter here. */
struct answer {
	struct json usage;
	struct json meta;
	struct json usageMetadata;
	struct json prompt_eval_count;
	struct json model;
	struct json data; /* images */
	struct json text; /* of a transcription */
	struct json delta;
	struct json duration;
	struct json type; /* of an event */
};

static const struct pick_row answer_rows[] = {
	PICK(answer, usage),
	PICK(answer, meta),
	PICK(answer, usageMetadata),
	PICK(answer, prompt_eval_count),
	PICK(answer, model),
	PICK(answer, data),
	PICK(answer, text),
	PICK(answer, delta),
	PICK(answer, duration),
	PICK(answer, type),
};

/* Newer APIs of OpenAI call them so; openai_chat/openai_chat.h reads the older
 * names. */
static const struct count_row usage_counts[] = {
	COUNT_ROW("input_tokens", prompt),
	COUNT_ROW("output_tokens", completion),
};

static void read_answer(struct str text, struct json root,
	const struct answer *view, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage);
static void read_tokens(const struct answer *view, struct chat_usage *tokens,
	struct service_usage *usage);
static void read_usage(struct json object, struct chat_usage *tokens,
	struct service_usage *usage);
static void read_meta(struct json meta, struct chat_usage *tokens,
	struct service_usage *usage);
static void read_amount(struct json object, const char *name, int64_t *out);
static void read_seconds(struct json value, struct arena *arena, int64_t *ms);
static bool is_media(struct str content_type, struct str body);
static int64_t text_bytes(struct json value, struct arena *arena);
static void count_texts(
	struct str checked, struct arena *arena, struct chat_facts *facts);
static void read_media_event(const struct answer *view, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage);

void service_usage_init(struct service_usage *usage)
{
	*usage = (struct service_usage){ -1, -1, -1, -1 };
}

bool service_read_reply(struct str content_type, struct str body,
	const struct service_input *input, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage,
	struct error *err)
{
	struct answer view;
	struct json root;

	(void)content_type;
	(void)input;
	if (!facts_check(body, &root, err))
		return false;
	pick_members(root, answer_rows, ARRAY_LEN(answer_rows), &view);
	read_answer(body, root, &view, arena, facts, usage);
	/* A vector or a score is no completion. */
	if (facts->has_usage && facts->usage.completion < 0)
		facts->usage.completion = 0;
	return true;
}

static void read_answer(struct str text, struct json root,
	const struct answer *view, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage)
{
	struct chat_usage *tokens = &facts->usage;
	struct str model;

	facts_find_end(facts, text, root);
	if (facts->model[0] == 0 && json_text(view->model, arena, &model))
		failure_fit(model, facts->model, sizeof(facts->model));
	read_tokens(view, tokens, usage);
	read_seconds(
		json_find(view->usage, S("seconds")), arena, &usage->audio_ms);
	facts->has_usage |= tokens->prompt >= 0 || tokens->completion >= 0;
	if (openai_chat_is_failure(root)) {
		facts->failed = true;
		failure_read_json(200, root, arena, &facts->failure);
	}
}

int64_t service_read_prompt_tokens(struct json root)
{
	int64_t tokens, search_units;

	service_read_units(root, &tokens, &search_units);
	return tokens;
}

void service_read_units(
	struct json root, int64_t *tokens, int64_t *search_units)
{
	struct service_usage usage;
	struct chat_usage count;
	struct answer view;

	chat_usage_init(&count);
	service_usage_init(&usage);
	pick_members(root, answer_rows, ARRAY_LEN(answer_rows), &view);
	read_tokens(&view, &count, &usage);
	*tokens = count.prompt;
	*search_units = usage.search_units;
}

static void read_tokens(const struct answer *view, struct chat_usage *tokens,
	struct service_usage *usage)
{
	if (view->usage.type == JSON_TYPE_OBJECT)
		read_usage(view->usage, tokens, usage);
	if (view->meta.type == JSON_TYPE_OBJECT)
		read_meta(view->meta, tokens, usage);
	read_amount(view->usageMetadata, "promptTokenCount", &tokens->prompt);
	facts_read_count(view->prompt_eval_count, &tokens->prompt);
}

static void read_usage(struct json object, struct chat_usage *tokens,
	struct service_usage *usage)
{
	struct json details = json_find(object, S("input_token_details"));
	int64_t total = -1;

	openai_chat_read_usage(object, tokens);
	facts_read_counts(
		object, usage_counts, ARRAY_LEN(usage_counts), tokens);
	read_amount(details, "audio_tokens", &tokens->audio_prompt);
	read_amount(object, "search_units", &usage->search_units);
	read_amount(object, "total_tokens", &total);
	/* Voyage, Jina and OpenRouter's rerankers tell the total alone. */
	if (tokens->prompt < 0 && tokens->completion < 0)
		tokens->prompt = total;
}

/* Cohere: what is billed, and where that is not in tokens, what was read. */
static void read_meta(struct json meta, struct chat_usage *tokens,
	struct service_usage *usage)
{
	struct json billed = json_find(meta, S("billed_units"));
	struct json counted = json_find(meta, S("tokens"));
	int64_t image_tokens = -1;

	read_amount(counted, "input_tokens", &tokens->prompt);
	read_amount(counted, "output_tokens", &tokens->completion);
	read_amount(billed, "input_tokens", &tokens->prompt);
	read_amount(billed, "output_tokens", &tokens->completion);
	read_amount(billed, "image_tokens", &image_tokens);
	if (image_tokens > 0)
		tokens->prompt = image_tokens +
				 (tokens->prompt > 0 ? tokens->prompt : 0);
	read_amount(billed, "search_units", &usage->search_units);
	read_amount(billed, "images", &usage->images);
}

/* A whole number, maybe written 214.0, as Cohere does. */
static void read_amount(struct json object, const char *name, int64_t *out)
{
	double number;

	if (json_double(json_find(object, str_of(name)), &number) &&
		number >= 0 && number <= INT32_MAX &&
		number == (double)(int64_t)number)
		*out = (int64_t)number;
}

/* A number, or (in OpenAI's verbose_json of old) a string with one. Cut off
 * milliseconds count as whole ones. */
static void read_seconds(struct json value, struct arena *arena, int64_t *ms)
{
	struct error err;
	struct str text;
	double seconds;

	if (json_text(value, arena, &text) &&
		!json_check(text, 1, &value, &err))
		return;
	if (json_double(value, &seconds) && seconds >= 0 &&
		seconds <= INT32_MAX) {
		*ms = (int64_t)(seconds * 1000);
		*ms += (double)*ms < seconds * 1000;
	}
}

bool service_read_media(struct str content_type, struct str body,
	const struct service_input *input, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage,
	struct error *err)
{
	struct answer view;
	struct json root;

	usage->characters = input->characters;
	if (is_media(content_type, body)) {
		if (str_starts(content_type, S("text/")))
			facts->output_bytes += (int64_t)body.n;
		return true;
	}
	if (!facts_check(body, &root, err))
		return false;
	pick_members(root, answer_rows, ARRAY_LEN(answer_rows), &view);
	read_answer(body, root, &view, arena, facts, usage);
	facts->output_bytes += text_bytes(view.text, arena);
	if (usage->audio_ms < 0)
		read_seconds(view.duration, arena, &usage->audio_ms);
	if (view.data.type == JSON_TYPE_ARRAY)
		usage->images = (int64_t)json_length(view.data);
	return true;
}

static bool is_media(struct str content_type, struct str body)
{
	struct str text = str_trim(body);

	return !service_is_json(content_type) || text.n == 0 ||
	       text.p[0] != '{';
}

static int64_t text_bytes(struct json value, struct arena *arena)
{
	struct str text = S("");
	bool is_text = json_text(value, arena, &text);

	return is_text ? (int64_t)text.n : 0;
}

bool service_read_completion(struct str content_type, struct str body,
	const struct service_input *input, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage,
	struct error *err)
{
	(void)content_type;
	(void)input;
	(void)usage;
	if (!openai_chat_read_reply(body, arena, facts, err))
		return false;
	count_texts(body, arena, facts);
	return true;
}

bool service_read_completion_frame(const struct frame *frame,
	struct chat_facts *facts, struct service_usage *usage,
	struct arena *scratch, struct error *err)
{
	(void)usage;
	if (!openai_chat_read_frame(frame, facts, scratch, err))
		return false;
	if (facts->frame == FRAME_CONTENT)
		count_texts(frame->data, scratch, facts);
	return true;
}

/*
 * An answer or event differs from a chat's in where its text is. Together
 * sends it twice, as text and as a chat's delta; Mistral as a chat's alone.
 */
static void count_texts(
	struct str checked, struct arena *arena, struct chat_facts *facts)
{
	/* It was checked a moment ago: it is a JSON object. */
	struct json root = { JSON_TYPE_OBJECT, str_trim(checked) };
	struct json_cursor cursor = json_members(json_find(root, S("choices")));
	struct json_member choice;

	while (json_next(&cursor, &choice)) {
		struct json object = choice.value;

		if (object.type == JSON_TYPE_OBJECT &&
			json_count(object, S("delta")) == 0 &&
			json_count(object, S("message")) == 0)
			facts->output_bytes +=
				text_bytes(json_find(object, S("text")), arena);
	}
}

bool service_read_media_frame(const struct frame *frame,
	struct chat_facts *facts, struct service_usage *usage,
	struct arena *scratch, struct error *err)
{
	struct str data = str_trim(frame->data);
	struct answer view;
	struct json root;

	facts->frame = FRAME_OTHER;
	if (data.n == 0) {
		if (frame->has_comment && !frame->has_data)
			facts->frame = FRAME_COMMENT;
		return true;
	}
	if (str_equal(data, S("[DONE]"))) {
		facts->frame = FRAME_DONE;
		facts->done = true;
		return true;
	}
	if (!facts_check(frame->data, &root, err))
		return false;
	pick_members(root, answer_rows, ARRAY_LEN(answer_rows), &view);
	read_answer(frame->data, root, &view, scratch, facts, usage);
	if (facts->failed)
		facts->frame = FRAME_ERROR;
	else
		read_media_event(&view, scratch, facts, usage);
	return true;
}

/* "speech.audio.delta", "transcript.text.done", "image_edit.completed". */
static void read_media_event(const struct answer *view, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage)
{
	struct str type = S("");
	bool is_known = json_text(view->type, arena, &type);
	bool is_image = is_known && str_ends(type, S(".completed"));

	if (!is_known)
		return;
	facts->frame = FRAME_CONTENT;
	facts->output_bytes += text_bytes(view->delta, arena);
	facts->done |= is_image || str_ends(type, S(".done"));
	if (is_image)
		usage->images = (usage->images < 0 ? 0 : usage->images) + 1;
}
