-- What routers saved. Conventions as in 001_accounts.sql.

-- Of calls that a router chose for: what the premium candidate would have
-- cost for the same tokens, less what the call cost. Negative where the choice
-- was dearer. NULL, and in no total: no router chose, or a price is unknown.
ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS route_saved_picousd BIGINT NULL;

-- route_saved_requests says how many calls are in the sum. usage_scope_hour and
-- usage_scope_day have them from the beginning.
ALTER TABLE usage_minute
	ADD COLUMN IF NOT EXISTS route_saved_picousd BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS route_saved_requests BIGINT NOT NULL DEFAULT 0;
