/*
 * gather.c - puts the pieces of a stream together.
 *
 * The hard part is where one part of a message ends and the next begins, for
 * a piece does not say so. A call has a number. A text goes on as long as
 * nothing else comes between; a thought, until its seal has come.
 */
#include "dialect/gather.h"

/* A text in pieces. */
struct piece {
	struct piece *next;
	struct str text;
};

struct pieces {
	struct piece *first;
	struct piece *last;
	size_t bytes;
	bool is_there; /* maybe empty, but not absent */
};

/* A part that is being put together. */
struct open_part {
	struct open_part *next;
	struct chat_part part;
	struct pieces text;
	struct pieces data;
	struct pieces arguments;
	struct pieces signature;
	struct chat_citation **citations; /* the end of its list */
	bool is_sealed;                   /* a thought: it is complete */
};

struct open_choice {
	struct open_choice *next;
	struct chat_choice choice; /* but for the parts */
	struct open_part *parts;
	struct open_part **end;
	struct open_part *last;
	struct pieces logprobs[2]; /* items of "content" and "refusal" */
	struct chat_citation **citations;
};

struct gather {
	struct arena *arena;
	struct chat_response response; /* but for the choices */
	struct open_choice *choices;
	size_t choice_count;
	bool is_done;
	bool failed;
	struct str error_message;
};

static const char *const logprob_names[2] = { "content", "refusal" };

static void add_response(
	struct gather *gather, const struct chat_response *delta);
static struct open_choice *find_choice(struct gather *gather, int64_t index);
static void add_choice(struct gather *gather, struct open_choice *choice,
	const struct chat_choice *delta);
static void add_message(struct gather *gather, struct open_choice *choice,
	const struct chat_message *delta);
static void add_part(struct gather *gather, struct open_choice *choice,
	const struct chat_part *piece);
static struct open_part *find_part(
	const struct open_choice *choice, const struct chat_part *piece);
static bool goes_on(
	const struct open_part *open, const struct chat_part *piece);
static bool says_nothing(const struct chat_part *piece);
static struct open_part *begin_part(struct gather *gather,
	struct open_choice *choice, const struct chat_part *piece);
static void fill_part(struct gather *gather, struct open_part *open,
	const struct chat_part *piece);
static void add_logprobs(
	struct gather *gather, struct open_choice *choice, struct str json);
static struct chat_citation **add_citations(struct gather *gather,
	struct chat_citation **end, const struct chat_citation *citation);
static void add_extra(struct gather *gather, struct chat_extra *into,
	const struct chat_extra *from);
static void keep(struct str *known, struct str text);
static void append(
	struct gather *gather, struct pieces *pieces, struct str text);
static struct str join(struct gather *gather, const struct pieces *pieces,
	const char *between);
static void finish_choice(struct gather *gather,
	const struct open_choice *choice, struct chat_choice *out);
static struct chat_part *finish_part(
	struct gather *gather, const struct open_part *open);
static struct str finish_logprobs(
	struct gather *gather, const struct open_choice *choice);

struct gather *gather_new(struct arena *arena)
{
	struct gather *gather = ARENA_NEW(arena, struct gather);

	gather->arena = arena;
	/* In no format's own words: those of an event are not a whole's. */
	chat_response_init(&gather->response, S(""));
	return gather;
}

void gather_add(struct gather *gather, const struct chat_event *event)
{
	switch (event->kind) {
	case CHAT_EVENT_DELTA:
		add_response(gather, &event->delta);
		gather->is_done |= event->done;
		break;
	case CHAT_EVENT_DONE: gather->is_done = true; break;
	case CHAT_EVENT_ERROR:
		gather->failed = true;
		gather->error_message = event->error_message;
		break;
	case CHAT_EVENT_NOTHING: break;
	}
}

static void add_response(
	struct gather *gather, const struct chat_response *delta)
{
	struct chat_response *whole = &gather->response;

	keep(&whole->id, delta->id);
	keep(&whole->model, delta->model);
	if (whole->created_unix_s < 0)
		whole->created_unix_s = delta->created_unix_s;
	if (delta->has_usage) {
		whole->has_usage = true;
		chat_usage_merge(&whole->usage, &delta->usage);
	}
	if (delta->usage_json.n > 0)
		whole->usage_json = delta->usage_json;
	keep(&whole->service_tier, delta->service_tier);
	add_extra(gather, &whole->extra, &delta->extra);
	for (size_t i = 0; i < delta->choice_count; i++) {
		int64_t index = delta->choices[i].index;

		add_choice(gather,
			find_choice(gather, index < 0 ? (int64_t)i : index),
			&delta->choices[i]);
	}
}

/* In the order of their numbers; made when it is not there yet. */
static struct open_choice *find_choice(struct gather *gather, int64_t index)
{
	struct open_choice **place = &gather->choices;
	struct open_choice *choice;

	while (*place && (*place)->choice.index < index)
		place = &(*place)->next;
	choice = *place;
	if (choice && choice->choice.index == index)
		return choice;
	choice = ARENA_NEW(gather->arena, struct open_choice);
	choice->choice.index = index;
	chat_message_init(&choice->choice.message);
	choice->end = &choice->parts;
	choice->citations = &choice->choice.message.citations;
	choice->next = *place;
	*place = choice;
	gather->choice_count++;
	return choice;
}

static void add_choice(struct gather *gather, struct open_choice *choice,
	const struct chat_choice *delta)
{
	struct chat_choice *whole = &choice->choice;

	add_message(gather, choice, &delta->message);
	/* Some say it twice. */
	if (whole->finish == CHAT_FINISH_UNSET)
		whole->finish = delta->finish;
	keep(&whole->finish_word, delta->finish_word);
	keep(&whole->stop_sequence, delta->stop_sequence);
	keep(&whole->safety, delta->safety);
	add_logprobs(gather, choice, delta->logprobs);
	add_extra(gather, &whole->extra, &delta->extra);
}

static void add_message(struct gather *gather, struct open_choice *choice,
	const struct chat_message *delta)
{
	struct chat_message *whole = &choice->choice.message;

	if (whole->role == CHAT_ROLE_UNSET)
		whole->role = delta->role;
	keep(&whole->name, delta->name);
	whole->content_is_list |= delta->content_is_list;
	for (const struct chat_part *part = delta->parts; part;
		part = part->next)
		if (!says_nothing(part))
			add_part(gather, choice, part);
	choice->citations =
		add_citations(gather, choice->citations, delta->citations);
	add_extra(gather, &whole->extra, &delta->extra);
	add_extra(gather, &whole->inner_extra, &delta->inner_extra);
	add_extra(gather, &whole->idle_extra, &delta->idle_extra);
}

static void add_part(struct gather *gather, struct open_choice *choice,
	const struct chat_part *piece)
{
	struct open_part *open = find_part(choice, piece);

	if (!open)
		open = begin_part(gather, choice, piece);
	fill_part(gather, open, piece);
}

/* The part that it goes on with; NULL: it begins one. */
static struct open_part *find_part(
	const struct open_choice *choice, const struct chat_part *piece)
{
	if (piece->kind != CHAT_TOOL_CALL)
		return choice->last && goes_on(choice->last, piece)
			       ? choice->last
			       : NULL;
	for (struct open_part *open = choice->parts; open; open = open->next)
		if (open->part.kind == CHAT_TOOL_CALL &&
			open->part.call.index == piece->call.index)
			return open;
	return NULL;
}

static bool goes_on(const struct open_part *open, const struct chat_part *piece)
{
	const struct chat_part *part = &open->part;

	if (part->kind != piece->kind || open->is_sealed ||
		(piece->id.n > 0 && part->id.n > 0 &&
			!str_equal(part->id, piece->id)))
		return false;
	switch (piece->kind) {
	case CHAT_TEXT:
	case CHAT_THINKING:
	case CHAT_REFUSAL:
	case CHAT_AUDIO: return true;
	default: return false;
	}
}

static bool says_nothing(const struct chat_part *piece)
{
	switch (piece->kind) {
	case CHAT_TEXT:
	case CHAT_THINKING:
	case CHAT_REFUSAL:
		return piece->text.n == 0 && piece->signature.text.n == 0 &&
		       !piece->citations && piece->id.n == 0 &&
		       !piece->extra.first && piece->json.n == 0 &&
		       piece->data.n == 0;
	default: return false;
	}
}

static struct open_part *begin_part(struct gather *gather,
	struct open_choice *choice, const struct chat_part *piece)
{
	struct open_part *open = ARENA_NEW(gather->arena, struct open_part);

	open->part = *piece;
	open->part.next = NULL;
	open->part.citations = NULL;
	open->part.extra = open->part.inner_extra = open->part.idle_extra =
		(struct chat_extra){ .within = NULL };
	open->citations = &open->part.citations;
	*choice->end = open;
	choice->end = &open->next;
	choice->last = open;
	return open;
}

static void fill_part(struct gather *gather, struct open_part *open,
	const struct chat_part *piece)
{
	struct chat_part *part = &open->part;

	append(gather, &open->text, piece->text);
	append(gather, &open->data, piece->data);
	append(gather, &open->arguments, piece->call.arguments);
	append(gather, &open->signature, piece->signature.text);
	keep(&part->signature.origin, piece->signature.origin);
	keep(&part->member, piece->member);
	keep(&part->type, piece->type);
	keep(&part->media_type, piece->media_type);
	keep(&part->id, piece->id);
	keep(&part->json, piece->json);
	keep(&part->call.id, piece->call.id);
	keep(&part->call.type, piece->call.type);
	keep(&part->call.name, piece->call.name);
	if (part->kind == CHAT_THINKING && piece->signature.text.n > 0)
		open->is_sealed = true;
	open->citations =
		add_citations(gather, open->citations, piece->citations);
	add_extra(gather, &part->extra, &piece->extra);
	add_extra(gather, &part->inner_extra, &piece->inner_extra);
	add_extra(gather, &part->idle_extra, &piece->idle_extra);
}

/* OpenAI's shape: {"content": [...], "refusal": [...]}, each with what
 * belongs to the piece. */
static void add_logprobs(
	struct gather *gather, struct open_choice *choice, struct str json)
{
	struct error ignored;
	struct json root;

	if (json.n == 0 || !json_check(json, JSON_MAX_DEPTH, &root, &ignored))
		return;
	for (size_t i = 0; i < ARRAY_LEN(logprob_names); i++) {
		struct json list = json_find(root, str_of(logprob_names[i]));

		if (list.type == JSON_TYPE_ARRAY && !json_is_empty(list))
			append(gather, &choice->logprobs[i],
				str_trim((struct str){
					list.text.p + 1, list.text.n - 2 }));
	}
}

/* Copies: the list of the event ends where it ends. */
static struct chat_citation **add_citations(struct gather *gather,
	struct chat_citation **end, const struct chat_citation *citation)
{
	for (; citation; citation = citation->next) {
		*end = ARENA_NEW(gather->arena, struct chat_citation);
		**end = *citation;
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	return end;
}

/* Of members that come again and again, the first. */
static void add_extra(struct gather *gather, struct chat_extra *into,
	const struct chat_extra *from)
{
	for (const struct chat_member *kept = from->first; kept;
		kept = kept->next) {
		const struct chat_member *known = into->first;

		while (known &&
			!str_equal(known->member.name, kept->member.name))
			known = known->next;
		if (!known)
			chat_extra_add(into, &kept->member, gather->arena);
	}
	if (from->first)
		into->within = from->within;
}

static void keep(struct str *known, struct str text)
{
	if (known->n == 0 && text.p)
		*known = text;
}

static void append(
	struct gather *gather, struct pieces *pieces, struct str text)
{
	struct piece *piece;

	pieces->is_there |= text.p != NULL;
	if (text.n == 0)
		return;
	piece = ARENA_NEW(gather->arena, struct piece);
	piece->text = text;
	if (pieces->last)
		pieces->last->next = piece;
	else
		pieces->first = piece;
	pieces->last = piece;
	pieces->bytes += text.n;
}

static struct str join(
	struct gather *gather, const struct pieces *pieces, const char *between)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct str text;

	if (!pieces->is_there)
		return (struct str){ NULL, 0 };
	if (pieces->first == pieces->last)
		return pieces->first ? pieces->first->text : S("");
	for (const struct piece *piece = pieces->first; piece;
		piece = piece->next) {
		if (piece != pieces->first)
			buf_append(&out, str_of(between));
		buf_append(&out, piece->text);
	}
	text = arena_copy(gather->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

bool gather_finish(
	struct gather *gather, struct chat_response *out, struct error *err)
{
	size_t i = 0;

	if (gather->failed)
		return error_set(err, ERR_UPSTREAM_STATUS, "%.*s",
			STR_ARG(str_head(gather->error_message, 200)));

	*out = gather->response;
	out->choice_count = gather->choice_count;
	out->choices = ARENA_ARRAY(
		gather->arena, struct chat_choice, gather->choice_count);
	for (const struct open_choice *choice = gather->choices; choice;
		choice = choice->next) {
		gather->is_done |= choice->choice.finish != CHAT_FINISH_UNSET;
		finish_choice(gather, choice, &out->choices[i++]);
	}
	return gather->is_done ||
	       error_set(err, ERR_UPSTREAM_CUT, "the stream has no end");
}

static void finish_choice(struct gather *gather,
	const struct open_choice *choice, struct chat_choice *out)
{
	struct chat_part **end = &out->message.parts;

	*out = choice->choice;
	*end = NULL;
	for (const struct open_part *open = choice->parts; open;
		open = open->next) {
		*end = finish_part(gather, open);
		out->message.last_part = *end;
		end = &(*end)->next;
	}
	if (out->message.role == CHAT_ROLE_UNSET)
		out->message.role = CHAT_ASSISTANT;
	out->logprobs = finish_logprobs(gather, choice);
}

static struct chat_part *finish_part(
	struct gather *gather, const struct open_part *open)
{
	struct chat_part *part = ARENA_NEW(gather->arena, struct chat_part);

	*part = open->part;
	part->text = join(gather, &open->text, "");
	part->data = join(gather, &open->data, "");
	part->signature.text = join(gather, &open->signature, "");
	part->call.arguments = join(gather, &open->arguments, "");
	part->call.index = -1; /* a matter of streams */
	return part;
}

static struct str finish_logprobs(
	struct gather *gather, const struct open_choice *choice)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct json_writer w;
	struct str text;

	if (!choice->logprobs[0].first && !choice->logprobs[1].first)
		return (struct str){ NULL, 0 };
	json_writer_init(&w, &out);
	json_begin_object(&w);
	for (size_t i = 0; i < ARRAY_LEN(logprob_names); i++) {
		struct str items = join(gather, &choice->logprobs[i], ",");

		if (items.n > 0)
			json_member_raw(&w, logprob_names[i],
				arena_printf(gather->arena, "[%.*s]",
					STR_ARG(items)));
		else
			json_member_null(&w, logprob_names[i]);
	}
	json_end_object(&w);
	text = arena_copy(gather->arena, buf_str(&out));
	buf_release(&out);
	return text;
}
