-- Alerts that end, and the rule that every organisation has.

-- built_in: the rule that tells of budgets which no other rule covers, made
-- with an organisation's first channel. It is switched off, never deleted, so
-- that it does not come back. A rule without rows in alert_rule_channels
-- speaks through all channels of its organisation. `conditions` holds
-- minimum_calls: fewer calls in the window prove nothing. looked_ms is when
-- somebody looked at it last: processes take turns.
ALTER TABLE alert_rules
	ADD COLUMN IF NOT EXISTS built_in TINYINT NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS looked_ms BIGINT NOT NULL DEFAULT 0;

-- What an alert is about ('calls', 'provider/7', 'budget/12/80'); `occasion`
-- is one happening of it.
ALTER TABLE alerts
	ADD COLUMN IF NOT EXISTS subject VARCHAR(96) NOT NULL DEFAULT ''
		AFTER rule_id,
	ADD KEY IF NOT EXISTS alert_subject (rule_id, subject, id),
	ADD KEY IF NOT EXISTS alert_open (rule_id, closed_ms);

-- An alert is told when it begins and, where it can end, when it ends.
ALTER TABLE alert_deliveries
	ADD COLUMN IF NOT EXISTS event ENUM('opened', 'closed') NOT NULL
		DEFAULT 'opened' AFTER channel_id,
	ADD UNIQUE KEY IF NOT EXISTS alert_delivery_event
		(alert_id, channel_id, event),
	DROP KEY IF EXISTS alert_delivery;
