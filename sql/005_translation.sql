-- Calls whose provider speaks another dialect than the client.

-- A provider may speak several: names, separated by commas.
ALTER TABLE providers MODIFY dialect VARCHAR(255) NOT NULL;

-- provider_dialect is the one that was used; `dropped` names the members of
-- the request that it had no words for.
ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS provider_dialect VARCHAR(32) NOT NULL
		DEFAULT '',
	ADD COLUMN IF NOT EXISTS dropped VARCHAR(1024) NOT NULL DEFAULT '';

-- Rather a refusal than an answer to less than was asked.
ALTER TABLE gateway_keys
	ADD COLUMN IF NOT EXISTS strict TINYINT NOT NULL DEFAULT 0;
