-- Who vouches for the tokens of a call, and why it is not the provider's
-- final count: 'billed' by that count, 'partial' by its count of what was
-- produced before the cut, 'estimated' by us, 'none' when nothing was
-- produced. billing_reason is client_gone, cut, no_usage or ''.
ALTER TABLE requests
	ADD COLUMN IF NOT EXISTS billing ENUM('none', 'billed', 'partial',
		'estimated') NOT NULL DEFAULT 'none',
	ADD COLUMN IF NOT EXISTS billing_reason VARCHAR(16) NOT NULL
		DEFAULT '';
