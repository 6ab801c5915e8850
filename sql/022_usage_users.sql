-- The users of an organisation in a span of time. Conventions as in
-- 001_accounts.sql.

-- They lie side by side.
ALTER TABLE usage_user_day
	DROP PRIMARY KEY,
	ADD PRIMARY KEY (organisation_id, bucket_ms, project_id, user),
	DROP KEY IF EXISTS usage_user_day_organisation;
-- One user of a project, as budgets ask; all of them are found by the first.
ALTER TABLE usage_user_day
	ADD KEY IF NOT EXISTS usage_user_day_user
		(project_id, user, bucket_ms);

-- The same for seven days, counted from 1970-01-01: there may be thousands of
-- users, and a quarter has ninety days but thirteen of these.
CREATE TABLE IF NOT EXISTS usage_user_week (
	bucket_ms BIGINT NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL,
	user VARCHAR(255) NOT NULL,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	requests BIGINT NOT NULL DEFAULT 0,
	errors BIGINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NOT NULL DEFAULT 0,
	completion_tokens BIGINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	charged_picousd BIGINT NOT NULL DEFAULT 0,
	admitted BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (organisation_id, bucket_ms, project_id, user)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO usage_user_week (bucket_ms, project_id, user,
	organisation_id, requests, errors, prompt_tokens, completion_tokens,
	cost_picousd, charged_picousd, admitted)
SELECT bucket_ms - bucket_ms MOD 604800000 AS bucket, project_id, user,
	organisation_id, SUM(requests), SUM(errors), SUM(prompt_tokens),
	SUM(completion_tokens), SUM(cost_picousd), SUM(charged_picousd),
	SUM(admitted)
FROM usage_user_day
GROUP BY bucket, project_id, user, organisation_id;
