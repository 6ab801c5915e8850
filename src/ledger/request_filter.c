/*
 * request_filter.c - a filter's values, in the order of its WHERE.
 */
#include "ledger/request_filter.h"

static void bind_optional_int(struct stmt *stmt, int64_t value);
static void bind_text(struct stmt *stmt, struct str text, unsigned times);
static struct str pattern_of(
	struct str text, bool is_part, struct arena *arena);

void request_filter_bind(struct stmt *stmt, const struct request_filter *filter,
	struct arena *arena)
{
	bool is_id = request_filter_is_id(filter);
	struct str pattern = pattern_of(filter->text, !is_id, arena);

	bind_optional_int(stmt, filter->organisation_id);
	stmt_bind_int(stmt, filter->from_ms);
	stmt_bind_int(stmt, filter->to_ms);
	bind_optional_int(stmt, filter->project_id);
	bind_optional_int(stmt, filter->key_id);
	bind_optional_int(stmt, filter->status);
	stmt_bind_int(stmt, filter->outcome == REQUEST_FAILED ? 400 : 0);
	stmt_bind_int(stmt, filter->outcome == REQUEST_OK ? 399 : 999);
	stmt_bind_int(stmt, filter->outcome == REQUEST_CACHED);
	stmt_bind_int(stmt, filter->outcome != REQUEST_CUT);
	bind_optional_int(stmt, filter->cost_from_picousd);
	bind_text(stmt, filter->error, 2);
	bind_text(stmt, filter->model, 3);
	bind_text(stmt, filter->provider, 2);
	bind_text(stmt, filter->user, 2);
	bind_text(stmt, filter->alias, 2);
	bind_text(stmt, is_id ? pattern : S(""), 2);
	bind_text(stmt, is_id ? S("") : pattern, 2);
}

/* "req_" and the eight digits of a second (crypto/random.h). */
bool request_filter_is_id(const struct request_filter *filter)
{
	return str_starts(filter->text, S("req_")) && filter->text.n >= 12;
}

enum request_index request_filter_index(const struct request_filter *filter)
{
	if (request_filter_is_id(filter))
		return REQUESTS_BY_ID;
	if (filter->organisation_id == 0)
		return REQUESTS_BY_TIME;
	if (filter->user.n > 0)
		return REQUESTS_BY_USER;
	if (filter->key_id > 0)
		return REQUESTS_BY_KEY;
	if (filter->outcome == REQUEST_FAILED ||
		filter->outcome == REQUEST_CUT || filter->status >= 400 ||
		filter->error.n > 0)
		return REQUESTS_IN_TROUBLE;
	return filter->project_id > 0 ? REQUESTS_BY_PROJECT
				      : REQUESTS_BY_ORGANISATION;
}

bool request_filter_is_plain(const struct request_filter *filter)
{
	return filter->outcome == REQUEST_ANY && filter->status == 0 &&
	       filter->key_id == 0 && filter->cost_from_picousd == 0 &&
	       filter->error.n == 0 && filter->model.n == 0 &&
	       filter->provider.n == 0 && filter->user.n == 0 &&
	       filter->alias.n == 0 && filter->text.n == 0;
}

static void bind_optional_int(struct stmt *stmt, int64_t value)
{
	stmt_bind_int(stmt, value);
	stmt_bind_int(stmt, value);
}

static void bind_text(struct stmt *stmt, struct str text, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		stmt_bind_str(stmt, text);
}

/* text% or %text%, its own % and _ taken as they are. */
static struct str pattern_of(struct str text, bool is_part, struct arena *arena)
{
	char *pattern;
	size_t n = 0;

	if (text.n == 0)
		return S("");
	pattern = arena_alloc(arena, 2 * text.n + 2);
	if (is_part)
		pattern[n++] = '%';
	for (size_t i = 0; i < text.n; i++) {
		if (memchr("%_\\", text.p[i], 3))
			pattern[n++] = '\\';
		pattern[n++] = text.p[i];
	}
	pattern[n++] = '%';
	return (struct str){ pattern, n };
}
