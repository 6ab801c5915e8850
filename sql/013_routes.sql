-- Routing: a strategy more for aliases.

-- 'cascade': the first model answers, and a poor answer is asked for once
-- more of the next one.
ALTER TABLE aliases MODIFY strategy
	ENUM('ordered', 'weighted', 'least_latency', 'auto', 'cascade')
	NOT NULL DEFAULT 'ordered';
