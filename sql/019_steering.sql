-- What an organisation decides for itself: the calendar of its own budgets,
-- and what its new projects and people begin with. Conventions as in
-- 001_accounts.sql.

ALTER TABLE organisations
	ADD COLUMN IF NOT EXISTS time_zone VARCHAR(64) NOT NULL DEFAULT 'UTC',
	ADD COLUMN IF NOT EXISTS locale VARCHAR(16) NOT NULL DEFAULT 'en';

-- Filters of the audit log beside its times.
ALTER TABLE audit
	ADD KEY IF NOT EXISTS audit_actor (organisation_id, actor, at_ms),
	ADD KEY IF NOT EXISTS audit_action (organisation_id, action, at_ms);
