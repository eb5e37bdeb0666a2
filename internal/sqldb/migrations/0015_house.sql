-- Commands that wait for a second person. What was asked is kept as it was asked; state:
-- pending, done, refused, withdrawn, stale, expired; that a pending one is too old is derived
-- from expires_at. open_digest is what the same wish of the same person is found by, and NULL once
-- the request has ended. doc is words and lines for people, input what the command is carried
-- out from.
-- table approval_request: module approval; scope tenant
CREATE TABLE IF NOT EXISTS approval_request (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  kind VARCHAR(40) NOT NULL,
  state VARCHAR(12) NOT NULL,
  object_kind VARCHAR(8) NOT NULL,
  object_id BIGINT NOT NULL,
  object_revision BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  asked_by BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  decided_by BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  problem VARCHAR(64) NOT NULL,
  made_kind VARCHAR(8) NOT NULL,
  made_id BIGINT NOT NULL,
  doc MEDIUMBLOB NOT NULL,
  input MEDIUMBLOB NOT NULL,
  open_digest VARBINARY(32),
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX approval_request_open ON approval_request (organization_id, open_digest);
CREATE INDEX approval_request_state ON approval_request (organization_id, state, id);
CREATE INDEX approval_request_asker ON approval_request (organization_id, asked_by, id);

-- Which kinds of command of an organization need a second person, and from which amount on.
-- table approval_rule: module approval; scope tenant
CREATE TABLE IF NOT EXISTS approval_rule (
  organization_id BIGINT NOT NULL,
  kind VARCHAR(40) NOT NULL,
  enabled INT NOT NULL,
  over_minor BIGINT NOT NULL,
  days INT NOT NULL,
  PRIMARY KEY (organization_id, kind)
) {{suffix}};
