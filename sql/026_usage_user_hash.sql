-- The users of an organisation by a number. Conventions as in
-- 001_accounts.sql.

-- Rows are added up by a number in a fraction of the time that it takes by a
-- project and a text. Two of an organisation's users share one once in 10^10
-- organisations of thousands of users; a page would show them as one.
ALTER TABLE usage_user_day
	ADD COLUMN IF NOT EXISTS user_hash BIGINT UNSIGNED
		AS (CAST(CONV(LEFT(MD5(CONCAT(project_id, ' ', user)), 15),
			16, 10) AS UNSIGNED)) PERSISTENT,
	ADD KEY IF NOT EXISTS usage_user_day_hash (user_hash, bucket_ms);
ALTER TABLE usage_user_week
	ADD COLUMN IF NOT EXISTS user_hash BIGINT UNSIGNED
		AS (CAST(CONV(LEFT(MD5(CONCAT(project_id, ' ', user)), 15),
			16, 10) AS UNSIGNED)) PERSISTENT,
	ADD KEY IF NOT EXISTS usage_user_week_hash (user_hash, bucket_ms);
