-- Who may do what: organisations, projects, people, keys, limits.
--
-- Conventions of all tables: text is compared byte by byte (utf8mb4_bin); a
-- time is Unix milliseconds and its column ends in _ms, NULL when it has not
-- come; money is pico-dollars (10^-12 USD) and ends in _picousd; lists and
-- free-form objects that no query looks into are JSON; a limit of 0 is none.
-- Every statement may run twice.

CREATE TABLE IF NOT EXISTS organisations (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	name VARCHAR(191) NOT NULL,
	created_ms BIGINT NOT NULL,
	archived_ms BIGINT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY organisation_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What an organisation decides for itself; names are those of the program.
CREATE TABLE IF NOT EXISTS organisation_settings (
	organisation_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(64) NOT NULL,
	value JSON NOT NULL,
	changed_ms BIGINT NOT NULL,
	PRIMARY KEY (organisation_id, name),
	CONSTRAINT organisation_settings_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- `settings`: routing weights, capture of bodies, cache. `time_zone` (IANA)
-- says where a day and a month of its budgets begin.
CREATE TABLE IF NOT EXISTS projects (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	organisation_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(191) NOT NULL,
	time_zone VARCHAR(64) NOT NULL DEFAULT 'UTC',
	settings JSON NOT NULL DEFAULT '{}',
	created_ms BIGINT NOT NULL,
	archived_ms BIGINT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY project_name (organisation_id, name),
	CONSTRAINT projects_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- `email` is stored in lower case. An operator may do everything on this
-- installation; other rights come from the member tables.
CREATE TABLE IF NOT EXISTS users (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	email VARCHAR(191) NOT NULL,
	password_hash VARCHAR(383) CHARACTER SET ascii COLLATE ascii_bin
		NOT NULL DEFAULT '',
	name VARCHAR(191) NOT NULL DEFAULT '',
	locale VARCHAR(16) NOT NULL DEFAULT 'en',
	time_zone VARCHAR(64) NOT NULL DEFAULT 'UTC',
	is_operator TINYINT NOT NULL DEFAULT 0,
	created_ms BIGINT NOT NULL,
	email_verified_ms BIGINT NULL,
	password_changed_ms BIGINT NULL,
	last_login_ms BIGINT NULL,
	disabled_ms BIGINT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY user_email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS organisation_members (
	organisation_id BIGINT UNSIGNED NOT NULL,
	user_id BIGINT UNSIGNED NOT NULL,
	role ENUM('owner', 'admin', 'member', 'viewer') NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (organisation_id, user_id),
	KEY organisation_member_user (user_id),
	CONSTRAINT organisation_members_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
		ON DELETE CASCADE,
	CONSTRAINT organisation_members_user
		FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A role in one project, beside the one in its organisation; the stronger
-- of the two holds.
CREATE TABLE IF NOT EXISTS project_members (
	project_id BIGINT UNSIGNED NOT NULL,
	user_id BIGINT UNSIGNED NOT NULL,
	role ENUM('owner', 'admin', 'member', 'viewer') NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (project_id, user_id),
	KEY project_member_user (user_id),
	CONSTRAINT project_members_project
		FOREIGN KEY (project_id) REFERENCES projects (id)
		ON DELETE CASCADE,
	CONSTRAINT project_members_user
		FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Only the SHA-256 of a key is known; `prefix` is its first characters, for
-- lists. Empty lists allow everything, except allowed_origins, which a
-- publishable key needs. A rotated key names its successor and expires when
-- the grace period ends. Time-outs of 0 leave it to provider and settings.
CREATE TABLE IF NOT EXISTS gateway_keys (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	project_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(191) NOT NULL,
	kind ENUM('secret', 'publishable') NOT NULL DEFAULT 'secret',
	hash BINARY(32) NOT NULL,
	prefix VARCHAR(16) NOT NULL,
	created_by BIGINT UNSIGNED NULL,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NULL,
	revoked_ms BIGINT NULL,
	rotated_to BIGINT UNSIGNED NULL,
	last_used_ms BIGINT NULL,
	allowed_models JSON NOT NULL DEFAULT '[]',
	allowed_providers JSON NOT NULL DEFAULT '[]',
	allowed_origins JSON NOT NULL DEFAULT '[]',
	rpm INT UNSIGNED NOT NULL DEFAULT 0,
	tpm BIGINT UNSIGNED NOT NULL DEFAULT 0,
	concurrent INT UNSIGNED NOT NULL DEFAULT 0,
	first_byte_timeout_ms INT UNSIGNED NOT NULL DEFAULT 0,
	total_timeout_ms INT UNSIGNED NOT NULL DEFAULT 0,
	cache_policy ENUM('default', 'on', 'off') NOT NULL DEFAULT 'default',
	cache_ttl_ms BIGINT NULL,
	metadata_mode ENUM('default', 'on', 'off') NOT NULL DEFAULT 'default',
	tags JSON NOT NULL DEFAULT '[]',
	PRIMARY KEY (id),
	UNIQUE KEY gateway_key_hash (hash),
	KEY gateway_key_project (project_id, name),
	CONSTRAINT gateway_keys_project
		FOREIGN KEY (project_id) REFERENCES projects (id),
	CONSTRAINT gateway_keys_created_by
		FOREIGN KEY (created_by) REFERENCES users (id)
		ON DELETE SET NULL,
	CONSTRAINT gateway_keys_rotated_to
		FOREIGN KEY (rotated_to) REFERENCES gateway_keys (id)
		ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a scope may spend in a period. scope_id is the id of the
-- organisation, project or key. For 'user' it is the project whose calls
-- carry the `user` member user_name; an empty user_name is each user alone.
-- A hard budget refuses, a soft one only alerts.
CREATE TABLE IF NOT EXISTS budgets (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	organisation_id BIGINT UNSIGNED NOT NULL,
	scope_kind ENUM('organisation', 'project', 'key', 'user') NOT NULL,
	scope_id BIGINT UNSIGNED NOT NULL,
	user_name VARCHAR(255) NOT NULL DEFAULT '',
	period ENUM('daily', 'monthly') NOT NULL,
	limit_picousd BIGINT NOT NULL,
	hard TINYINT NOT NULL DEFAULT 1,
	alert_threshold_percent TINYINT UNSIGNED NOT NULL DEFAULT 80,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY budget_scope (scope_kind, scope_id, user_name, period),
	KEY budget_organisation (organisation_id),
	CONSTRAINT budgets_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a scope may use in a period; scopes as in budgets.
CREATE TABLE IF NOT EXISTS quotas (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	organisation_id BIGINT UNSIGNED NOT NULL,
	scope_kind ENUM('organisation', 'project', 'key', 'user') NOT NULL,
	scope_id BIGINT UNSIGNED NOT NULL,
	user_name VARCHAR(255) NOT NULL DEFAULT '',
	period ENUM('minute', 'hour', 'daily', 'monthly') NOT NULL,
	limit_requests BIGINT UNSIGNED NOT NULL DEFAULT 0,
	limit_tokens BIGINT UNSIGNED NOT NULL DEFAULT 0,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY quota_scope (scope_kind, scope_id, user_name, period),
	KEY quota_organisation (organisation_id),
	CONSTRAINT quotas_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Logins that can be taken back; only the token's SHA-256 is known.
CREATE TABLE IF NOT EXISTS sessions (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	user_id BIGINT UNSIGNED NOT NULL,
	token_hash BINARY(32) NOT NULL,
	created_ms BIGINT NOT NULL,
	last_seen_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	revoked_ms BIGINT NULL,
	client_ip VARCHAR(45) NOT NULL DEFAULT '',
	user_agent VARCHAR(255) NOT NULL DEFAULT '',
	PRIMARY KEY (id),
	UNIQUE KEY session_token (token_hash),
	KEY session_user (user_id),
	KEY session_expires (expires_ms),
	CONSTRAINT sessions_user
		FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Links sent by e-mail to a person who has an account; each works once.
CREATE TABLE IF NOT EXISTS user_links (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	user_id BIGINT UNSIGNED NOT NULL,
	purpose ENUM('verify_email', 'reset_password') NOT NULL,
	token_hash BINARY(32) NOT NULL,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	used_ms BIGINT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY user_link_token (token_hash),
	KEY user_link_user (user_id),
	CONSTRAINT user_links_user
		FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- `project_id` NULL invites to the whole organisation.
CREATE TABLE IF NOT EXISTS invitations (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	organisation_id BIGINT UNSIGNED NOT NULL,
	project_id BIGINT UNSIGNED NULL,
	email VARCHAR(191) NOT NULL,
	role ENUM('owner', 'admin', 'member', 'viewer') NOT NULL,
	token_hash BINARY(32) NOT NULL,
	invited_by BIGINT UNSIGNED NULL,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	accepted_ms BIGINT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY invitation_token (token_hash),
	KEY invitation_organisation (organisation_id, email),
	CONSTRAINT invitations_organisation
		FOREIGN KEY (organisation_id) REFERENCES organisations (id)
		ON DELETE CASCADE,
	CONSTRAINT invitations_project
		FOREIGN KEY (project_id) REFERENCES projects (id)
		ON DELETE CASCADE,
	CONSTRAINT invitations_invited_by
		FOREIGN KEY (invited_by) REFERENCES users (id)
		ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Every process keeps keys and catalogue in memory and asks this table, or
-- its copy on the machine, whether they changed. Whoever changes them adds 1
-- in the same transaction.
CREATE TABLE IF NOT EXISTS snapshot_version (
	topic VARCHAR(32) NOT NULL,
	version BIGINT UNSIGNED NOT NULL,
	changed_ms BIGINT NOT NULL,
	PRIMARY KEY (topic)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO snapshot_version (topic, version, changed_ms)
VALUES ('keys', 1, 0), ('catalog', 1, 0), ('settings', 1, 0);

-- Who changed what. Without foreign keys: it outlives all it speaks of.
-- actor_user_id is 0 for the command line and the gateway itself, which
-- `actor` names ('cli', 'janitor'); else `actor` is the e-mail address.
-- Secrets are left out of the JSON by whoever writes it.
CREATE TABLE IF NOT EXISTS audit (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	at_ms BIGINT NOT NULL,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	actor_user_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	actor VARCHAR(191) NOT NULL,
	action VARCHAR(64) NOT NULL,
	object_kind VARCHAR(32) NOT NULL,
	object_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	object_name VARCHAR(191) NOT NULL DEFAULT '',
	before_json JSON NULL,
	after_json JSON NULL,
	client_ip VARCHAR(45) NOT NULL DEFAULT '',
	PRIMARY KEY (id),
	KEY audit_organisation (organisation_id, at_ms),
	KEY audit_object (object_kind, object_id, at_ms),
	KEY audit_time (at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
