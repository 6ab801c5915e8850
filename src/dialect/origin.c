/*
 * origin.c - finds the seals of other dialects, and takes them out.
 */
#include "dialect/origin.h"

static bool ends_with_name(struct str before, const struct dialect *own);
static bool has_base64_name(struct str body, const struct dialect *own);
static bool has_empty_seal(struct str body, const struct dialect *own);
static bool is_foreign(
	const struct chat_signature *signature, const struct dialect *own);
static void drop_parts(struct chat_message *message, const struct dialect *own,
	struct chat_losses *losses);
static void drop_signature(struct chat_part *part, const struct dialect *own);

/* All names are short words; a colon behind one is looked for, because a body
 * has few colons that do not stand behind a quote. */
bool origin_may_be_foreign(struct str body, const struct dialect *own)
{
	struct str rest = body;

	while (rest.n > 0) {
		size_t colon = str_index(rest, ':');
		size_t at = (size_t)(rest.p - body.p) + colon;

		if (colon == rest.n)
			break;
		if (colon > 0 && body.p[at - 1] != '"' &&
			ends_with_name(str_head(body, at), own))
			return true;
		rest = str_from(rest, colon + 1);
	}
	return has_base64_name(body, own) || has_empty_seal(body, own);
}

/* Thinking that nobody sealed, as a client of Anthropic's format keeps it;
 * Anthropic seals all of its own. */
static bool has_empty_seal(struct str body, const struct dialect *own)
{
	return strcmp(own->name, "anthropic") == 0 &&
	       (str_find(body, S("\"signature\":\"\"")) < body.n ||
		       str_find(body, S("\"signature\": \"\"")) < body.n);
}

/* `"anthropic`, from the opening quote on. */
static bool ends_with_name(struct str before, const struct dialect *own)
{
	size_t begin = before.n;
	struct str name;
	const struct dialect *found;

	while (begin > 0 && before.n - begin < 32 &&
		(islower((unsigned char)before.p[begin - 1]) ||
			before.p[begin - 1] == '_'))
		begin--;
	if (begin == 0 || before.p[begin - 1] != '"')
		return false;
	name = str_from(before, begin);
	found = dialect_find(name);
	return found && found != own;
}

/* In Gemini's own format a seal is base64, its name with it: what the first
 * bytes of each become. */
static bool has_base64_name(struct str body, const struct dialect *own)
{
	static const struct {
		const char *dialect;
		struct str base64;
	} names[] = {
		{ "openai_chat", STR("\"b3BlbmFpX2No") },
		{ "openai_responses", STR("\"b3BlbmFpX3Jl") },
		{ "anthropic", STR("\"YW50aHJvcGlj") },
		{ "cohere", STR("\"Y29oZXJl") },
		{ "ollama", STR("\"b2xsYW1h") },
		{ "bedrock", STR("\"YmVkcm9j") },
	};

	if (strcmp(own->name, "gemini") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_find(body, names[i].base64) < body.n)
			return true;
	return false;
}

void origin_drop_foreign(struct chat_request *request,
	const struct dialect *own, struct chat_losses *losses)
{
	for (size_t i = 0; i < request->message_count; i++)
		drop_parts(&request->messages[i], own, losses);
}

static void drop_parts(struct chat_message *message, const struct dialect *own,
	struct chat_losses *losses)
{
	struct chat_part **at = &message->parts;

	message->last_part = NULL;
	while (*at) {
		struct chat_part *part = *at;
		bool is_thinking = part->kind == CHAT_THINKING ||
				   part->kind == CHAT_REDACTED_THINKING;
		bool unsealed = part->kind == CHAT_THINKING &&
				part->signature.text.p &&
				part->signature.text.n == 0;
		bool foreign = unsealed || is_foreign(&part->signature, own);

		if (foreign && is_thinking) {
			chat_losses_add_thought(losses, message, part);
			*at = part->next;
			continue;
		}
		if (foreign)
			drop_signature(part, own);
		message->last_part = part;
		at = &part->next;
	}
}

static bool is_foreign(
	const struct chat_signature *signature, const struct dialect *own)
{
	return signature->origin.n > 0 &&
	       !str_equal(signature->origin, str_of(own->name));
}

/*
 * Gemini's newest models want a signature on each call of a turn, and take
 * this word for one that another model made:
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
static void drop_signature(struct chat_part *part, const struct dialect *own)
{
	bool wants_one = strcmp(own->name, "gemini") == 0 &&
			 part->kind == CHAT_TOOL_CALL;

	part->signature = (struct chat_signature){ { NULL, 0 }, { NULL, 0 } };
	if (wants_one)
		part->signature.text = S("skip_thought_signature_validator");
}
