-- How a command was carried out while a rule of two people stood for its kind: by the request
-- of that number, or (0) by one person alone, who might up to over_minor in a day. object is
-- what the command made or changed, at the revision that it has since. One row a command, in
-- its own transaction: what one person did alone adds up, and the doctor compares the rows
-- with what they are about.
-- table approval_pass: module approval; scope tenant
CREATE TABLE IF NOT EXISTS approval_pass (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  kind VARCHAR(40) NOT NULL,
  staff_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  request_id BIGINT NOT NULL,
  object_kind VARCHAR(8) NOT NULL,
  object_id BIGINT NOT NULL,
  object_revision BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  over_minor BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX approval_pass_staff ON approval_pass (organization_id, kind, staff_id, at);
CREATE INDEX approval_pass_object ON approval_pass (object_id, object_revision);
CREATE INDEX approval_pass_request ON approval_pass (request_id);

-- since is when the rule was last switched on; 0: before rows of approval_pass were written.
ALTER TABLE approval_rule ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
