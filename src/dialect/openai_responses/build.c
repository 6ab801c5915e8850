/*
 * build.c - another dialect's answer, made into items part by
 * part.
 *
 * A text or a reasoning item is open until something else is said. Calls stay
 * open to the end: providers send the arguments of several calls in turns,
 * and an item that is done cannot begin again.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/openai_responses/answer.h"

static void set(struct buf *to, struct str text);
static void add_message(struct answer *answer,
	const struct chat_message *message, struct str dialect,
	struct str logprobs);
static void add_part(struct answer *answer, const struct chat_part *part,
	struct str dialect, struct str logprobs);
static void say(struct answer *answer, const struct chat_part *part,
	bool is_refusal, struct str logprobs);
static struct answer_item *open_said(
	struct answer *answer, enum answer_item_kind kind, size_t *index);
static void add_text(struct answer *answer, size_t index, struct str text,
	struct str logprobs);
static void append_json(struct buf *list, struct str json);
static struct str items_of(struct str array);
static void add_citations(struct answer *answer, size_t index,
	const struct chat_citation *citation);
static void think(struct answer *answer, const struct chat_part *part,
	struct str dialect);
static void append_origin(const struct chat_signature *signature,
	struct str dialect, struct buf *out);
static void seal(struct answer *answer, const char *mark,
	const struct chat_signature *signature, struct str text,
	struct str dialect);
static void call(struct answer *answer, const struct chat_part *part,
	struct str dialect);
static bool find_call(
	const struct answer *answer, int64_t call_index, size_t *index);
static bool begin_call(struct answer *answer, const struct chat_part *part,
	struct str dialect, size_t *index);
static void show_image(struct answer *answer, const struct chat_part *part);
static bool open_item(
	struct answer *answer, enum answer_item_kind kind, size_t *index);
static void open_text(struct answer *answer, size_t index, bool is_refusal);
static void close_text(struct answer *answer, size_t index);
static void close_item(struct answer *answer, size_t index);
static bool is_cut(const struct answer *answer);
static void close_said(struct answer *answer);

void openai_responses_answer_write(
	const struct chat_response *response, struct buf *out)
{
	struct answer answer;
	struct json_writer w;

	openai_responses_answer_init(&answer);
	openai_responses_answer_name(&answer, response);
	openai_responses_answer_add(&answer, response);
	openai_responses_answer_close(&answer);
	json_writer_init(&w, out);
	openai_responses_answer_write_object(&answer, NULL, S(""), &w);
	openai_responses_answer_release(&answer);
}

void openai_responses_answer_name(
	struct answer *answer, const struct chat_response *response)
{
	if (response->id.n > 0)
		set(&answer->id, response->id);
	if (response->model.n > 0)
		set(&answer->model, response->model);
	if (response->created_unix_s >= 0)
		answer->created_unix_s = response->created_unix_s;
}

void openai_responses_answer_add(
	struct answer *answer, const struct chat_response *delta)
{
	if (delta->service_tier.n > 0)
		set(&answer->service_tier, delta->service_tier);
	if (delta->has_usage) {
		answer->has_usage = true;
		chat_usage_merge(&answer->usage, &delta->usage);
	}
	for (size_t i = 0; i < delta->choice_count; i++) {
		const struct chat_choice *choice = &delta->choices[i];

		/* The format has one answer; nobody could ask for more. */
		if (choice->index > 0)
			continue;
		add_message(answer, &choice->message, delta->dialect,
			choice->logprobs);
		if (answer->finish == CHAT_FINISH_UNSET)
			answer->finish = choice->finish;
	}
}

static void set(struct buf *to, struct str text)
{
	buf_clear(to);
	buf_append(to, str_head(text, to->max));
}

static void add_message(struct answer *answer,
	const struct chat_message *message, struct str dialect,
	struct str logprobs)
{
	const struct chat_part *part = message->parts;

	for (; part; part = part->next) {
		add_part(answer, part, dialect, logprobs);
		/* They are the answer's; its first text has them. */
		if (part->kind == CHAT_TEXT || part->kind == CHAT_REFUSAL)
			logprobs = S("");
	}
	if (message->citations) {
		struct chat_part none = { .kind = CHAT_TEXT,
			.citations = message->citations };

		add_part(answer, &none, dialect, S(""));
	}
}

static void add_part(struct answer *answer, const struct chat_part *part,
	struct str dialect, struct str logprobs)
{
	switch (part->kind) {
	case CHAT_TEXT: say(answer, part, false, logprobs); break;
	case CHAT_AUDIO: say(answer, part, false, S("")); break;
	case CHAT_REFUSAL: say(answer, part, true, logprobs); break;
	case CHAT_THINKING: think(answer, part, dialect); break;
	case CHAT_REDACTED_THINKING:
		seal(answer, OPENAI_RESPONSES_SEALED, &part->signature,
			part->data, dialect);
		break;
	case CHAT_TOOL_CALL: call(answer, part, dialect); break;
	case CHAT_IMAGE: show_image(answer, part); break;
	case CHAT_VIDEO:
	case CHAT_FILE:
	case CHAT_OTHER: break; /* no answer of this format has such */
	}
}

/* Text, of an audio answer its transcript. */
static void say(struct answer *answer, const struct chat_part *part,
	bool is_refusal, struct str logprobs)
{
	struct answer_item *item;
	size_t index;

	if (part->text.n == 0 && !part->citations)
		return;
	item = open_said(answer, ANSWER_MESSAGE, &index);
	if (!item)
		return;
	if (item->has_text && item->is_refusal != is_refusal)
		close_text(answer, index);
	if (!item->has_text)
		open_text(answer, index, is_refusal);
	if (part->text.n > 0)
		add_text(answer, index, part->text, logprobs);
	add_citations(answer, index, part->citations);
}

/* The open item, when it is of that kind; else a new one. */
static struct answer_item *open_said(
	struct answer *answer, enum answer_item_kind kind, size_t *index)
{
	if (answer->said >= 0) {
		*index = (size_t)answer->said;
		if (openai_responses_answer_item(answer, *index)->kind == kind)
			return openai_responses_answer_item(answer, *index);
		close_said(answer);
	}
	if (!open_item(answer, kind, index))
		return NULL;
	answer->said = (int64_t)*index;
	return openai_responses_answer_item(answer, *index);
}

static void add_text(struct answer *answer, size_t index, struct str text,
	struct str logprobs)
{
	struct answer_item *item = openai_responses_answer_item(answer, index);
	struct str items = items_of(logprobs);

	buf_append(&item->text, text);
	if (items.n > 0)
		append_json(&item->logprobs, items);
	openai_responses_tell_delta(answer, index, text, items);
}

/* To what stands between the brackets of a list: all of it, or nothing. */
static void append_json(struct buf *list, struct str json)
{
	if (json.n + 1 > list->max - list->n)
		return;
	if (list->n > 0)
		buf_append_char(list, ',');
	buf_append(list, json);
}

/* What stands between the brackets of {"content": [...]}. */
static struct str items_of(struct str logprobs)
{
	struct error ignored = ERROR_INIT;
	struct json root, list;

	if (logprobs.n == 0 ||
		!json_check(logprobs, JSON_MAX_DEPTH, &root, &ignored))
		return S("");
	list = json_find(root, S("content"));
	if (list.type != JSON_TYPE_ARRAY || json_is_empty(list))
		return S("");
	return str_head(str_from(list.text, 1), list.text.n - 2);
}

static void add_citations(struct answer *answer, size_t index,
	const struct chat_citation *citation)
{
	struct answer_item *item = openai_responses_answer_item(answer, index);

	for (; citation; citation = citation->next) {
		struct buf json = BUF_INIT(OPENAI_RESPONSES_MAX_KEPT);
		struct json_writer w;

		json_writer_init(&w, &json);
		if (openai_responses_write_citation(
			    citation, buf_str(&item->text), &w)) {
			openai_responses_tell_citation(
				answer, index, buf_str(&json));
			append_json(&item->annotations, buf_str(&json));
			item->annotation_count++;
		}
		buf_release(&json);
	}
}

/* A signature ends what it signs. */
static void think(
	struct answer *answer, const struct chat_part *part, struct str dialect)
{
	struct answer_item *item;
	size_t index;

	if (part->text.n == 0 && part->signature.text.n == 0)
		return;
	item = open_said(answer, ANSWER_REASONING, &index);
	if (!item)
		return;
	if (part->text.n > 0) {
		if (!item->has_text)
			open_text(answer, index, false);
		add_text(answer, index, part->text, S(""));
	}
	if (part->signature.text.n > 0) {
		append_origin(&part->signature, dialect, &item->signature);
		buf_append(&item->signature, part->signature.text);
		close_said(answer);
	}
}

/* In front of what a provider of another dialect made. */
static void append_origin(const struct chat_signature *signature,
	struct str dialect, struct buf *out)
{
	struct str origin = signature->origin;

	if (origin.n == 0)
		origin = dialect;
	if (origin.n == 0 || str_equal(origin, S(OPENAI_RESPONSES_NAME)))
		return;
	buf_append(out, origin);
	buf_append_char(out, ':');
}

/* A reasoning item without a text, for what has no other place here. */
static void seal(struct answer *answer, const char *mark,
	const struct chat_signature *signature, struct str text,
	struct str dialect)
{
	struct answer_item *item;
	size_t index;

	close_said(answer);
	item = open_said(answer, ANSWER_REASONING, &index);
	if (!item)
		return;
	append_origin(signature, dialect, &item->signature);
	buf_append(&item->signature, str_of(mark));
	buf_append(&item->signature, text);
	close_said(answer);
}

static void call(
	struct answer *answer, const struct chat_part *part, struct str dialect)
{
	struct answer_item *item;
	size_t index;

	if (!find_call(answer, part->call.index, &index) &&
		!begin_call(answer, part, dialect, &index))
		return;
	if (part->call.arguments.n == 0)
		return;
	item = openai_responses_answer_item(answer, index);
	buf_append(&item->text, part->call.arguments);
	openai_responses_tell_delta(answer, index, part->call.arguments, S(""));
}

static bool find_call(
	const struct answer *answer, int64_t call_index, size_t *index)
{
	size_t count = openai_responses_answer_count(answer);

	/* The last one is the likeliest. */
	while (call_index >= 0 && count-- > 0) {
		*index = count;
		if (openai_responses_answer_item(answer, count)->call_index ==
			call_index)
			return true;
	}
	return false;
}

static bool begin_call(struct answer *answer, const struct chat_part *part,
	struct str dialect, size_t *index)
{
	bool is_custom = str_equal(part->call.type, S("custom"));
	struct answer_item *item;

	if (part->signature.text.n > 0)
		seal(answer, OPENAI_RESPONSES_NEXT, &part->signature,
			part->signature.text, dialect);
	close_said(answer);
	item = openai_responses_answer_new(answer,
		is_custom ? ANSWER_CUSTOM_CALL : ANSWER_FUNCTION_CALL, index);
	if (!item)
		return false;
	item->call_index = part->call.index;
	buf_append(&item->call_id, part->call.id);
	buf_append(&item->name, part->call.name);
	openai_responses_tell_item(
		answer, *index, "response.output_item.added");
	return true;
}

/* One that has data; an image elsewhere has no place in an answer. */
static void show_image(struct answer *answer, const struct chat_part *part)
{
	size_t index;

	if (part->data.n == 0)
		return;
	close_said(answer);
	if (!open_item(answer, ANSWER_IMAGE, &index))
		return;
	buf_append(
		&openai_responses_answer_item(answer, index)->text, part->data);
	close_item(answer, index);
}

static bool open_item(
	struct answer *answer, enum answer_item_kind kind, size_t *index)
{
	if (!openai_responses_answer_new(answer, kind, index))
		return false;
	openai_responses_tell_item(
		answer, *index, "response.output_item.added");
	return true;
}

static void open_text(struct answer *answer, size_t index, bool is_refusal)
{
	struct answer_item *item = openai_responses_answer_item(answer, index);

	item->has_text = true;
	item->is_refusal = is_refusal;
	openai_responses_tell_part(answer, index, false);
}

static void close_text(struct answer *answer, size_t index)
{
	struct answer_item *item = openai_responses_answer_item(answer, index);
	struct buf json = BUF_INIT(item->texts.max);
	struct json_writer w;

	openai_responses_tell_whole(answer, index);
	openai_responses_tell_part(answer, index, true);
	json_writer_init(&w, &json);
	openai_responses_answer_write_text(item, &w);
	if (!json.failed)
		append_json(&item->texts, buf_str(&json));
	buf_release(&json);
	item->has_text = false;
	item->text_index++;
	item->annotation_count = 0;
	buf_release(&item->text);
	buf_release(&item->annotations);
	buf_release(&item->logprobs);
}

static void close_item(struct answer *answer, size_t index)
{
	struct answer_item *item = openai_responses_answer_item(answer, index);

	if (item->has_text)
		close_text(answer, index);
	if (item->kind == ANSWER_FUNCTION_CALL ||
		item->kind == ANSWER_CUSTOM_CALL) {
		/* Arguments are JSON, also when there are none. */
		if (item->text.n == 0 && item->kind == ANSWER_FUNCTION_CALL)
			buf_append(&item->text, S("{}"));
		openai_responses_tell_whole(answer, index);
	}
	item->status = is_cut(answer) ? "incomplete" : "completed";
	openai_responses_tell_item(answer, index, "response.output_item.done");
}

static void close_said(struct answer *answer)
{
	if (answer->said >= 0)
		close_item(answer, (size_t)answer->said);
	answer->said = -1;
}

void openai_responses_answer_close(struct answer *answer)
{
	close_said(answer);
	for (size_t i = 0; i < openai_responses_answer_count(answer); i++) {
		const char *status =
			openai_responses_answer_item(answer, i)->status;

		if (strcmp(status, "in_progress") == 0)
			close_item(answer, i);
	}
}

static bool is_cut(const struct answer *answer)
{
	return answer->finish == CHAT_FINISH_LENGTH ||
	       answer->finish == CHAT_FINISH_FILTER;
}
