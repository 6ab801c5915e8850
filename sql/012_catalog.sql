-- What the catalogue's updater needs beside 002_catalog.sql.

-- Anthropic's price of writing to a cache that lives an hour; NULL: as
-- cache_write_picousd.
ALTER TABLE prices ADD COLUMN IF NOT EXISTS
	cache_write_1h_picousd BIGINT NULL AFTER cache_write_picousd;

-- Where a model's quality comes from: '' a person, 'price prior' a guess from
-- its first price.
ALTER TABLE models ADD COLUMN IF NOT EXISTS
	quality_source VARCHAR(64) NOT NULL DEFAULT '' AFTER quality;

-- What a source was when it was last applied, or found to change nothing.
-- models_read is how many models it had, catalog_version the catalogue's after
-- that; etag is what the server said ('' where it is a file).
CREATE TABLE IF NOT EXISTS catalog_sources (
	source VARCHAR(255) NOT NULL,
	format VARCHAR(32) NOT NULL,
	etag VARCHAR(255) NOT NULL DEFAULT '',
	sha256 BINARY(32) NOT NULL,
	models_read INT UNSIGNED NOT NULL,
	catalog_version BIGINT UNSIGNED NOT NULL,
	applied_ms BIGINT NOT NULL,
	PRIMARY KEY (source)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
