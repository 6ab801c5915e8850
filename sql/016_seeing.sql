-- Finding the calls of one user of an organisation: without it, those of all
-- its users are read. Conventions as in 001_accounts.sql.

ALTER TABLE requests
	ADD INDEX IF NOT EXISTS request_user (organisation_id, user, started_ms);
