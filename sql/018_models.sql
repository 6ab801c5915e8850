-- What the pages on models need.

-- The gateway key that stands for people of a project who call from the
-- dashboard, or with the token of their login. Nobody knows a secret of it.
CREATE TABLE IF NOT EXISTS playground_keys (
	project_id BIGINT UNSIGNED NOT NULL,
	gateway_key_id BIGINT UNSIGNED NOT NULL,
	PRIMARY KEY (project_id),
	CONSTRAINT playground_keys_key
		FOREIGN KEY (gateway_key_id) REFERENCES gateway_keys (id)
		ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The calls of a project that a router chose for, the newest first.
CREATE INDEX IF NOT EXISTS request_route_of_project
	ON request_routes (project_id, started_ms);
