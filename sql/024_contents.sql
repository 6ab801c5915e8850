-- What a project keeps of its calls: both directions sealed, each on its own.
-- Conventions as in 001_accounts.sql.

-- `request_body` and `response_body` are envelopes (crypto/seal.h) that open
-- for the contexts 'request:ID' and 'response:ID' with the id of the call:
-- the headers that were kept, and the body where the project keeps bodies.
ALTER TABLE request_contents
	ADD COLUMN IF NOT EXISTS key_version INT UNSIGNED NOT NULL DEFAULT 0;

-- The price that a call was charged by: prices are found by these three and
-- the model. NULL: none was, or the row is older than this.
ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS price_from_ms BIGINT NULL,
	ADD COLUMN IF NOT EXISTS price_tier VARCHAR(16) NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS price_above_tokens BIGINT NOT NULL DEFAULT 0;
