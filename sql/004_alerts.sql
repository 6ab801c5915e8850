-- Who is told what, and when. Conventions as in 001_accounts.sql.

-- Where alerts go. `target` is an e-mail address or a URL; `sealed` holds
-- the secret that signs a webhook, for the context 'alert_channel:ID'.
CREATE TABLE IF NOT EXISTS alert_channels (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	organisation_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(191) NOT NULL,
	kind ENUM('email', 'slack', 'webhook') NOT NULL,
	target VARCHAR(1024) NOT NULL,
	sealed VARBINARY(8192) NOT NULL DEFAULT '',
	key_version INT UNSIGNED NOT NULL DEFAULT 0,
	enabled TINYINT NOT NULL DEFAULT 1,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY alert_channel_name (organisation_id, name),
	CONSTRAINT alert_channels_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What is watched. The unit of `threshold` is the kind's: percent of the
-- budget, errors per 10,000 calls, milliseconds of latency. window_ms is how
-- far it looks back; the same alert is silent for quiet_ms after it spoke.
-- project_id NULL: the whole organisation.
CREATE TABLE IF NOT EXISTS alert_rules (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	organisation_id BIGINT UNSIGNED NOT NULL,
	project_id BIGINT UNSIGNED NULL,
	name VARCHAR(191) NOT NULL,
	kind ENUM('budget', 'error_rate', 'provider_down', 'latency',
		'catalog') NOT NULL,
	threshold BIGINT NOT NULL DEFAULT 0,
	window_ms BIGINT NOT NULL DEFAULT 300000,
	quiet_ms BIGINT NOT NULL DEFAULT 3600000,
	conditions JSON NOT NULL DEFAULT '{}',
	enabled TINYINT NOT NULL DEFAULT 1,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY alert_rule_name (organisation_id, name),
	CONSTRAINT alert_rules_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
		ON DELETE CASCADE,
	CONSTRAINT alert_rules_project
		FOREIGN KEY (project_id) REFERENCES projects (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS alert_rule_channels (
	rule_id BIGINT UNSIGNED NOT NULL,
	channel_id BIGINT UNSIGNED NOT NULL,
	PRIMARY KEY (rule_id, channel_id),
	CONSTRAINT alert_rule_channels_rule
		FOREIGN KEY (rule_id) REFERENCES alert_rules (id)
		ON DELETE CASCADE,
	CONSTRAINT alert_rule_channels_channel
		FOREIGN KEY (channel_id) REFERENCES alert_channels (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What happened. `occasion` names one happening of a rule (a budget and its
-- period, a provider and when it went down): the unique key is what makes
-- two processes alert once.
CREATE TABLE IF NOT EXISTS alerts (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	rule_id BIGINT UNSIGNED NOT NULL,
	occasion VARCHAR(191) NOT NULL,
	opened_ms BIGINT NOT NULL,
	closed_ms BIGINT NULL,
	summary VARCHAR(512) NOT NULL,
	facts JSON NOT NULL DEFAULT '{}',
	PRIMARY KEY (id),
	UNIQUE KEY alert_occasion (rule_id, occasion),
	KEY alert_time (opened_ms),
	CONSTRAINT alerts_rule
		FOREIGN KEY (rule_id) REFERENCES alert_rules (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The queue: one row for each channel an alert goes to. A sender claims a row
-- by moving next_attempt_ms ahead, so a sender that dies delays it only.
CREATE TABLE IF NOT EXISTS alert_deliveries (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	alert_id BIGINT UNSIGNED NOT NULL,
	channel_id BIGINT UNSIGNED NOT NULL,
	state ENUM('waiting', 'sent', 'given_up') NOT NULL DEFAULT 'waiting',
	attempts INT UNSIGNED NOT NULL DEFAULT 0,
	next_attempt_ms BIGINT NOT NULL,
	sent_ms BIGINT NULL,
	last_error VARCHAR(512) NOT NULL DEFAULT '',
	PRIMARY KEY (id),
	UNIQUE KEY alert_delivery (alert_id, channel_id),
	KEY alert_delivery_due (state, next_attempt_ms),
	CONSTRAINT alert_deliveries_alert
		FOREIGN KEY (alert_id) REFERENCES alerts (id)
		ON DELETE CASCADE,
	CONSTRAINT alert_deliveries_channel
		FOREIGN KEY (channel_id) REFERENCES alert_channels (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
