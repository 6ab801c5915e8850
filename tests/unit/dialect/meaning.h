/*
 * meaning.h - what a conversation or an answer says, as a text to compare,
 * whatever format it came in.
 *
 * Two levels: within one dialect all must be equal; `across` dialects the ids
 * of calls are numbers in order, system prompts stand first, and what a format
 * arranges differently is told alike. What was named as lost is left out.
 */
#ifndef TESTS_UNIT_DIALECT_MEANING_H
#define TESTS_UNIT_DIALECT_MEANING_H

#include <math.h>

#include "recordings.h"

#include "dialect/losses.h"

struct meaning {
	bool across;
	const struct chat_losses *losses;  /* NULL: nothing was lost */
	const struct chat_request *wanted; /* what it says not is not told */
	struct buf *out;
	/* Text that may go on in the next part. */
	struct buf text;
	const char *speaker;
	const struct chat_request *request;
};

/* JSON in one spelling; other texts as they are. */
static inline void meaning_json(struct str text, struct buf *out)
{
	json_t *root = text.n > 0 ? parse(text) : NULL;
	char *plain = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS |
						      JSON_ENCODE_ANY)
			   : NULL;

	buf_append(out, plain ? str_of(plain) : text);
	free(plain);
	json_decref(root);
}

/* What every schema may say or not: formats differ in what they insist on. */
static inline void meaning_strip_schema(json_t *schema)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_object(schema))
		json_object_del(schema, "additionalProperties");
	json_object_foreach(schema, name, value) meaning_strip_schema(value);
	json_array_foreach(schema, i, value) meaning_strip_schema(value);
}

/* A schema that asks for nothing is as good as none. */
static inline void meaning_schema(struct str text, bool across, struct buf *out)
{
	json_t *schema = across && text.n > 0 ? parse(text) : NULL;
	char *plain;

	if (!schema) {
		meaning_json(text, out);
		return;
	}
	meaning_strip_schema(schema);
	if (json_object_size(json_object_get(schema, "properties")) == 0)
		json_object_del(schema, "properties");
	plain = json_dumps(schema, JSON_COMPACT | JSON_SORT_KEYS);
	if (json_object_size(schema) > 1 || !json_object_get(schema, "type"))
		buf_append(out,
			json_object_size(schema) > 0 ? str_of(plain) : S(""));
	free(plain);
	json_decref(schema);
}

/* Is one of the names lost, or a member of it, or it in a message? */
static inline bool meaning_is_lost(
	const struct chat_losses *losses, const char *name)
{
	struct str rest = losses ? buf_str(&losses->names) : S("");
	struct str one;

	if (!name)
		return false;
	while (str_next_field(&rest, ',', &one)) {
		one = str_trim(one);
		if (str_find(one, str_of(name)) < one.n)
			return true;
	}
	return false;
}

static inline bool meaning_lost(const struct meaning *m, enum chat_field field)
{
	return m->losses &&
	       meaning_is_lost(m->losses, m->losses->from->words[field]);
}

static inline void meaning_end_text(struct meaning *m)
{
	struct str text = buf_str(&m->text);

	/* Where a conversation must begin with the user, it begins so. */
	bool is_filler = m->across &&
			 strcmp(m->speaker ? m->speaker : "", "user") == 0 &&
			 str_equal(text, S("."));

	if (text.n > 0 && !is_filler) {
		buf_printf(m->out, "%s text ", m->speaker);
		json_append_quoted(m->out, text);
		buf_append_char(m->out, '\n');
	}
	buf_clear(&m->text);
}

static inline void meaning_begin(struct meaning *m, const char *speaker)
{
	if (m->speaker && strcmp(m->speaker, speaker) != 0)
		meaning_end_text(m);
	m->speaker = speaker;
}

/* White space between texts is the formats' own. */
static inline void meaning_add_text(struct meaning *m, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!m->across || !isspace((unsigned char)text.p[i]))
			buf_append_char(&m->text, text.p[i]);
}

/* A number in the order of calls, or the id itself. */
static inline void meaning_call_id(struct meaning *m, struct str id)
{
	size_t number = 0;

	if (!m->across) {
		json_append_quoted(m->out, id);
		return;
	}
	for (size_t i = 0; i < m->request->message_count; i++)
		for (const struct chat_part *part =
				m->request->messages[i].parts;
			part; part = part->next) {
			if (part->kind != CHAT_TOOL_CALL)
				continue;
			if (str_equal(part->call.id, id)) {
				buf_printf(m->out, "#%zu", number);
				return;
			}
			number++;
		}
	buf_append(m->out, S("#?"));
}

static inline void meaning_call(struct meaning *m, const struct chat_call *call)
{
	bool is_custom = str_equal(call->type, S("custom"));

	buf_printf(m->out, "call%s ", is_custom ? " custom" : "");
	meaning_call_id(m, call->id);
	json_append_quoted(m->out, call->name);
	if (call->arguments.n == 0 && !is_custom)
		buf_append(m->out, S("{}"));
	else
		meaning_json(call->arguments, m->out);
}

/* Base64 in the usual alphabet, padded or not. */
static inline void meaning_data(struct str data, struct buf *out)
{
	while (str_ends(data, S("=")))
		data.n--;
	for (size_t i = 0; i < data.n; i++)
		buf_append_char(out, data.p[i] == '-'   ? '+'
				     : data.p[i] == '_' ? '/'
							: data.p[i]);
	buf_append_char(out, ' ');
}

static inline void meaning_media(
	struct meaning *m, const struct chat_part *part)
{
	buf_printf(m->out, "media %d ", part->kind);
	json_append_quoted(m->out, part->file_id);
	meaning_data(part->data, m->out);
	if (!part->data.p)
		json_append_quoted(m->out, part->url);
	if (part->data.p && !m->across)
		json_append_quoted(m->out, part->media_type);
	if (!m->across)
		json_append_quoted(m->out, part->name);
	/* "auto" is what it is when nobody says it. */
	if (part->kind == CHAT_IMAGE && part->detail.n > 0 &&
		!str_equal(part->detail, S("auto")) &&
		!meaning_lost(m, FIELD_IMAGE_DETAIL))
		json_append_quoted(m->out, part->detail);
}

static inline bool meaning_skips(
	const struct meaning *m, const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_THINKING:
		return meaning_lost(m, FIELD_THINKING) ||
		       (m->across && part->text.n == 0);
	case CHAT_REDACTED_THINKING:
		return meaning_lost(m, FIELD_REDACTED_THINKING);
	case CHAT_REFUSAL: return meaning_lost(m, FIELD_REFUSAL);
	default: return false;
	}
}

static inline void meaning_part(struct meaning *m, const struct chat_part *part)
{
	if (meaning_skips(m, part))
		return;
	if (part->kind == CHAT_TEXT) {
		meaning_add_text(m, part->text);
		return;
	}
	meaning_end_text(m);
	buf_printf(m->out, "%s ", m->speaker);
	switch (part->kind) {
	case CHAT_TOOL_CALL: meaning_call(m, &part->call); break;
	case CHAT_THINKING:
		buf_append(m->out, S("thinking "));
		json_append_quoted(m->out, part->text);
		if (!m->across)
			json_append_quoted(m->out, part->signature.text);
		break;
	case CHAT_REFUSAL:
		buf_append(m->out, S("refusal "));
		json_append_quoted(m->out, part->text);
		break;
	case CHAT_REDACTED_THINKING:
		buf_append(m->out, S("sealed "));
		json_append_quoted(m->out, part->data);
		break;
	default: meaning_media(m, part); break;
	}
	if (part->cache_control.p && !meaning_lost(m, FIELD_CACHE_CONTROL))
		meaning_json(part->cache_control, m->out);
	buf_append_char(m->out, '\n');
}

static inline bool meaning_is_system(const struct chat_message *message)
{
	return message->role == CHAT_SYSTEM || message->role == CHAT_DEVELOPER;
}

static inline bool meaning_is_result(const struct chat_message *message)
{
	return message->role == CHAT_TOOL || message->role == CHAT_FUNCTION;
}

static inline const char *meaning_speaker(const struct chat_message *message)
{
	if (meaning_is_system(message))
		return "system";
	if (meaning_is_result(message))
		return "tool";
	return message->role == CHAT_ASSISTANT ? "assistant" : "user";
}

static inline void meaning_message(
	struct meaning *m, const struct chat_message *message)
{
	meaning_begin(m, meaning_speaker(message));
	if (meaning_is_result(message)) {
		meaning_end_text(m);
		buf_append(m->out, S("result of "));
		meaning_call_id(m, message->tool_call_id);
		if (message->is_error == CHAT_YES &&
			!meaning_lost(m, FIELD_TOOL_RESULT_ERROR))
			buf_append(m->out, S(" failed"));
		buf_append_char(m->out, '\n');
	} else if (message->name.n > 0 &&
		   !meaning_lost(m, FIELD_MESSAGE_NAME)) {
		meaning_end_text(m);
		buf_append(m->out, S("name "));
		json_append_quoted(m->out, message->name);
	}
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		meaning_part(m, part);
}

static inline void meaning_messages(
	struct meaning *m, const struct chat_request *r)
{
	/* Formats with a member for the system prompt have it first. */
	for (size_t i = 0; m->across && i < r->message_count; i++)
		if (meaning_is_system(&r->messages[i]))
			meaning_message(m, &r->messages[i]);
	for (size_t i = 0; i < r->message_count; i++)
		if (!m->across || !meaning_is_system(&r->messages[i]))
			meaning_message(m, &r->messages[i]);
	meaning_end_text(m);
}

static inline void meaning_tools(
	struct meaning *m, const struct chat_request *r)
{
	bool lost_schema = meaning_is_lost(m->losses, "parameters") ||
			   meaning_is_lost(m->losses, "input_schema") ||
			   meaning_is_lost(m->losses, "inputSchema");

	/* Some formats must have tools where there are calls. */
	if (m->across && m->wanted->tool_count == 0)
		return;
	for (size_t i = 0; i < r->tool_count; i++) {
		const struct chat_tool *tool = &r->tools[i];
		bool is_custom = str_equal(tool->type, S("custom"));

		buf_append(m->out, S("tool "));
		json_append_quoted(m->out, tool->name);
		json_append_quoted(m->out, tool->description);
		if (is_custom)
			meaning_json(tool->format, m->out);
		else if (!lost_schema && tool->parameters.p)
			meaning_schema(tool->parameters, m->across, m->out);
		if (tool->strict == CHAT_YES &&
			!meaning_lost(m, FIELD_TOOL_STRICT))
			buf_append(m->out, S(" strict"));
		buf_append_char(m->out, '\n');
	}
}

/* What a number is when nobody says it; NAN: that is the provider's choice. */
static inline double meaning_default(enum chat_field field)
{
	switch (field) {
	case FIELD_FREQUENCY_PENALTY:
	case FIELD_PRESENCE_PENALTY:
	case FIELD_TOP_K:
	case FIELD_MIN_P: return 0;
	case FIELD_REPETITION_PENALTY: return 1;
	default: return (double)NAN;
	}
}

/* Numbers by value: 1 may be written 1.0. */
static inline void meaning_number(
	struct meaning *m, enum chat_field field, struct str number)
{
	if (m->across && number.p &&
		strtod(number.p, NULL) == meaning_default(field))
		return;
	if (number.p && !meaning_lost(m, field))
		buf_printf(m->out, "field %d: %.10g\n", field,
			strtod(number.p, NULL));
}

static inline void meaning_count(
	struct meaning *m, enum chat_field field, int64_t count)
{
	if (count >= 0 && !meaning_lost(m, field))
		buf_printf(m->out, "field %d: %" PRId64 "\n", field, count);
}

static inline void meaning_text(
	struct meaning *m, enum chat_field field, struct str text)
{
	if (!text.p || meaning_lost(m, field))
		return;
	buf_printf(m->out, "field %d: ", field);
	json_append_quoted(m->out, text);
	buf_append_char(m->out, '\n');
}

static inline bool meaning_thinks(const struct chat_reasoning *reasoning)
{
	if (reasoning->enabled == CHAT_NO || reasoning->budget_tokens == 0 ||
		str_equal(reasoning->effort, S("none")))
		return false;
	return reasoning->effort.p || reasoning->budget_tokens != -1 ||
	       reasoning->enabled == CHAT_YES || reasoning->exclude == CHAT_NO;
}

static inline void meaning_parameters(
	struct meaning *m, const struct chat_request *r)
{
	/* Anthropic's models think at one temperature only. */
	if (!m->across || !meaning_thinks(&m->wanted->reasoning))
		meaning_number(m, FIELD_TEMPERATURE, r->temperature);
	meaning_number(m, FIELD_TOP_P, r->top_p);
	meaning_number(m, FIELD_TOP_K, r->top_k);
	meaning_number(m, FIELD_MIN_P, r->min_p);
	meaning_number(m, FIELD_FREQUENCY_PENALTY, r->frequency_penalty);
	meaning_number(m, FIELD_PRESENCE_PENALTY, r->presence_penalty);
	meaning_number(m, FIELD_REPETITION_PENALTY, r->repetition_penalty);
	meaning_number(m, FIELD_SEED, r->seed);
	/* Some formats must have a limit, or count the thinking in it. */
	if (m->across && r->max_tokens > m->wanted->max_tokens)
		meaning_count(m, FIELD_MAX_TOKENS, m->wanted->max_tokens);
	else if (m->wanted->max_tokens >= 0)
		meaning_count(m, FIELD_MAX_TOKENS, r->max_tokens);
	if (r->n > 1)
		meaning_count(m, FIELD_N, r->n);
	if (r->logprobs == CHAT_YES && !meaning_lost(m, FIELD_LOGPROBS))
		buf_append(m->out, S("logprobs\n"));
	meaning_count(m, FIELD_TOP_LOGPROBS, r->top_logprobs);
	meaning_text(m, FIELD_USER, r->user);
	meaning_text(m, FIELD_PROMPT_CACHE_KEY, r->prompt_cache_key);
	if (!m->across || !str_equal(r->verbosity, S("medium")))
		meaning_text(m, FIELD_VERBOSITY, r->verbosity);
	if (!m->across)
		meaning_text(m, FIELD_SERVICE_TIER, r->service_tier);
	if (r->metadata.n > 2 && !meaning_lost(m, FIELD_METADATA))
		meaning_json(r->metadata, m->out);
	if (!meaning_lost(m, FIELD_STOP))
		for (const struct chat_stop *stop = r->stop; stop;
			stop = stop->next)
			meaning_text(m, FIELD_STOP, stop->text);
	if (!meaning_lost(m, FIELD_REASONING) &&
		meaning_thinks(&m->wanted->reasoning))
		buf_printf(
			m->out, "thinks: %d\n", meaning_thinks(&r->reasoning));
}

static inline void meaning_choices(
	struct meaning *m, const struct chat_request *r)
{
	if (m->wanted->tool_count > 0 &&
		m->wanted->tool_choice != CHAT_CHOICE_UNSET &&
		!meaning_lost(m, FIELD_TOOL_CHOICE)) {
		buf_printf(m->out, "choice %d ", r->tool_choice);
		json_append_quoted(m->out, r->tool_choice_name);
		buf_append_char(m->out, '\n');
	}
	if (m->wanted->parallel_tool_calls == CHAT_NO && r->tool_count > 0 &&
		!meaning_lost(m, FIELD_PARALLEL_TOOL_CALLS))
		buf_printf(m->out, "parallel %d\n", r->parallel_tool_calls);
	if (m->wanted->format.kind == CHAT_FORMAT_UNSET ||
		m->wanted->format.kind == CHAT_FORMAT_TEXT)
		return;
	buf_printf(m->out, "format %d ", r->format.kind);
	if (r->format.schema.p && !meaning_lost(m, FIELD_FORMAT_SCHEMA))
		meaning_schema(r->format.schema, m->across, m->out);
	buf_append_char(m->out, '\n');
}

/*
 * `wanted` is the request before it was translated: what it does not ask for,
 * the other one may have added.
 */
static inline void meaning_of_request(const struct chat_request *r,
	const struct chat_request *wanted, const struct chat_losses *losses,
	bool across, struct buf *out)
{
	struct meaning m = { .across = across,
		.losses = losses,
		.wanted = wanted,
		.out = out,
		.request = r };

	buf_init(&m.text, SIZE_MAX);
	meaning_messages(&m, r);
	meaning_tools(&m, r);
	meaning_parameters(&m, r);
	meaning_choices(&m, r);
	buf_release(&m.text);
	assert_false(out->failed);
}

/* --- answers, whole or added up from the events of a stream --- */

#define HEARD_CALLS 64
#define HEARD_CHOICES 32

struct heard_call {
	struct buf id;
	struct buf name;
	struct buf type;
	struct buf arguments;
	struct buf signature;
};

struct heard_choice {
	int64_t index;
	struct buf text;
	struct buf thinking;
	struct buf signatures;
	struct buf sealed;
	struct buf refusal;
	struct buf media;
	struct buf sources; /* URLs of citations */
	struct heard_call calls[HEARD_CALLS];
	size_t call_count;
	enum chat_finish finish;
	char finish_word[64];
};

struct heard {
	char id[128];
	char model[128];
	struct heard_choice *choices;
	size_t choice_count;
	bool has_usage;
	struct chat_usage usage;
	bool done;
	bool failed;
	char error[512];
	size_t events;
	const char *fault; /* a broken promise of the reader */
};

static inline void heard_init(struct heard *heard)
{
	*heard = (struct heard){ .done = false };
	chat_usage_init(&heard->usage);
	heard->choices = calloc(HEARD_CHOICES, sizeof(heard->choices[0]));
	assert_non_null(heard->choices);
}

static inline void heard_release_choice(struct heard_choice *choice)
{
	buf_release(&choice->text);
	buf_release(&choice->thinking);
	buf_release(&choice->signatures);
	buf_release(&choice->sealed);
	buf_release(&choice->refusal);
	buf_release(&choice->media);
	buf_release(&choice->sources);
	for (size_t i = 0; i < HEARD_CALLS; i++) {
		buf_release(&choice->calls[i].id);
		buf_release(&choice->calls[i].name);
		buf_release(&choice->calls[i].type);
		buf_release(&choice->calls[i].arguments);
		buf_release(&choice->calls[i].signature);
	}
}

static inline void heard_release(struct heard *heard)
{
	for (size_t i = 0; i < heard->choice_count; i++)
		heard_release_choice(&heard->choices[i]);
	free(heard->choices);
}

static inline void heard_init_call(struct heard_call *call)
{
	buf_init(&call->id, SIZE_MAX);
	buf_init(&call->name, SIZE_MAX);
	buf_init(&call->type, SIZE_MAX);
	buf_init(&call->arguments, SIZE_MAX);
	buf_init(&call->signature, SIZE_MAX);
}

static inline struct heard_choice *heard_choice(
	struct heard *heard, int64_t index)
{
	struct heard_choice *choice = heard->choices;

	for (; choice < heard->choices + heard->choice_count; choice++)
		if (choice->index == index)
			return choice;
	assert_true(heard->choice_count < HEARD_CHOICES);
	heard->choice_count++;
	choice->index = index;
	buf_init(&choice->text, SIZE_MAX);
	buf_init(&choice->thinking, SIZE_MAX);
	buf_init(&choice->signatures, SIZE_MAX);
	buf_init(&choice->sealed, SIZE_MAX);
	buf_init(&choice->refusal, SIZE_MAX);
	buf_init(&choice->media, SIZE_MAX);
	buf_init(&choice->sources, SIZE_MAX);
	for (size_t i = 0; i < HEARD_CALLS; i++)
		heard_init_call(&choice->calls[i]);
	return choice;
}

/* In a stream calls are numbered from 0 on in the order of their beginning,
 * and the first piece of one names it. */
static inline void heard_add_call(struct heard *heard,
	struct heard_choice *choice, const struct chat_part *part,
	bool is_stream)
{
	size_t index = choice->call_count;
	struct heard_call *call;

	if (is_stream &&
		(part->call.index < 0 || (size_t)part->call.index > index)) {
		heard->fault = "calls are not numbered in order";
		return;
	}
	if (is_stream)
		index = (size_t)part->call.index;
	assert_true(index < HEARD_CALLS);
	call = &choice->calls[index];
	if (index == choice->call_count) {
		choice->call_count++;
		if (is_stream && part->call.name.n == 0)
			heard->fault = "the first piece of a call has no name";
	}
	if (call->id.n == 0)
		buf_append(&call->id, part->call.id);
	buf_append(&call->name, part->call.name);
	if (call->type.n == 0)
		buf_append(&call->type, part->call.type);
	buf_append(&call->arguments, part->call.arguments);
	buf_append(&call->signature, part->signature.text);
}

static inline void heard_add_source(
	struct heard_choice *choice, const struct chat_citation *citation)
{
	for (; citation; citation = citation->next) {
		if (citation->url.n == 0)
			continue;
		buf_append(&choice->sources, citation->url);
		buf_append_char(&choice->sources, '\n');
	}
}

static inline void heard_add_part(struct heard *heard,
	struct heard_choice *choice, const struct chat_part *part,
	bool is_stream)
{
	heard_add_source(choice, part->citations);
	switch (part->kind) {
	case CHAT_TEXT:
		buf_append(&choice->text, part->text);
		buf_append(&choice->signatures, part->signature.text);
		break;
	case CHAT_THINKING:
		buf_append(&choice->thinking, part->text);
		buf_append(&choice->signatures, part->signature.text);
		break;
	case CHAT_REDACTED_THINKING:
		buf_append(&choice->sealed, part->data);
		break;
	case CHAT_REFUSAL: buf_append(&choice->refusal, part->text); break;
	case CHAT_TOOL_CALL:
		heard_add_call(heard, choice, part, is_stream);
		break;
	case CHAT_OTHER: break;
	default:
		buf_append(&choice->media, part->data);
		buf_append(&choice->media, part->text);
		if (!part->data.p)
			buf_append(&choice->media, part->url);
		break;
	}
}

/* A second finish is ignored. */
static inline void heard_add_choice(struct heard *heard,
	const struct chat_choice *from, size_t at, bool is_stream)
{
	struct heard_choice *choice = heard_choice(
		heard, from->index >= 0 ? from->index : (int64_t)at);

	heard_add_source(choice, from->message.citations);
	for (const struct chat_part *part = from->message.parts; part;
		part = part->next)
		heard_add_part(heard, choice, part, is_stream);
	if (choice->finish != CHAT_FINISH_UNSET ||
		from->finish == CHAT_FINISH_UNSET)
		return;
	choice->finish = from->finish;
	failure_fit(from->finish_word, choice->finish_word,
		sizeof(choice->finish_word));
}

static inline void heard_add_response(
	struct heard *heard, const struct chat_response *r, bool is_stream)
{
	if (!heard->id[0])
		failure_fit(r->id, heard->id, sizeof(heard->id));
	if (!heard->model[0])
		failure_fit(r->model, heard->model, sizeof(heard->model));
	for (size_t i = 0; i < r->choice_count; i++)
		heard_add_choice(heard, &r->choices[i], i, is_stream);
	if (r->has_usage) {
		heard->has_usage = true;
		chat_usage_merge(&heard->usage, &r->usage);
	}
}

static inline void heard_add_event(
	struct heard *heard, const struct chat_event *event)
{
	heard->events += event->kind != CHAT_EVENT_NOTHING;
	if (heard->done && event->kind != CHAT_EVENT_NOTHING)
		heard->fault = "an event after the last one";
	switch (event->kind) {
	case CHAT_EVENT_DELTA:
		heard_add_response(heard, &event->delta, true);
		heard->done |= event->done;
		break;
	case CHAT_EVENT_DONE: heard->done = true; break;
	case CHAT_EVENT_ERROR:
		heard->failed = true;
		failure_fit(event->error_message, heard->error,
			sizeof(heard->error));
		break;
	case CHAT_EVENT_NOTHING: break;
	}
}

/* What the first one does not know, the second one need not say. */
static inline void heard_settle(const struct heard *first, struct heard *second)
{
	const int64_t *known = (const int64_t *)&first->usage;
	int64_t *other = (int64_t *)&second->usage;

	for (size_t i = 0; i < sizeof(first->usage) / sizeof(*known); i++)
		if (known[i] < 0)
			other[i] = known[i];
	if (!first->has_usage)
		second->has_usage = false;
	if (!first->id[0])
		second->id[0] = 0;
	if (!first->model[0])
		second->model[0] = 0;
	for (size_t i = 0; i < first->choice_count; i++)
		if (first->choices[i].finish == CHAT_FINISH_UNSET)
			heard_choice(second, first->choices[i].index)->finish =
				CHAT_FINISH_UNSET;
}

static inline void meaning_of_call(const struct heard_call *call, size_t index,
	bool across, struct buf *out)
{
	buf_printf(out, "call %zu ", index);
	if (!across)
		json_append_quoted(out, buf_str(&call->id));
	json_append_quoted(out, buf_str(&call->name));
	if (call->arguments.n == 0)
		buf_append(out, S("{}"));
	else
		meaning_json(buf_str(&call->arguments), out);
	if (call->signature.n > 0 && !across)
		json_append_quoted(out, buf_str(&call->signature));
	buf_append_char(out, '\n');
}

static inline void meaning_line(
	const char *name, const struct buf *text, struct buf *out)
{
	if (text->n == 0)
		return;
	buf_printf(out, "%s ", name);
	json_append_quoted(out, buf_str(text));
	buf_append_char(out, '\n');
}

static inline void meaning_of_choice(
	const struct heard_choice *choice, bool across, struct buf *out)
{
	enum chat_finish finish = choice->finish;

	/* What no other format has ends as a stop. */
	if (finish == CHAT_FINISH_OTHER)
		finish = CHAT_FINISH_STOP;
	/* OpenAI calls it a stop when the tool was not the model's choice. */
	if (across && finish == CHAT_FINISH_STOP && choice->call_count > 0)
		finish = CHAT_FINISH_TOOL_CALLS;
	buf_printf(
		out, "choice %" PRId64 " finish %d\n", choice->index, finish);
	meaning_line("thinking", &choice->thinking, out);
	meaning_line("text", &choice->text, out);
	meaning_line("refusal", &choice->refusal, out);
	if (!across) {
		meaning_line("signatures", &choice->signatures, out);
		meaning_line("sealed", &choice->sealed, out);
		meaning_line("media", &choice->media, out);
		meaning_line("sources", &choice->sources, out);
	}
	for (size_t i = 0; i < choice->call_count; i++)
		meaning_of_call(&choice->calls[i], i, across, out);
}

static inline void meaning_of_heard(
	const struct heard *heard, bool across, struct buf *out)
{
	const struct chat_usage *usage = &heard->usage;

	buf_append(out, S("id "));
	if (!across)
		buf_append(out, str_of(heard->id));
	buf_printf(out, "\nmodel %s\n", heard->model);
	for (size_t i = 0; i < heard->choice_count; i++)
		meaning_of_choice(&heard->choices[i], across, out);
	if (heard->has_usage)
		buf_printf(out,
			"usage prompt %" PRId64 " completion %" PRId64 "\n",
			usage->prompt, usage->completion);
	if (heard->has_usage && !across)
		buf_printf(out,
			"cached %" PRId64 " written %" PRId64
			" reasoning %" PRId64 "\n",
			usage->cached, usage->cache_write, usage->reasoning);
	if (heard->failed)
		buf_printf(out, "error %s\n", heard->error);
	assert_false(out->failed);
}

#endif
