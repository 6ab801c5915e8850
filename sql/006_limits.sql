-- What budgets are charged, which machine served, and how hosts share a
-- budget. Conventions as in 001_accounts.sql.

-- charged_picousd is what budgets are charged for the call: its cost; where
-- no price was known, a ceiling; where its process died, what was reserved.
-- admitted: it got past all limits, so that quotas of requests count it.
-- host is server.host_name. Older rows get what they would have got.
ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS host VARCHAR(64) NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS charged_picousd BIGINT NOT NULL
		DEFAULT (IF(priced, cost_picousd, 0)),
	ADD COLUMN IF NOT EXISTS admitted TINYINT NOT NULL DEFAULT 1;

ALTER TABLE usage_minute
	ADD COLUMN IF NOT EXISTS charged_picousd BIGINT NOT NULL
		DEFAULT (cost_picousd),
	ADD COLUMN IF NOT EXISTS admitted BIGINT NOT NULL DEFAULT (requests);

ALTER TABLE usage_hour
	ADD COLUMN IF NOT EXISTS charged_picousd BIGINT NOT NULL
		DEFAULT (cost_picousd),
	ADD COLUMN IF NOT EXISTS admitted BIGINT NOT NULL DEFAULT (requests);

ALTER TABLE usage_day
	ADD COLUMN IF NOT EXISTS charged_picousd BIGINT NOT NULL
		DEFAULT (cost_picousd),
	ADD COLUMN IF NOT EXISTS admitted BIGINT NOT NULL DEFAULT (requests);

ALTER TABLE usage_user_day
	ADD COLUMN IF NOT EXISTS charged_picousd BIGINT NOT NULL
		DEFAULT (cost_picousd),
	ADD COLUMN IF NOT EXISTS admitted BIGINT NOT NULL DEFAULT (requests);

-- A period of a budget that hosts share by grants; granted_picousd is the sum
-- over its leases. `user` is whose it is where the budget is each user's
-- alone, else empty.
CREATE TABLE IF NOT EXISTS budget_periods (
	budget_id BIGINT UNSIGNED NOT NULL,
	period_start_ms BIGINT NOT NULL,
	user VARCHAR(255) NOT NULL DEFAULT '',
	period_end_ms BIGINT NOT NULL,
	granted_picousd BIGINT NOT NULL DEFAULT 0,
	begun_ms BIGINT NOT NULL,
	PRIMARY KEY (budget_id, period_start_ms, user),
	KEY budget_period_end (period_end_ms),
	CONSTRAINT budget_periods_budget
		FOREIGN KEY (budget_id) REFERENCES budgets (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What one host holds of a period: all it was granted, spent or not. After
-- expires_ms the host counts as gone; reclaimed_ms is when that was last acted
-- upon.
CREATE TABLE IF NOT EXISTS budget_leases (
	budget_id BIGINT UNSIGNED NOT NULL,
	period_start_ms BIGINT NOT NULL,
	user VARCHAR(255) NOT NULL DEFAULT '',
	host VARCHAR(64) NOT NULL,
	granted_picousd BIGINT NOT NULL DEFAULT 0,
	expires_ms BIGINT NOT NULL,
	reclaimed_ms BIGINT NULL,
	PRIMARY KEY (budget_id, period_start_ms, user, host),
	KEY budget_lease_host (host),
	KEY budget_lease_expires (expires_ms),
	CONSTRAINT budget_leases_period
		FOREIGN KEY (budget_id, period_start_ms, user)
		REFERENCES budget_periods (budget_id, period_start_ms, user)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
