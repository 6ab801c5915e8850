-- What can be asked for: providers, their keys, models, prices, aliases.
-- Conventions as in 001_accounts.sql.

-- `auth` is 'bearer' or the name of the header that carries the key. `quirks`
-- are the ways in which a provider differs from its dialect. Time-outs of 0
-- leave it to the settings. The request log keeps names of its own, so a
-- provider may be deleted.
CREATE TABLE IF NOT EXISTS providers (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	name VARCHAR(64) NOT NULL,
	dialect VARCHAR(32) NOT NULL,
	base_url VARCHAR(1024) NOT NULL,
	auth VARCHAR(64) NOT NULL DEFAULT 'bearer',
	quirks JSON NOT NULL DEFAULT '{}',
	forward_headers JSON NOT NULL DEFAULT '[]',
	weight INT UNSIGNED NOT NULL DEFAULT 1,
	connect_timeout_ms INT UNSIGNED NOT NULL DEFAULT 0,
	first_byte_timeout_ms INT UNSIGNED NOT NULL DEFAULT 0,
	idle_timeout_ms INT UNSIGNED NOT NULL DEFAULT 0,
	total_timeout_ms INT UNSIGNED NOT NULL DEFAULT 0,
	rpm INT UNSIGNED NOT NULL DEFAULT 0,
	tpm BIGINT UNSIGNED NOT NULL DEFAULT 0,
	enabled TINYINT NOT NULL DEFAULT 1,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY provider_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- More hosts of one provider, beside its base_url: a pool that comes and
-- goes. A host that is not seen any more is disabled, not deleted.
CREATE TABLE IF NOT EXISTS provider_hosts (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	provider_id BIGINT UNSIGNED NOT NULL,
	base_url VARCHAR(700) NOT NULL,
	weight INT UNSIGNED NOT NULL DEFAULT 1,
	enabled TINYINT NOT NULL DEFAULT 1,
	last_seen_ms BIGINT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY provider_host_url (provider_id, base_url),
	CONSTRAINT provider_hosts_provider
		FOREIGN KEY (provider_id) REFERENCES providers (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- `sealed` is an envelope that only opens for the context
-- 'provider_key:ID' with the ID of its row; the row is inserted with an empty
-- one and sealed in the same transaction. key_version is the master key's.
CREATE TABLE IF NOT EXISTS provider_keys (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	provider_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(191) NOT NULL DEFAULT 'default',
	sealed VARBINARY(8192) NOT NULL DEFAULT '',
	key_version INT UNSIGNED NOT NULL DEFAULT 0,
	hint VARCHAR(8) NOT NULL DEFAULT '',
	weight INT UNSIGNED NOT NULL DEFAULT 1,
	enabled TINYINT NOT NULL DEFAULT 1,
	disabled_reason VARCHAR(255) NOT NULL DEFAULT '',
	created_ms BIGINT NOT NULL,
	validated_ms BIGINT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY provider_key_name (provider_id, name),
	KEY provider_key_version (key_version),
	CONSTRAINT provider_keys_provider
		FOREIGN KEY (provider_id) REFERENCES providers (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What one provider serves under one name. Several providers may serve the
-- same name. context_tokens and max_output_tokens are 0 where unknown;
-- quality (0-100) and speed (tokens/s) are NULL where unknown. `capabilities`
-- lists what it can do: "tools", "parallel_tools", "json_schema",
-- "reasoning", "streaming". Models of one non-empty `equivalence` may stand in
-- for each other when a provider fails. `source` is 'manual' or the catalogue a sync took
-- it from; a sync never changes what is manual.
CREATE TABLE IF NOT EXISTS models (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	provider_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(191) NOT NULL,
	upstream_name VARCHAR(255) NOT NULL,
	kind ENUM('chat', 'completion', 'embedding', 'moderation', 'rerank',
		'image', 'audio') NOT NULL DEFAULT 'chat',
	context_tokens BIGINT UNSIGNED NOT NULL DEFAULT 0,
	max_output_tokens BIGINT UNSIGNED NOT NULL DEFAULT 0,
	input_modalities JSON NOT NULL DEFAULT '["text"]',
	output_modalities JSON NOT NULL DEFAULT '["text"]',
	capabilities JSON NOT NULL DEFAULT '["tools", "streaming"]',
	quality TINYINT UNSIGNED NULL,
	speed INT UNSIGNED NULL,
	equivalence VARCHAR(64) NOT NULL DEFAULT '',
	deprecated_ms BIGINT NULL,
	enabled TINYINT NOT NULL DEFAULT 1,
	source VARCHAR(64) NOT NULL DEFAULT 'manual',
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY model_name (provider_id, name),
	KEY model_by_name (name),
	CONSTRAINT models_provider
		FOREIGN KEY (provider_id) REFERENCES providers (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A price holds from valid_from_ms until a later one of the same model,
-- service tier and size begins. Per token, except *_picousd_per_image and
-- request_picousd. NULL: no price of its own; cached and cache_write are then
-- billed as input, reasoning as output. service_tier '' is the ordinary one
-- ('batch', 'flex', 'priority' are others); above_prompt_tokens > 0 is the
-- price of calls with a longer prompt than that.
CREATE TABLE IF NOT EXISTS prices (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	model_id BIGINT UNSIGNED NOT NULL,
	valid_from_ms BIGINT NOT NULL,
	service_tier VARCHAR(16) NOT NULL DEFAULT '',
	above_prompt_tokens BIGINT UNSIGNED NOT NULL DEFAULT 0,
	input_picousd BIGINT NOT NULL DEFAULT 0,
	output_picousd BIGINT NOT NULL DEFAULT 0,
	cached_picousd BIGINT NULL,
	cache_write_picousd BIGINT NULL,
	reasoning_picousd BIGINT NULL,
	audio_input_picousd BIGINT NULL,
	audio_output_picousd BIGINT NULL,
	image_input_picousd_per_image BIGINT NULL,
	image_output_picousd_per_image BIGINT NULL,
	request_picousd BIGINT NULL,
	source VARCHAR(64) NOT NULL DEFAULT 'manual',
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY price_since (model_id, valid_from_ms, service_tier,
		above_prompt_tokens),
	CONSTRAINT prices_model
		FOREIGN KEY (model_id) REFERENCES models (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A name that stands for models. project_id 0: in every project.
CREATE TABLE IF NOT EXISTS aliases (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	name VARCHAR(191) NOT NULL,
	strategy ENUM('ordered', 'weighted', 'least_latency', 'auto')
		NOT NULL DEFAULT 'ordered',
	description VARCHAR(255) NOT NULL DEFAULT '',
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY alias_name (project_id, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- `model` is a name of the catalogue or 'provider/name'. Lower positions are
-- tried first, targets of one position share by weight. `conditions` say when
-- a target counts (NULL: always).
CREATE TABLE IF NOT EXISTS alias_targets (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	alias_id BIGINT UNSIGNED NOT NULL,
	position INT UNSIGNED NOT NULL,
	model VARCHAR(255) NOT NULL,
	weight INT UNSIGNED NOT NULL DEFAULT 1,
	conditions JSON NULL,
	PRIMARY KEY (id),
	UNIQUE KEY alias_target (alias_id, position, model),
	CONSTRAINT alias_targets_alias
		FOREIGN KEY (alias_id) REFERENCES aliases (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Every run of the catalogue's updater, the refused ones with their reason.
CREATE TABLE IF NOT EXISTS catalog_syncs (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	source VARCHAR(255) NOT NULL,
	source_sha256 BINARY(32) NULL,
	started_ms BIGINT NOT NULL,
	finished_ms BIGINT NULL,
	result ENUM('running', 'applied', 'unchanged', 'refused', 'failed')
		NOT NULL DEFAULT 'running',
	reason VARCHAR(1024) NOT NULL DEFAULT '',
	models_added INT UNSIGNED NOT NULL DEFAULT 0,
	models_changed INT UNSIGNED NOT NULL DEFAULT 0,
	models_deprecated INT UNSIGNED NOT NULL DEFAULT 0,
	prices_changed INT UNSIGNED NOT NULL DEFAULT 0,
	PRIMARY KEY (id),
	KEY catalog_sync_time (started_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a sync changed, by name: it outlives the models.
CREATE TABLE IF NOT EXISTS catalog_changes (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	sync_id BIGINT UNSIGNED NOT NULL,
	provider VARCHAR(64) NOT NULL,
	model VARCHAR(191) NOT NULL,
	kind ENUM('model_added', 'model_changed', 'model_deprecated',
		'price_changed') NOT NULL,
	before_json JSON NULL,
	after_json JSON NULL,
	PRIMARY KEY (id),
	KEY catalog_change_model (provider, model),
	CONSTRAINT catalog_changes_sync
		FOREIGN KEY (sync_id) REFERENCES catalog_syncs (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
