-- Why a call went where it went, and what came of each attempt there.
-- Conventions as in 001_accounts.sql.

-- By the beginning of its prompt: warm (that is in the cache there), hashed
-- (it may come to be), spread (another place was too busy), or '' by chance.
ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS affinity VARCHAR(8) CHARACTER SET ascii
		COLLATE ascii_bin NOT NULL DEFAULT '';
ALTER TABLE request_attempts
	ADD COLUMN IF NOT EXISTS affinity VARCHAR(8) CHARACTER SET ascii
		COLLATE ascii_bin NOT NULL DEFAULT '';

-- Attempts at providers by minute, also those that another provider saved:
-- all whose end says something of the provider, and those that failed by its
-- fault. An attempt that did not begin because the provider had failed just
-- before is one that failed. Written with the requests; split by UTC day as
-- usage_minute is.
CREATE TABLE IF NOT EXISTS attempts_minute (
	bucket_ms BIGINT NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	attempts BIGINT NOT NULL DEFAULT 0,
	failed BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (bucket_ms, project_id, provider_id),
	KEY attempts_minute_organisation (organisation_id, bucket_ms),
	KEY attempts_minute_project (project_id, bucket_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (bucket_ms) (
	PARTITION p_max VALUES LESS THAN MAXVALUE
);

-- Its partitions of today, UTC, and the next seven days, unless it has some.
SET @today = FLOOR(UNIX_TIMESTAMP() / 86400);
SET @days = (SELECT GROUP_CONCAT(
	CONCAT('PARTITION p',
		DATE_FORMAT(DATE_ADD('1970-01-01', INTERVAL @today + seq DAY),
			'%Y%m%d'),
		' VALUES LESS THAN (', (@today + seq + 1) * 86400000, ')')
	ORDER BY seq SEPARATOR ', ')
	FROM seq_0_to_7);
SET @partitions = IF(
	(SELECT COUNT(*) FROM information_schema.PARTITIONS
		WHERE TABLE_SCHEMA = DATABASE()
			AND TABLE_NAME = 'attempts_minute') > 1,
	'DO 0',
	CONCAT('ALTER TABLE attempts_minute REORGANIZE PARTITION p_max INTO (',
		@days, ', PARTITION p_max VALUES LESS THAN MAXVALUE)'));
PREPARE partitions FROM @partitions;
EXECUTE partitions;
DEALLOCATE PREPARE partitions;
