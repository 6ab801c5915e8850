-- What people choose for themselves, logins that renew themselves, and
-- invitations that can be taken back.

-- '' follows the browser.
ALTER TABLE users
	ADD COLUMN IF NOT EXISTS theme VARCHAR(8) NOT NULL DEFAULT '';

-- The token of a login changes each time that it renews itself. The one
-- before is known still: it is good for a moment, for requests that were
-- under way, and after that only a thief's copy would come. The organisation
-- and the project are those that the person looks at; NULL is not chosen.
ALTER TABLE sessions
	ADD COLUMN IF NOT EXISTS previous_hash BINARY(32) NULL,
	ADD COLUMN IF NOT EXISTS rotated_ms BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS organisation_id BIGINT UNSIGNED NULL,
	ADD COLUMN IF NOT EXISTS project_id BIGINT UNSIGNED NULL,
	ADD UNIQUE KEY IF NOT EXISTS session_previous (previous_hash);

ALTER TABLE invitations
	ADD COLUMN IF NOT EXISTS revoked_ms BIGINT NULL;

-- A link that was asked for waits for its mail: only when that is written is
-- its token made. NULL: no mail, or it has been sent.
ALTER TABLE user_links
	ADD COLUMN IF NOT EXISTS mail_asked_ms BIGINT NULL,
	ADD KEY IF NOT EXISTS user_link_mail (mail_asked_ms);
