-- Lists of calls in the order of their time. Conventions as in
-- 001_accounts.sql.
--
-- MariaDB does not see that an index of a table with partitions goes on with
-- the primary key: without request_id in it, every list would be sorted, and
-- for that all of its calls read. It takes no room: it is stored there anyway.
--
-- trouble: a status that says so, an error, or an answer that is not whole.
-- Those calls are few, and people look for them most. Adding the column copies
-- the log, so all is done in one step.
ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS trouble TINYINT
		AS (status >= 400 OR status = 0 OR error <> '' OR complete = 0)
		VIRTUAL,
	DROP INDEX IF EXISTS request_organisation,
	DROP INDEX IF EXISTS request_project,
	DROP INDEX IF EXISTS request_key,
	DROP INDEX IF EXISTS request_user,
	DROP INDEX IF EXISTS request_trouble,
	ADD INDEX request_organisation (organisation_id, started_ms, request_id),
	ADD INDEX request_project (project_id, started_ms, request_id),
	ADD INDEX request_key (key_id, started_ms, request_id),
	ADD INDEX request_user (organisation_id, user, started_ms, request_id),
	ADD INDEX request_trouble
		(organisation_id, trouble, started_ms, request_id);
