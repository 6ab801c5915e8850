/*
 * completion.c - what the model says. The one hard thing: it feeds
 * benchmarks, so a piece is a view and costs no copy.
 */
#include "completion.h"

#include "base/clock.h"
#include "base/json.h"

#define FRAGMENTS 5
#define DEFAULT_REASONING 8 /* tokens, when the request asks to think */

/* Arguments of the tool calls, cut into deltas. */
static const struct str call_fragments[2][ASK_TOOLS][FRAGMENTS] = {
	[WORDS_PLAIN] = {
		{ STR("{\"city\""), STR(":\"Lis"), STR("bon\","),
			STR("\"days\""), STR(":3}") },
		{ STR("{\"city\""), STR(":\"Os"), STR("lo\","),
			STR("\"days\""), STR(":5}") },
	},
	[WORDS_UNICODE] = {
		{ STR("{\"city\""), STR(":\"Zür"), STR("ich\","),
			STR("\"days\""), STR(":3}") },
		{ STR("{\"city\""), STR(":\"東"), STR("京\","),
			STR("\"days\""), STR(":5}") },
	},
};

static void plan_calls(struct completion *completion, const struct ask *ask,
	struct arena *arena);
static bool calls_tools(
	const struct ask *ask, const struct behaviour *behaviour);
static void plan_blocks(struct completion *completion, const struct ask *ask);
static void add_block(struct completion *completion, enum block block);
static struct words_text *words_of(
	struct completion *completion, enum block block);
static void take_delta(struct completion *completion, struct piece *piece,
	char room[WORD_MAX_BYTES]);
static int call_at(const struct completion *completion, int block);
static void thoughts_init(
	const struct completion *completion, struct words_text *text);

void completion_init(struct completion *completion, const struct ask *ask,
	struct str model, const struct behaviour *behaviour, uint64_t id,
	struct arena *arena)
{
	*completion = (struct completion){
		.behaviour = behaviour,
		.model = arena_copy(arena, model),
		.model_json = ask_quoted(arena, model),
		.id = id,
		.created_unix_ms = clock_unix_ms(),
		.prompt_tokens = ask_prompt_tokens(ask, behaviour),
		.wants_usage = ask->wants_usage,
		.wants_summary = ask->wants_summary || behaviour->thoughts,
		.wants_encryption = ask->wants_encryption,
		.echo = ask->echo,
		.stage = PIECE_BEGIN,
	};
	framing_init(&completion->framing, ask->framing, behaviour->crlf,
		behaviour->comment);
	words_init(&completion->text, behaviour);
	plan_calls(completion, ask, arena);
	plan_blocks(completion, ask);
}

bool completion_next(struct completion *completion, struct piece *piece,
	char room[WORD_MAX_BYTES])
{
	enum block block = completion->blocks[completion->block];

	piece->kind = completion->stage;
	piece->block = block;
	piece->index = completion->block;
	piece->call = call_at(completion, completion->block);
	switch (completion->stage) {
	case PIECE_BEGIN:
		completion->stage =
			completion->block_count ? PIECE_BLOCK : PIECE_FINISH;
		break;
	case PIECE_BLOCK: completion->stage = PIECE_DELTA; break;
	case PIECE_DELTA: take_delta(completion, piece, room); break;
	case PIECE_BLOCK_END:
		completion->block++;
		completion->fragment = 0;
		completion->stage = completion->block < completion->block_count
					    ? PIECE_BLOCK
					    : PIECE_FINISH;
		break;
	case PIECE_FINISH: completion->stage = PIECE_USAGE; break;
	case PIECE_USAGE: completion->stage = PIECE_DONE; break;
	case PIECE_DONE: return false;
	}
	return true;
}

bool completion_is_half(const struct completion *completion)
{
	int last = completion->block_count - completion->call_count;
	int frames = completion->call_count * (FRAGMENTS + 1);
	int frame = call_at(completion, completion->block) * (FRAGMENTS + 1) +
		    completion->fragment;

	if (completion->stage >= PIECE_FINISH)
		return true;
	if (completion->stage == PIECE_BEGIN)
		return false;
	if (completion->call_count > 0) {
		/* The name of a call is a frame of its own. */
		frame += completion->stage != PIECE_BLOCK;
		return completion->block >= last && frame >= frames / 2;
	}
	if (completion->stage == PIECE_BLOCK ||
		completion->block < completion->block_count - 1)
		return false;
	return words_half(completion->blocks[completion->block] == BLOCK_TEXT
				  ? &completion->text
				  : &completion->thoughts);
}

enum finish completion_finish(const struct completion *completion)
{
	switch ((enum finish_answer)completion->behaviour->finish) {
	case FINISH_LENGTH: return FINISH_CUT;
	case FINISH_FILTER: return FINISH_FILTERED;
	case FINISH_NATURAL: break;
	}
	return completion->call_count ? FINISH_TOOL_CALLS : FINISH_STOP;
}

struct completion_usage completion_usage(const struct completion *completion)
{
	const struct behaviour *behaviour = completion->behaviour;

	return (struct completion_usage){
		.prompt = completion->prompt_tokens,
		.cached = behaviour->cached,
		.cache_write = behaviour->cache_write,
		/* `tokens` stands for a call, whose text has no words. */
		.text = completion->call_count ? behaviour->tokens
					       : completion->text.count,
		.reasoning = completion->reasoning,
	};
}

void completion_append(const struct completion *completion, enum block block,
	int call, struct buf *out)
{
	const struct behaviour *behaviour = completion->behaviour;
	struct words_text text;
	char room[WORD_MAX_BYTES];

	if (block == BLOCK_CALL) {
		for (int i = 0; i < FRAGMENTS; i++)
			buf_append(
				out, call_fragments[behaviour->words][call][i]);
		return;
	}
	if (block == BLOCK_TEXT)
		words_init(&text, behaviour);
	else
		thoughts_init(completion, &text);
	while (!words_over(&text))
		buf_append(out, words_next(&text, room));
}

void completion_append_quoted(const struct completion *completion,
	enum block block, int call, struct buf *out)
{
	struct buf plain = BUF_INIT(1024);

	/* Words need no escaping. */
	if (block != BLOCK_CALL) {
		buf_append_char(out, '"');
		completion_append(completion, block, call, out);
		buf_append_char(out, '"');
		return;
	}
	completion_append(completion, block, call, &plain);
	json_append_quoted(out, buf_str(&plain));
	buf_release(&plain);
}

static void plan_calls(struct completion *completion, const struct ask *ask,
	struct arena *arena)
{
	const struct behaviour *behaviour = completion->behaviour;

	if (!calls_tools(ask, behaviour))
		return;
	completion->call_count = behaviour->parallel ? ASK_TOOLS : 1;
	for (int i = 0; i < completion->call_count; i++) {
		struct str name = ask->tools[i];

		/* Where only one is offered it is called twice. */
		if (name.n == 0)
			name = ask->tools[0];
		completion->tools[i] =
			arena_copy(arena, name.n ? name : S("get_weather"));
	}
}

/*
 * Left to itself the model calls what it is offered, once: a turn that ends
 * in a tool's result is answered with text, so that an agent comes to an end.
 */
static bool calls_tools(
	const struct ask *ask, const struct behaviour *behaviour)
{
	if (behaviour->tool >= 0)
		return behaviour->tool;
	return ask->tools[0].n > 0 && ask->tool_choice != ASK_CHOICE_NONE &&
	       (!ask->ends_in_result ||
		       ask->tool_choice == ASK_CHOICE_REQUIRED);
}

static void plan_blocks(struct completion *completion, const struct ask *ask)
{
	const struct behaviour *behaviour = completion->behaviour;
	bool shown = ask->wants_thinking || behaviour->thoughts;

	completion->reasoning = behaviour->reasoning;
	if (completion->reasoning < 0)
		completion->reasoning = shown ? DEFAULT_REASONING : 0;
	thoughts_init(completion, &completion->thoughts);
	if (shown && completion->reasoning > 0)
		add_block(completion, BLOCK_THINKING);
	if (!words_over(&completion->text) &&
		(completion->call_count == 0 || behaviour->preface))
		add_block(completion, BLOCK_TEXT);
	for (int i = 0; i < completion->call_count; i++)
		add_block(completion, BLOCK_CALL);
}

static void add_block(struct completion *completion, enum block block)
{
	completion->blocks[completion->block_count++] = block;
}

static struct words_text *words_of(
	struct completion *completion, enum block block)
{
	return block == BLOCK_TEXT ? &completion->text : &completion->thoughts;
}

static void take_delta(struct completion *completion, struct piece *piece,
	char room[WORD_MAX_BYTES])
{
	int words = completion->behaviour->words;
	struct words_text *text;

	if (piece->block == BLOCK_CALL) {
		piece->text = call_fragments[words][piece->call]
					    [completion->fragment++];
		if (completion->fragment == FRAGMENTS)
			completion->stage = PIECE_BLOCK_END;
		return;
	}
	text = words_of(completion, piece->block);
	piece->text = words_next(text, room);
	if (words_over(text))
		completion->stage = PIECE_BLOCK_END;
}

/* The calls are the last blocks. */
static int call_at(const struct completion *completion, int block)
{
	int first = completion->block_count - completion->call_count;

	return block > first ? block - first : 0;
}

static void thoughts_init(
	const struct completion *completion, struct words_text *text)
{
	struct behaviour thinking = *completion->behaviour;

	thinking.tokens = completion->reasoning;
	thinking.bytes = -1;
	words_init(text, &thinking);
}
