-- How many requests may run at once is a quota, too: without a period.
ALTER TABLE quotas MODIFY period
	ENUM('minute', 'hour', 'daily', 'monthly', 'at_once') NOT NULL;
