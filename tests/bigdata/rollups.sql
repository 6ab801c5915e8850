-- The rollups of one UTC day of the request log, whose first millisecond is
-- @day_ms: what the gateway writes with the calls (src/ledger/rollup.c), as
-- tests/unit/ledger/rollup.c proves. Minutes only where @minutes is 1.

INSERT INTO usage_minute (bucket_ms, project_id, key_id, model_id, provider_id,
	organisation_id,
	requests, errors, incomplete, streamed, cache_hits, unpriced,
	prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,
	reasoning_tokens, cost_picousd, saved_picousd, queue_us, gateway_us,
	first_token_us, first_token_requests, total_us, total_requests,
	under_100ms, under_250ms, under_500ms, under_1s, under_2500ms,
	under_5s, under_10s, under_30s, under_60s, over_60s, charged_picousd,
	admitted, route_saved_picousd, route_saved_requests)
SELECT started_ms - started_ms MOD 60000 AS bucket, project_id, key_id,
	model_id, provider_id, MAX(organisation_id),
	COUNT(*), SUM(error <> ''), SUM(NOT complete), SUM(streamed),
	SUM(cache_hit), SUM(NOT priced), COALESCE(SUM(prompt_tokens), 0),
	COALESCE(SUM(completion_tokens), 0), COALESCE(SUM(cached_tokens), 0),
	COALESCE(SUM(cache_write_tokens), 0),
	COALESCE(SUM(reasoning_tokens), 0), SUM(IF(priced, cost_picousd, 0)),
	SUM(saved_picousd), COALESCE(SUM(queue_us), 0),
	COALESCE(SUM(gateway_us), 0), COALESCE(SUM(first_token_us), 0),
	COUNT(first_token_us), COALESCE(SUM(total_us), 0), COUNT(total_us),
	COALESCE(SUM(total_us < 100000), 0),
	COALESCE(SUM(total_us >= 100000 AND total_us < 250000), 0),
	COALESCE(SUM(total_us >= 250000 AND total_us < 500000), 0),
	COALESCE(SUM(total_us >= 500000 AND total_us < 1000000), 0),
	COALESCE(SUM(total_us >= 1000000 AND total_us < 2500000), 0),
	COALESCE(SUM(total_us >= 2500000 AND total_us < 5000000), 0),
	COALESCE(SUM(total_us >= 5000000 AND total_us < 10000000), 0),
	COALESCE(SUM(total_us >= 10000000 AND total_us < 30000000), 0),
	COALESCE(SUM(total_us >= 30000000 AND total_us < 60000000), 0),
	COALESCE(SUM(total_us >= 60000000), 0), SUM(charged_picousd),
	SUM(admitted), COALESCE(SUM(route_saved_picousd), 0),
	COUNT(route_saved_picousd)
FROM requests
WHERE @minutes AND started_ms >= @day_ms AND started_ms < @day_ms + 86400000
GROUP BY bucket, project_id, key_id, model_id, provider_id;

SET SESSION tmp_memory_table_size = 1 << 30, max_heap_table_size = 1 << 30;

CREATE TEMPORARY TABLE combined ENGINE = MEMORY AS
SELECT started_ms - started_ms MOD 3600000 AS bucket, project_id, key_id,
	model_id, provider_id, MAX(organisation_id) AS organisation_id,
	COUNT(*) AS requests, SUM(error <> '') AS errors,
	SUM(NOT complete) AS incomplete, SUM(streamed) AS streamed,
	SUM(cache_hit) AS cache_hits, SUM(NOT priced) AS unpriced,
	COALESCE(SUM(prompt_tokens), 0) AS prompt_tokens,
	COALESCE(SUM(completion_tokens), 0) AS completion_tokens,
	COALESCE(SUM(cached_tokens), 0) AS cached_tokens,
	COALESCE(SUM(cache_write_tokens), 0) AS cache_write_tokens,
	COALESCE(SUM(reasoning_tokens), 0) AS reasoning_tokens,
	SUM(IF(priced, cost_picousd, 0)) AS cost_picousd,
	SUM(saved_picousd) AS saved_picousd,
	COALESCE(SUM(queue_us), 0) AS queue_us,
	COALESCE(SUM(gateway_us), 0) AS gateway_us,
	COALESCE(SUM(first_token_us), 0) AS first_token_us,
	COUNT(first_token_us) AS first_token_requests,
	COALESCE(SUM(total_us), 0) AS total_us,
	COUNT(total_us) AS total_requests,
	COALESCE(SUM(total_us < 100000), 0) AS under_100ms,
	COALESCE(SUM(total_us >= 100000 AND total_us < 250000), 0) AS under_250ms,
	COALESCE(SUM(total_us >= 250000 AND total_us < 500000), 0) AS under_500ms,
	COALESCE(SUM(total_us >= 500000 AND total_us < 1000000), 0) AS under_1s,
	COALESCE(SUM(total_us >= 1000000 AND total_us < 2500000), 0) AS under_2500ms,
	COALESCE(SUM(total_us >= 2500000 AND total_us < 5000000), 0) AS under_5s,
	COALESCE(SUM(total_us >= 5000000 AND total_us < 10000000), 0) AS under_10s,
	COALESCE(SUM(total_us >= 10000000 AND total_us < 30000000), 0) AS under_30s,
	COALESCE(SUM(total_us >= 30000000 AND total_us < 60000000), 0) AS under_60s,
	COALESCE(SUM(total_us >= 60000000), 0) AS over_60s,
	SUM(charged_picousd) AS charged_picousd, SUM(admitted) AS admitted,
	COALESCE(SUM(route_saved_picousd), 0) AS route_saved_picousd,
	COUNT(route_saved_picousd) AS route_saved_requests
FROM requests
WHERE started_ms >= @day_ms AND started_ms < @day_ms + 86400000
GROUP BY bucket, project_id, key_id, model_id, provider_id;

INSERT INTO usage_scope_hour (scope, scope_id, subject, bucket_ms, subject_id,
	organisation_id,
	requests, errors, incomplete, streamed, cache_hits, unpriced,
	prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,
	reasoning_tokens, cost_picousd, saved_picousd, queue_us, gateway_us,
	first_token_us, first_token_requests, total_us, total_requests,
	under_100ms, under_250ms, under_500ms, under_1s, under_2500ms,
	under_5s, under_10s, under_30s, under_60s, over_60s, charged_picousd,
	admitted, route_saved_picousd, route_saved_requests)
SELECT scope,
	CASE scope WHEN 'organisation' THEN organisation_id
		WHEN 'project' THEN project_id ELSE key_id END AS of_scope,
	subject, bucket,
	CASE subject WHEN 'all' THEN 0 WHEN 'project' THEN project_id
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
	SUM(under_60s), SUM(over_60s), SUM(charged_picousd), SUM(admitted),
	SUM(route_saved_picousd), SUM(route_saved_requests)
FROM combined JOIN (SELECT 'organisation' AS scope, 'all' AS subject
	UNION ALL SELECT 'organisation', 'project'
	UNION ALL SELECT 'organisation', 'key'
	UNION ALL SELECT 'organisation', 'model'
	UNION ALL SELECT 'organisation', 'provider'
	UNION ALL SELECT 'project', 'all'
	UNION ALL SELECT 'project', 'key'
	UNION ALL SELECT 'project', 'model'
	UNION ALL SELECT 'project', 'provider'
	UNION ALL SELECT 'key', 'all') series
WHERE scope = 'organisation' OR (scope = 'project' AND project_id > 0)
	OR (scope = 'key' AND key_id > 0)
GROUP BY scope, of_scope, subject, bucket, of_subject;

INSERT INTO usage_scope_day (scope, scope_id, subject, bucket_ms, subject_id,
	organisation_id,
	requests, errors, incomplete, streamed, cache_hits, unpriced,
	prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,
	reasoning_tokens, cost_picousd, saved_picousd, queue_us, gateway_us,
	first_token_us, first_token_requests, total_us, total_requests,
	under_100ms, under_250ms, under_500ms, under_1s, under_2500ms,
	under_5s, under_10s, under_30s, under_60s, over_60s, charged_picousd,
	admitted, route_saved_picousd, route_saved_requests)
SELECT scope,
	CASE scope WHEN 'organisation' THEN organisation_id
		WHEN 'project' THEN project_id ELSE key_id END AS of_scope,
	subject, @day_ms,
	CASE subject WHEN 'all' THEN 0 WHEN 'project' THEN project_id
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
	SUM(under_60s), SUM(over_60s), SUM(charged_picousd), SUM(admitted),
	SUM(route_saved_picousd), SUM(route_saved_requests)
FROM combined JOIN (SELECT 'organisation' AS scope, 'all' AS subject
	UNION ALL SELECT 'organisation', 'project'
	UNION ALL SELECT 'organisation', 'key'
	UNION ALL SELECT 'organisation', 'model'
	UNION ALL SELECT 'organisation', 'provider'
	UNION ALL SELECT 'project', 'all'
	UNION ALL SELECT 'project', 'key'
	UNION ALL SELECT 'project', 'model'
	UNION ALL SELECT 'project', 'provider'
	UNION ALL SELECT 'key', 'all') series
WHERE scope = 'organisation' OR (scope = 'project' AND project_id > 0)
	OR (scope = 'key' AND key_id > 0)
GROUP BY scope, of_scope, subject, of_subject;

DROP TEMPORARY TABLE combined;

INSERT INTO usage_user_day (bucket_ms, project_id, user, organisation_id,
	requests, errors, prompt_tokens, completion_tokens, cost_picousd,
	charged_picousd, admitted)
SELECT @day_ms, project_id, user, MAX(organisation_id), COUNT(*),
	SUM(error <> ''), COALESCE(SUM(prompt_tokens), 0),
	COALESCE(SUM(completion_tokens), 0),
	SUM(IF(priced, cost_picousd, 0)), SUM(charged_picousd), SUM(admitted)
FROM requests
WHERE started_ms >= @day_ms AND started_ms < @day_ms + 86400000
	AND user <> ''
GROUP BY project_id, user;
