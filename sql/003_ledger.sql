-- What happened: the request log, its totals, the journal's position.
-- Conventions as in 001_accounts.sql; durations are microseconds, in _us.
--
-- Partitions. requests, request_contents, request_attempts, request_routes and
-- usage_minute are split by UTC day: partition pYYYYMMDD holds the rows below
-- the first millisecond of the day after it, p_max everything from the last
-- named day on. So p_max must be split before its rows arrive, which then
-- costs nothing:
--
--	ALTER TABLE requests REORGANIZE PARTITION p_max INTO (
--		PARTITION p20261122 VALUES LESS THAN (1795392000000),
--		PARTITION p_max VALUES LESS THAN MAXVALUE);
--
-- and a day is forgotten at once, whatever its size:
--
--	ALTER TABLE requests DROP PARTITION p20261122;
--
-- A row of a forgotten day that comes late goes to the oldest partition left,
-- one of a day not yet made to p_max: nothing is ever refused. Partitioned
-- tables of InnoDB cannot have foreign keys; names are kept beside ids, so
-- that the log can be read when what it speaks of is gone.

-- One row a call. Ids are 0 where unknown; durations and token counts are
-- NULL where it never came to that, or nobody counted. cached and cache_write
-- are part of prompt, reasoning of completion. With priced = 0 the cost means
-- nothing. saved_picousd is what a cache hit did not cost. usage_source says
-- who counted.
CREATE TABLE IF NOT EXISTS requests (
	started_ms BIGINT NOT NULL,
	request_id VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	key_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	user VARCHAR(255) NOT NULL DEFAULT '',
	client_ip VARCHAR(45) NOT NULL DEFAULT '',
	route VARCHAR(255) NOT NULL DEFAULT '',
	dialect VARCHAR(32) NOT NULL DEFAULT '',
	model_asked VARCHAR(255) NOT NULL DEFAULT '',
	alias VARCHAR(191) NOT NULL DEFAULT '',
	complexity VARCHAR(16) NOT NULL DEFAULT '',
	streamed TINYINT NOT NULL DEFAULT 0,
	model_used VARCHAR(255) NOT NULL DEFAULT '',
	model_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider VARCHAR(64) NOT NULL DEFAULT '',
	provider_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider_key_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	attempts INT NOT NULL DEFAULT 0,
	status SMALLINT NOT NULL DEFAULT 0,
	error VARCHAR(64) NOT NULL DEFAULT '',
	error_detail VARCHAR(512) NOT NULL DEFAULT '',
	finish_reason VARCHAR(32) NOT NULL DEFAULT '',
	complete TINYINT NOT NULL DEFAULT 0,
	cache_hit TINYINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NULL,
	completion_tokens BIGINT NULL,
	cached_tokens BIGINT NULL,
	cache_write_tokens BIGINT NULL,
	reasoning_tokens BIGINT NULL,
	usage_source ENUM('none', 'provider', 'estimated')
		NOT NULL DEFAULT 'none',
	priced TINYINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	saved_picousd BIGINT NOT NULL DEFAULT 0,
	queue_us BIGINT NULL,
	gateway_us BIGINT NULL,
	connect_us BIGINT NULL,
	first_token_us BIGINT NULL,
	total_us BIGINT NULL,
	request_bytes BIGINT NOT NULL DEFAULT 0,
	response_bytes BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (started_ms, request_id),
	KEY request_by_id (request_id),
	KEY request_organisation (organisation_id, started_ms),
	KEY request_project (project_id, started_ms),
	KEY request_key (key_id, started_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (started_ms) (
	PARTITION p_max VALUES LESS THAN MAXVALUE
);

-- The bodies of a call, where a project keeps them. `redacted`: personal data
-- was taken out before they were stored. `cut`: they were longer than this.
CREATE TABLE IF NOT EXISTS request_contents (
	started_ms BIGINT NOT NULL,
	request_id VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	request_body LONGBLOB NULL,
	response_body LONGBLOB NULL,
	redacted TINYINT NOT NULL DEFAULT 0,
	cut TINYINT NOT NULL DEFAULT 0,
	PRIMARY KEY (started_ms, request_id),
	KEY request_content_by_id (request_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (started_ms) (
	PARTITION p_max VALUES LESS THAN MAXVALUE
);

-- Each attempt of a call at a provider, counted from 1. offset_us is its
-- beginning, from the call's arrival. status is 0 without an HTTP answer.
CREATE TABLE IF NOT EXISTS request_attempts (
	started_ms BIGINT NOT NULL,
	request_id VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	attempt INT NOT NULL,
	model_used VARCHAR(255) NOT NULL DEFAULT '',
	model_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider VARCHAR(64) NOT NULL DEFAULT '',
	provider_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider_key_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	upstream_request_id VARCHAR(128) NOT NULL DEFAULT '',
	status SMALLINT NOT NULL DEFAULT 0,
	error VARCHAR(64) NOT NULL DEFAULT '',
	error_detail VARCHAR(512) NOT NULL DEFAULT '',
	advice VARCHAR(16) NOT NULL DEFAULT '',
	offset_us BIGINT NULL,
	connect_us BIGINT NULL,
	first_byte_us BIGINT NULL,
	total_us BIGINT NULL,
	PRIMARY KEY (started_ms, request_id, attempt),
	KEY request_attempt_by_id (request_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (started_ms) (
	PARTITION p_max VALUES LESS THAN MAXVALUE
);

-- Why a call went where it went: the candidates with their scores, and the
-- reason in one line.
CREATE TABLE IF NOT EXISTS request_routes (
	started_ms BIGINT NOT NULL,
	request_id VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	reason VARCHAR(255) NOT NULL DEFAULT '',
	candidates JSON NOT NULL DEFAULT '[]',
	PRIMARY KEY (started_ms, request_id),
	KEY request_route_by_id (request_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (started_ms) (
	PARTITION p_max VALUES LESS THAN MAXVALUE
);

-- Totals per minute, hour and UTC day, written in the transaction that writes
-- the requests, so that a page never adds up the log. bucket_ms is the first
-- millisecond of the bucket. Ids are 0 where a call had none. A call counts
-- in errors when its `error` is not empty. Unknown counts and durations add
-- nothing; *_requests say how many calls are in a sum of durations. under_*
-- and over_60s are a histogram of total_us: each call in the first that fits.
CREATE TABLE IF NOT EXISTS usage_minute (
	bucket_ms BIGINT NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	key_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	model_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	requests BIGINT NOT NULL DEFAULT 0,
	errors BIGINT NOT NULL DEFAULT 0,
	incomplete BIGINT NOT NULL DEFAULT 0,
	streamed BIGINT NOT NULL DEFAULT 0,
	cache_hits BIGINT NOT NULL DEFAULT 0,
	unpriced BIGINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NOT NULL DEFAULT 0,
	completion_tokens BIGINT NOT NULL DEFAULT 0,
	cached_tokens BIGINT NOT NULL DEFAULT 0,
	cache_write_tokens BIGINT NOT NULL DEFAULT 0,
	reasoning_tokens BIGINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	saved_picousd BIGINT NOT NULL DEFAULT 0,
	queue_us BIGINT NOT NULL DEFAULT 0,
	gateway_us BIGINT NOT NULL DEFAULT 0,
	first_token_us BIGINT NOT NULL DEFAULT 0,
	first_token_requests BIGINT NOT NULL DEFAULT 0,
	total_us BIGINT NOT NULL DEFAULT 0,
	total_requests BIGINT NOT NULL DEFAULT 0,
	under_100ms BIGINT NOT NULL DEFAULT 0,
	under_250ms BIGINT NOT NULL DEFAULT 0,
	under_500ms BIGINT NOT NULL DEFAULT 0,
	under_1s BIGINT NOT NULL DEFAULT 0,
	under_2500ms BIGINT NOT NULL DEFAULT 0,
	under_5s BIGINT NOT NULL DEFAULT 0,
	under_10s BIGINT NOT NULL DEFAULT 0,
	under_30s BIGINT NOT NULL DEFAULT 0,
	under_60s BIGINT NOT NULL DEFAULT 0,
	over_60s BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (bucket_ms, project_id, key_id, model_id, provider_id),
	KEY usage_minute_organisation (organisation_id, bucket_ms),
	KEY usage_minute_project (project_id, bucket_ms),
	KEY usage_minute_key (key_id, bucket_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (bucket_ms) (
	PARTITION p_max VALUES LESS THAN MAXVALUE
);

CREATE TABLE IF NOT EXISTS usage_hour (
	bucket_ms BIGINT NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	key_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	model_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	requests BIGINT NOT NULL DEFAULT 0,
	errors BIGINT NOT NULL DEFAULT 0,
	incomplete BIGINT NOT NULL DEFAULT 0,
	streamed BIGINT NOT NULL DEFAULT 0,
	cache_hits BIGINT NOT NULL DEFAULT 0,
	unpriced BIGINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NOT NULL DEFAULT 0,
	completion_tokens BIGINT NOT NULL DEFAULT 0,
	cached_tokens BIGINT NOT NULL DEFAULT 0,
	cache_write_tokens BIGINT NOT NULL DEFAULT 0,
	reasoning_tokens BIGINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	saved_picousd BIGINT NOT NULL DEFAULT 0,
	queue_us BIGINT NOT NULL DEFAULT 0,
	gateway_us BIGINT NOT NULL DEFAULT 0,
	first_token_us BIGINT NOT NULL DEFAULT 0,
	first_token_requests BIGINT NOT NULL DEFAULT 0,
	total_us BIGINT NOT NULL DEFAULT 0,
	total_requests BIGINT NOT NULL DEFAULT 0,
	under_100ms BIGINT NOT NULL DEFAULT 0,
	under_250ms BIGINT NOT NULL DEFAULT 0,
	under_500ms BIGINT NOT NULL DEFAULT 0,
	under_1s BIGINT NOT NULL DEFAULT 0,
	under_2500ms BIGINT NOT NULL DEFAULT 0,
	under_5s BIGINT NOT NULL DEFAULT 0,
	under_10s BIGINT NOT NULL DEFAULT 0,
	under_30s BIGINT NOT NULL DEFAULT 0,
	under_60s BIGINT NOT NULL DEFAULT 0,
	over_60s BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (bucket_ms, project_id, key_id, model_id, provider_id),
	KEY usage_hour_organisation (organisation_id, bucket_ms),
	KEY usage_hour_project (project_id, bucket_ms),
	KEY usage_hour_key (key_id, bucket_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usage_day (
	bucket_ms BIGINT NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	key_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	model_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	provider_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	requests BIGINT NOT NULL DEFAULT 0,
	errors BIGINT NOT NULL DEFAULT 0,
	incomplete BIGINT NOT NULL DEFAULT 0,
	streamed BIGINT NOT NULL DEFAULT 0,
	cache_hits BIGINT NOT NULL DEFAULT 0,
	unpriced BIGINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NOT NULL DEFAULT 0,
	completion_tokens BIGINT NOT NULL DEFAULT 0,
	cached_tokens BIGINT NOT NULL DEFAULT 0,
	cache_write_tokens BIGINT NOT NULL DEFAULT 0,
	reasoning_tokens BIGINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	saved_picousd BIGINT NOT NULL DEFAULT 0,
	queue_us BIGINT NOT NULL DEFAULT 0,
	gateway_us BIGINT NOT NULL DEFAULT 0,
	first_token_us BIGINT NOT NULL DEFAULT 0,
	first_token_requests BIGINT NOT NULL DEFAULT 0,
	total_us BIGINT NOT NULL DEFAULT 0,
	total_requests BIGINT NOT NULL DEFAULT 0,
	under_100ms BIGINT NOT NULL DEFAULT 0,
	under_250ms BIGINT NOT NULL DEFAULT 0,
	under_500ms BIGINT NOT NULL DEFAULT 0,
	under_1s BIGINT NOT NULL DEFAULT 0,
	under_2500ms BIGINT NOT NULL DEFAULT 0,
	under_5s BIGINT NOT NULL DEFAULT 0,
	under_10s BIGINT NOT NULL DEFAULT 0,
	under_30s BIGINT NOT NULL DEFAULT 0,
	under_60s BIGINT NOT NULL DEFAULT 0,
	over_60s BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (bucket_ms, project_id, key_id, model_id, provider_id),
	KEY usage_day_organisation (organisation_id, bucket_ms),
	KEY usage_day_project (project_id, bucket_ms),
	KEY usage_day_key (key_id, bucket_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Totals of the callers' own users (the `user` member) per UTC day; calls
-- without one are not in here.
CREATE TABLE IF NOT EXISTS usage_user_day (
	bucket_ms BIGINT NOT NULL,
	project_id BIGINT UNSIGNED NOT NULL,
	user VARCHAR(255) NOT NULL,
	organisation_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	requests BIGINT NOT NULL DEFAULT 0,
	errors BIGINT NOT NULL DEFAULT 0,
	prompt_tokens BIGINT NOT NULL DEFAULT 0,
	completion_tokens BIGINT NOT NULL DEFAULT 0,
	cost_picousd BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (bucket_ms, project_id, user),
	KEY usage_user_day_project (project_id, bucket_ms),
	KEY usage_user_day_organisation (organisation_id, bucket_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- How far each journal file has been replayed, in bytes; written in the same
-- transaction as its records. Counters since the file began.
CREATE TABLE IF NOT EXISTS journal_files (
	name VARCHAR(255) NOT NULL,
	position BIGINT NOT NULL DEFAULT 0,
	records BIGINT NOT NULL DEFAULT 0,
	lost_bytes BIGINT NOT NULL DEFAULT 0,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The definitions of the first partitions: today, UTC, and seven days more.
SET @today = FLOOR(UNIX_TIMESTAMP() / 86400);
SET @days = (SELECT GROUP_CONCAT(
	CONCAT('PARTITION p',
		DATE_FORMAT(DATE_ADD('1970-01-01', INTERVAL @today + seq DAY),
			'%Y%m%d'),
		' VALUES LESS THAN (', (@today + seq + 1) * 86400000, ')')
	ORDER BY seq SEPARATOR ', ')
	FROM seq_0_to_7);

-- Today's and the next seven days' partitions of requests, unless it has some.
SET @partitions = IF(
	(SELECT COUNT(*) FROM information_schema.PARTITIONS
		WHERE TABLE_SCHEMA = DATABASE()
			AND TABLE_NAME = 'requests') > 1,
	'DO 0',
	CONCAT('ALTER TABLE requests REORGANIZE PARTITION p_max INTO (',
		@days, ', PARTITION p_max VALUES LESS THAN MAXVALUE)'));
PREPARE partitions FROM @partitions;
EXECUTE partitions;
DEALLOCATE PREPARE partitions;

-- Today's and the next seven days' partitions of request_contents, unless it has some.
SET @partitions = IF(
	(SELECT COUNT(*) FROM information_schema.PARTITIONS
		WHERE TABLE_SCHEMA = DATABASE()
			AND TABLE_NAME = 'request_contents') > 1,
	'DO 0',
	CONCAT('ALTER TABLE request_contents REORGANIZE PARTITION p_max INTO (',
		@days, ', PARTITION p_max VALUES LESS THAN MAXVALUE)'));
PREPARE partitions FROM @partitions;
EXECUTE partitions;
DEALLOCATE PREPARE partitions;

-- Today's and the next seven days' partitions of request_attempts, unless it has some.
SET @partitions = IF(
	(SELECT COUNT(*) FROM information_schema.PARTITIONS
		WHERE TABLE_SCHEMA = DATABASE()
			AND TABLE_NAME = 'request_attempts') > 1,
	'DO 0',
	CONCAT('ALTER TABLE request_attempts REORGANIZE PARTITION p_max INTO (',
		@days, ', PARTITION p_max VALUES LESS THAN MAXVALUE)'));
PREPARE partitions FROM @partitions;
EXECUTE partitions;
DEALLOCATE PREPARE partitions;

-- Today's and the next seven days' partitions of request_routes, unless it has some.
SET @partitions = IF(
	(SELECT COUNT(*) FROM information_schema.PARTITIONS
		WHERE TABLE_SCHEMA = DATABASE()
			AND TABLE_NAME = 'request_routes') > 1,
	'DO 0',
	CONCAT('ALTER TABLE request_routes REORGANIZE PARTITION p_max INTO (',
		@days, ', PARTITION p_max VALUES LESS THAN MAXVALUE)'));
PREPARE partitions FROM @partitions;
EXECUTE partitions;
DEALLOCATE PREPARE partitions;

-- Today's and the next seven days' partitions of usage_minute, unless it has some.
SET @partitions = IF(
	(SELECT COUNT(*) FROM information_schema.PARTITIONS
		WHERE TABLE_SCHEMA = DATABASE()
			AND TABLE_NAME = 'usage_minute') > 1,
	'DO 0',
	CONCAT('ALTER TABLE usage_minute REORGANIZE PARTITION p_max INTO (',
		@days, ', PARTITION p_max VALUES LESS THAN MAXVALUE)'));
PREPARE partitions FROM @partitions;
EXECUTE partitions;
DEALLOCATE PREPARE partitions;
