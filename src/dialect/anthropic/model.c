/*
 * model.c - what a Claude model takes, by its name.
 *
 * From one generation to the next Anthropic's API refuses (with status 400)
 * what it took before. So the versions in which something ended are told
 * here, by the number in the name, and a name without one is the newest.
 * A model of another maker behind the same format takes it all.
 *
 * From https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 * and .../extended-thinking, .../effort, .../structured-outputs,
 * .../about-claude/models/migration-guide.
 */
#include "dialect/anthropic/anthropic.h"

#define VERSION(major, minor) ((major)*100 + (minor))
#define NEWEST VERSION(99, 0)

/* max_tokens is demanded; for clients that do not say it. Enough for a long
 * answer, and what every model from version 3.5 on can write: more would
 * count against rate limits that are reckoned by max_tokens. The models before
 * can write half of that. */
#define MAX_TOKENS 8192
#define OLDEST_MAX_TOKENS 4096

static int read_version(struct str model);
static bool read_number(struct str *rest, int *number);
static bool names(struct str model, const char *word);

struct anthropic_model anthropic_model_get(struct str model)
{
	int version = read_version(model);
	struct anthropic_model out = {
		.thinks = true,
		.takes_sampling = true,
		.takes_both = true,
		.takes_strict = true,
		.max_tokens = MAX_TOKENS,
	};

	if (!names(model, "claude"))
		return out;
	out.thinks = version >= VERSION(3, 7);
	out.adapts = version >= VERSION(4, 6);
	out.has_xhigh = version >= VERSION(4, 7);
	out.thinks_unasked = version >= VERSION(5, 0);
	out.thinks_always = names(model, "fable") || names(model, "mythos");
	out.takes_sampling = version < VERSION(4, 7);
	out.takes_both = version < VERSION(4, 1);
	out.takes_strict = version >= VERSION(4, 1);
	if (version < VERSION(3, 5))
		out.max_tokens = OLDEST_MAX_TOKENS;
	return out;
}

/* "claude-3-5-sonnet-20241022", "claude-opus-4-7", "claude-sonnet-4.5@...":
 * the first number, and the one that follows it at once; a date is neither. */
static int read_version(struct str model)
{
	struct str rest = str_from(model, str_find(model, S("claude")));
	int major, minor;

	while (rest.n > 0 && !isdigit((unsigned char)rest.p[0]))
		rest = str_from(rest, 1);
	if (!read_number(&rest, &major))
		return NEWEST;
	if (rest.n == 0 || (rest.p[0] != '-' && rest.p[0] != '.'))
		return VERSION(major, 0);
	rest = str_from(rest, 1);
	return VERSION(major, read_number(&rest, &minor) ? minor : 0);
}

/* One or two digits. */
static bool read_number(struct str *rest, int *number)
{
	size_t n = 0;

	*number = 0;
	while (n < rest->n && n < 3 && isdigit((unsigned char)rest->p[n]))
		*number = *number * 10 + (rest->p[n++] - '0');
	*rest = str_from(*rest, n);
	return n == 1 || n == 2;
}

static bool names(struct str model, const char *word)
{
	return str_find(model, str_of(word)) < model.n;
}
