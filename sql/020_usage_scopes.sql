-- The totals per hour and UTC day, one series for each thing that pages show
-- and budgets count. Conventions as in 001_accounts.sql, columns as in
-- usage_minute.
--
-- A series is of a scope (an organisation, a project or a key: what is looked
-- at, or budgeted) and of a subject in it: 'all' of it together (subject_id
-- 0), or each of its projects, keys, models or providers (0: calls that had
-- none). So the calls of a span of time are one range of the primary key with
-- as many rows as there are things to show, however many combinations of key,
-- model and provider occurred. A call counts once in each series that it
-- belongs to: they must not be added up across scopes or subjects.
--
-- They replace usage_hour and usage_day, which were by combination. Those are
-- renamed first: a gateway of the version before that still runs keeps its
-- calls in the journal then, and they are counted by the next one.

CREATE TABLE IF NOT EXISTS usage_scope_hour (
	scope ENUM('organisation', 'project', 'key') NOT NULL,
	scope_id BIGINT UNSIGNED NOT NULL,
	subject ENUM('all', 'project', 'key', 'model', 'provider') NOT NULL,
	bucket_ms BIGINT NOT NULL,
	subject_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	requests BIGINT NOT NULL DEFAULT 0,
	errors BIGINT NOT NULL DEFAULT 0,
	incomplete BIGINT NOT NULL DEFAULT 0,
	streamed BIGINT NOT NULL DEFAULT 0,
	cache_hits BIGINT NOT NULL DEFAULT 0,
	unpriced BIGINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NOT NULL DEFAULT 0,
	completion_tokens BIGINT NOT NULL DEFAULT 0,
	cached_tokens BIGINT NOT NULL DEFAULT 0,
	cache_write_tokens BIGINT NOT NULL DEFAULT 0,
	reasoning_tokens BIGINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	saved_picousd BIGINT NOT NULL DEFAULT 0,
	queue_us BIGINT NOT NULL DEFAULT 0,
	gateway_us BIGINT NOT NULL DEFAULT 0,
	first_token_us BIGINT NOT NULL DEFAULT 0,
	first_token_requests BIGINT NOT NULL DEFAULT 0,
	total_us BIGINT NOT NULL DEFAULT 0,
	total_requests BIGINT NOT NULL DEFAULT 0,
	under_100ms BIGINT NOT NULL DEFAULT 0,
	under_250ms BIGINT NOT NULL DEFAULT 0,
	under_500ms BIGINT NOT NULL DEFAULT 0,
	under_1s BIGINT NOT NULL DEFAULT 0,
	under_2500ms BIGINT NOT NULL DEFAULT 0,
	under_5s BIGINT NOT NULL DEFAULT 0,
	under_10s BIGINT NOT NULL DEFAULT 0,
	under_30s BIGINT NOT NULL DEFAULT 0,
	under_60s BIGINT NOT NULL DEFAULT 0,
	over_60s BIGINT NOT NULL DEFAULT 0,
	charged_picousd BIGINT NOT NULL DEFAULT 0,
	admitted BIGINT NOT NULL DEFAULT 0,
	route_saved_picousd BIGINT NOT NULL DEFAULT 0,
	route_saved_requests BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (scope, scope_id, subject, bucket_ms, subject_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usage_scope_day (
	scope ENUM('organisation', 'project', 'key') NOT NULL,
	scope_id BIGINT UNSIGNED NOT NULL,
	subject ENUM('all', 'project', 'key', 'model', 'provider') NOT NULL,
	bucket_ms BIGINT NOT NULL,
	subject_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	requests BIGINT NOT NULL DEFAULT 0,
	errors BIGINT NOT NULL DEFAULT 0,
	incomplete BIGINT NOT NULL DEFAULT 0,
	streamed BIGINT NOT NULL DEFAULT 0,
	cache_hits BIGINT NOT NULL DEFAULT 0,
	unpriced BIGINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NOT NULL DEFAULT 0,
	completion_tokens BIGINT NOT NULL DEFAULT 0,
	cached_tokens BIGINT NOT NULL DEFAULT 0,
	cache_write_tokens BIGINT NOT NULL DEFAULT 0,
	reasoning_tokens BIGINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	saved_picousd BIGINT NOT NULL DEFAULT 0,
	queue_us BIGINT NOT NULL DEFAULT 0,
	gateway_us BIGINT NOT NULL DEFAULT 0,
	first_token_us BIGINT NOT NULL DEFAULT 0,
	first_token_requests BIGINT NOT NULL DEFAULT 0,
	total_us BIGINT NOT NULL DEFAULT 0,
	total_requests BIGINT NOT NULL DEFAULT 0,
	under_100ms BIGINT NOT NULL DEFAULT 0,
	under_250ms BIGINT NOT NULL DEFAULT 0,
	under_500ms BIGINT NOT NULL DEFAULT 0,
	under_1s BIGINT NOT NULL DEFAULT 0,
	under_2500ms BIGINT NOT NULL DEFAULT 0,
	under_5s BIGINT NOT NULL DEFAULT 0,
	under_10s BIGINT NOT NULL DEFAULT 0,
	under_30s BIGINT NOT NULL DEFAULT 0,
	under_60s BIGINT NOT NULL DEFAULT 0,
	over_60s BIGINT NOT NULL DEFAULT 0,
	charged_picousd BIGINT NOT NULL DEFAULT 0,
	admitted BIGINT NOT NULL DEFAULT 0,
	route_saved_picousd BIGINT NOT NULL DEFAULT 0,
	route_saved_requests BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (scope, scope_id, subject, bucket_ms, subject_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Which series there are, for what follows.
CREATE TEMPORARY TABLE IF NOT EXISTS usage_series (
	scope ENUM('organisation', 'project', 'key') NOT NULL,
	subject ENUM('all', 'project', 'key', 'model', 'provider') NOT NULL,
	PRIMARY KEY (scope, subject)
);

INSERT IGNORE INTO usage_series (scope, subject) VALUES
	('organisation', 'all'), ('organisation', 'project'),
	('organisation', 'key'), ('organisation', 'model'),
	('organisation', 'provider'), ('project', 'all'), ('project', 'key'),
	('project', 'model'), ('project', 'provider'), ('key', 'all');

RENAME TABLE IF EXISTS usage_hour TO usage_hour_combined;

-- Where it is gone already, nothing is left to be taken over.
CREATE TABLE IF NOT EXISTS usage_hour_combined LIKE usage_minute;

INSERT IGNORE INTO usage_scope_hour (
	scope, scope_id, subject, bucket_ms, subject_id, organisation_id,
	requests, errors, incomplete, streamed, cache_hits, unpriced,
	prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,
	reasoning_tokens, cost_picousd, saved_picousd, queue_us, gateway_us,
	first_token_us, first_token_requests, total_us, total_requests,
	under_100ms, under_250ms, under_500ms, under_1s, under_2500ms,
	under_5s, under_10s, under_30s, under_60s, over_60s, charged_picousd,
	admitted)
SELECT s.scope,
	CASE s.scope WHEN 'organisation' THEN organisation_id
		WHEN 'project' THEN project_id ELSE key_id END AS of_scope,
	s.subject, bucket_ms,
	CASE s.subject WHEN 'all' THEN 0 WHEN 'project' THEN project_id
		WHEN 'key' THEN key_id WHEN 'model' THEN model_id
		ELSE provider_id END AS of_subject,
	MAX(organisation_id),
	SUM(requests), SUM(errors), SUM(incomplete), SUM(streamed),
	SUM(cache_hits), SUM(unpriced), SUM(prompt_tokens),
	SUM(completion_tokens), SUM(cached_tokens), SUM(cache_write_tokens),
	SUM(reasoning_tokens), SUM(cost_picousd), SUM(saved_picousd),
	SUM(queue_us), SUM(gateway_us), SUM(first_token_us),
	SUM(first_token_requests), SUM(total_us), SUM(total_requests),
	SUM(under_100ms), SUM(under_250ms), SUM(under_500ms), SUM(under_1s),
	SUM(under_2500ms), SUM(under_5s), SUM(under_10s), SUM(under_30s),
	SUM(under_60s), SUM(over_60s), SUM(charged_picousd), SUM(admitted)
FROM usage_hour_combined JOIN usage_series s
WHERE s.scope = 'organisation' OR (s.scope = 'project' AND project_id > 0)
	OR (s.scope = 'key' AND key_id > 0)
GROUP BY s.scope, of_scope, s.subject, bucket_ms, of_subject;

DROP TABLE IF EXISTS usage_hour_combined;

RENAME TABLE IF EXISTS usage_day TO usage_day_combined;

-- Where it is gone already, nothing is left to be taken over.
CREATE TABLE IF NOT EXISTS usage_day_combined LIKE usage_minute;

INSERT IGNORE INTO usage_scope_day (
	scope, scope_id, subject, bucket_ms, subject_id, organisation_id,
	requests, errors, incomplete, streamed, cache_hits, unpriced,
	prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,
	reasoning_tokens, cost_picousd, saved_picousd, queue_us, gateway_us,
	first_token_us, first_token_requests, total_us, total_requests,
	under_100ms, under_250ms, under_500ms, under_1s, under_2500ms,
	under_5s, under_10s, under_30s, under_60s, over_60s, charged_picousd,
	admitted)
SELECT s.scope,
	CASE s.scope WHEN 'organisation' THEN organisation_id
		WHEN 'project' THEN project_id ELSE key_id END AS of_scope,
	s.subject, bucket_ms,
	CASE s.subject WHEN 'all' THEN 0 WHEN 'project' THEN project_id
		WHEN 'key' THEN key_id WHEN 'model' THEN model_id
		ELSE provider_id END AS of_subject,
	MAX(organisation_id),
	SUM(requests), SUM(errors), SUM(incomplete), SUM(streamed),
	SUM(cache_hits), SUM(unpriced), SUM(prompt_tokens),
	SUM(completion_tokens), SUM(cached_tokens), SUM(cache_write_tokens),
	SUM(reasoning_tokens), SUM(cost_picousd), SUM(saved_picousd),
	SUM(queue_us), SUM(gateway_us), SUM(first_token_us),
	SUM(first_token_requests), SUM(total_us), SUM(total_requests),
	SUM(under_100ms), SUM(under_250ms), SUM(under_500ms), SUM(under_1s),
	SUM(under_2500ms), SUM(under_5s), SUM(under_10s), SUM(under_30s),
	SUM(under_60s), SUM(over_60s), SUM(charged_picousd), SUM(admitted)
FROM usage_day_combined JOIN usage_series s
WHERE s.scope = 'organisation' OR (s.scope = 'project' AND project_id > 0)
	OR (s.scope = 'key' AND key_id > 0)
GROUP BY s.scope, of_scope, s.subject, bucket_ms, of_subject;

DROP TABLE IF EXISTS usage_day_combined;

DROP TEMPORARY TABLE IF EXISTS usage_series;
