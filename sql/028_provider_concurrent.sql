-- Requests that a provider answers at once; 0: no limit.
ALTER TABLE providers
	ADD COLUMN IF NOT EXISTS concurrent BIGINT UNSIGNED NOT NULL DEFAULT 0
		AFTER tpm;
