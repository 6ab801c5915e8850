/*
 * facts.c - what is read of answers by way of the neutral form, and `metadata`
 * put into them.
 */
#include "dialect/facts.h"

#include "dialect/dialect.h"
#include "dialect/pick.h"

static bool is_plain_choice(const struct chat_choice *choice);
static void hear_part(struct chat_facts *facts, const struct chat_part *part);
static bool says_something(const struct chat_response *response);
static void splice_metadata(struct str text, size_t brace, bool is_empty,
	struct str metadata_json, struct splice *out);

void chat_facts_init(struct chat_facts *facts)
{
	*facts = (struct chat_facts){ .failure.retry_after_ms = -1 };
	chat_usage_init(&facts->usage);
}

bool facts_check(struct str text, struct json *root, struct error *err)
{
	struct error why = ERROR_INIT;

	if (!json_check(text, JSON_MAX_DEPTH, root, &why))
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"the provider's answer is not JSON: %s",
			error_detail(&why));
	if (root->type != JSON_TYPE_OBJECT)
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"the provider's answer is %s, not an object",
			json_type_name(root->type));
	return true;
}

void facts_read_counts(struct json object, const struct count_row *rows,
	size_t count, struct chat_usage *usage)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	while (json_next(&cursor, &member))
		for (size_t i = 0; i < count; i++)
			if (pick_name_is(&member, rows[i].name))
				facts_read_count(member.value,
					(int64_t *)(void *)((char *)usage +
							    rows[i].offset));
}

/* A count that makes no sense is not known. */
void facts_read_count(struct json value, int64_t *count)
{
	int64_t number;

	if (json_int(value, &number) && number >= 0 && number <= INT32_MAX)
		*count = number;
}

bool chat_response_is_plain(const struct chat_response *response)
{
	for (size_t i = 0; i < response->choice_count; i++)
		if (!is_plain_choice(&response->choices[i]))
			return false;
	return response->choice_count > 0;
}

static bool is_plain_choice(const struct chat_choice *choice)
{
	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next)
		if (part->kind == CHAT_REFUSAL)
			return false;
	return choice->finish == CHAT_FINISH_STOP ||
	       choice->finish == CHAT_FINISH_LENGTH ||
	       choice->finish == CHAT_FINISH_TOOL_CALLS;
}

void chat_facts_add_response(
	struct chat_facts *facts, const struct chat_response *response)
{
	if (facts->model[0] == 0 && response->model.p)
		failure_fit(
			response->model, facts->model, sizeof(facts->model));
	if (response->service_tier.n)
		failure_fit(response->service_tier, facts->service_tier,
			sizeof(facts->service_tier));
	if (response->has_usage) {
		facts->has_usage = true;
		chat_usage_merge(&facts->usage, &response->usage);
	}
	facts->is_plain = chat_response_is_plain(response);
	for (size_t i = 0; i < response->choice_count; i++) {
		const struct chat_choice *choice = &response->choices[i];

		if (choice->finish_word.p)
			failure_fit(choice->finish_word, facts->finish_reason,
				sizeof(facts->finish_reason));
		for (const struct chat_part *part = choice->message.parts; part;
			part = part->next)
			hear_part(facts, part);
	}
}

/* What the model wrote, as far as it is text. */
static void hear_part(struct chat_facts *facts, const struct chat_part *part)
{
	chat_facts_hear(facts, part->text);
	chat_facts_hear(facts, part->call.name);
	chat_facts_hear(facts, part->call.arguments);
}

void chat_facts_hear(struct chat_facts *facts, struct str text)
{
	facts->output_bytes += (int64_t)text.n;
	if (facts->listener && text.n > 0)
		facts->listener->hear(facts->listener, text);
}

void chat_facts_add_event(
	struct chat_facts *facts, const struct chat_event *event)
{
	switch (event->kind) {
	case CHAT_EVENT_NOTHING: facts->frame = FRAME_OTHER; return;
	case CHAT_EVENT_DONE:
		facts->frame = FRAME_DONE;
		facts->done = true;
		return;
	case CHAT_EVENT_ERROR:
		facts->frame = FRAME_ERROR;
		facts->failed = true;
		facts->failure = (struct failure){ .retry_after_ms = -1 };
		facts->failure.status = event->error_status;
		failure_fit(event->error_message, facts->failure.message,
			sizeof(facts->failure.message));
		return;
	case CHAT_EVENT_DELTA: break;
	}
	facts->frame =
		says_something(&event->delta) ? FRAME_CONTENT : FRAME_OTHER;
	facts->done |= event->done;
	chat_facts_add_response(facts, &event->delta);
}

static bool says_something(const struct chat_response *response)
{
	for (size_t i = 0; i < response->choice_count; i++)
		if (response->choices[i].message.parts ||
			response->choices[i].finish != CHAT_FINISH_UNSET)
			return true;
	return false;
}

bool facts_read_reply(const struct dialect *dialect, struct str body,
	struct arena *arena, struct chat_facts *out, struct error *err)
{
	struct chat_response response;
	struct json root;

	if (dialect->read_reply)
		return dialect->read_reply(body, arena, out, err);
	if (!facts_check(body, &root, err))
		return false;
	if (!dialect->read_response(body, arena, &response, err))
		return false;
	facts_find_end(out, body, root);
	chat_facts_add_response(out, &response);
	return true;
}

bool facts_read_frame(const struct dialect *dialect, const struct frame *frame,
	void *reader, struct chat_facts *facts, struct arena *scratch,
	struct error *err)
{
	struct chat_event event;

	if (dialect->read_frame)
		return dialect->read_frame(frame, facts, scratch, err);
	if (!dialect->read_event(frame, reader, scratch, &event, err))
		return false;
	chat_facts_add_event(facts, &event);
	return true;
}

void facts_find_end(struct chat_facts *facts, struct str text, struct json root)
{
	struct json metadata = json_find(root, S("metadata"));

	facts->last_brace = (size_t)(root.text.p + root.text.n - 1 - text.p);
	facts->is_empty = json_is_empty(root);
	facts->has_metadata = metadata.type != JSON_TYPE_NONE;
}

void facts_splice_reply(struct str body, const struct chat_facts *facts,
	struct str metadata_json, struct splice *out)
{
	if (facts->has_metadata)
		splice_make(out, body, NULL, 0);
	else
		splice_metadata(body, facts->last_brace, facts->is_empty,
			metadata_json, out);
}

void facts_splice_frame(const struct frame *frame,
	const struct chat_facts *facts, struct str metadata_json,
	struct splice *out)
{
	const char *begin = frame->raw.p;
	bool is_view = frame->has_data && frame->data.p >= begin &&
		       frame->data.p + frame->data.n <= begin + frame->raw.n;

	if (facts->has_metadata || !is_view)
		splice_make(out, frame->raw, NULL, 0);
	else
		splice_metadata(frame->raw,
			(size_t)(frame->data.p - begin) + facts->last_brace,
			facts->is_empty, metadata_json, out);
}

static void splice_metadata(struct str text, size_t brace, bool is_empty,
	struct str metadata_json, struct splice *out)
{
	const struct splice_edit edits[] = {
		{ brace, 0,
			is_empty ? S("\"metadata\":") : S(",\"metadata\":") },
		{ brace, 0, metadata_json },
	};

	assert(brace < text.n && text.p[brace] == '}');
	splice_make(out, text, edits, ARRAY_LEN(edits));
}
