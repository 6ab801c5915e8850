/*
 * usage_span.h - the calls of a span of time, out of the coarsest rollups that
 * fit in it: whole UTC days, the hours before and after them, and minutes
 * before and after those. So a statement reads a few dozen buckets, however
 * long the span is.
 *
 * USAGE_SPANS() are the statements of all steps: between `head` and `tail` a
 * derived table of rows with an `id` and the `sums`, one for each id and
 * rollup, to be added up. `subject` says of what they are (as in
 * sql/020_usage_scopes.sql), `column` what that is in usage_minute.
 */
#ifndef LEDGER_USAGE_SPAN_H
#define LEDGER_USAGE_SPAN_H

#include "db/stmt.h"
#include "ledger/usage_sum.h"

#define USAGE_SPAN_RANGES                            \
	" AND (u.bucket_ms >= ? AND u.bucket_ms < ?" \
	" OR u.bucket_ms >= ? AND u.bucket_ms < ?)"
#define USAGE_SPAN_MINUTES(column, sums)                   \
	"SELECT " column " AS id," sums                    \
	" FROM usage_minute u WHERE u.organisation_id = ?" \
	" AND (? = 0 OR u.project_id = ?)" USAGE_SPAN_RANGES " GROUP BY id"
#define USAGE_SPAN_SERIES(table, subject, sums)                      \
	"SELECT u.subject_id AS id," sums " FROM " table             \
	" u WHERE u.scope = ? AND u.scope_id = ?"                    \
	" AND u.subject = '" subject "'" USAGE_SPAN_RANGES           \
	" AND u.organisation_id = ? AND (? = 0 OR u.subject_id = ?)" \
	" GROUP BY u.subject_id"
#define USAGE_SPAN_DAYS(subject, sums) \
	USAGE_SPAN_SERIES("usage_scope_day", subject, sums)
#define USAGE_SPAN_HOURS(subject, sums)                      \
	USAGE_SPAN_SERIES("usage_scope_hour", subject, sums) \
	" UNION ALL " USAGE_SPAN_DAYS(subject, sums)
#define USAGE_SPANS(head, subject, column, sums, tail)                      \
	{                                                                   \
		[USAGE_MINUTES] = head USAGE_SPAN_MINUTES(column,           \
			sums) " UNION ALL " USAGE_SPAN_HOURS(subject, sums) \
			tail,                                               \
		[USAGE_HOURS] = head USAGE_SPAN_HOURS(subject, sums) tail,  \
		[USAGE_DAYS] = head USAGE_SPAN_DAYS(subject, sums) tail,    \
	}

/* Bind such a statement. of_projects: its subject is 'project'. */
void usage_span_bind(
	struct stmt *stmt, const struct usage_scope *scope, bool of_projects);

/* One of usage_user_day and then usage_user_week, each with STMT_IN of `ids`
 * (none without them), organisation, project (0: all) twice, and
 * USAGE_SPAN_RANGES. */
void usage_span_bind_users(struct stmt *stmt, const struct usage_scope *scope,
	const int64_t *ids, size_t count);

#endif
