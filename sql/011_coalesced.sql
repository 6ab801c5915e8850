-- A hit that waited for the call of another one instead of making its own.
-- Conventions as in 001_accounts.sql.

ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS coalesced TINYINT NOT NULL DEFAULT 0;
