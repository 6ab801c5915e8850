-- Invitations that go by e-mail. The link in the mail has a token of its own,
-- made when it is sent; the one that the page shows is kept nowhere. NULL:
-- nobody asked for a mail, or it is sent. Conventions as in 001_accounts.sql.

ALTER TABLE invitations
	ADD COLUMN IF NOT EXISTS mail_asked_ms BIGINT NULL,
	ADD COLUMN IF NOT EXISTS mail_hash BINARY(32) NULL,
	ADD UNIQUE KEY IF NOT EXISTS invitation_mail (mail_hash),
	ADD KEY IF NOT EXISTS invitation_mail_asked (mail_asked_ms);
