-- The right to enter. The code is derived from (id, code_version, key) when read.
-- table ticket: module ticket; scope tenant
CREATE TABLE IF NOT EXISTS ticket (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  line INT NOT NULL,
  unit INT NOT NULL,
  units INT NOT NULL,
  member_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  code_version INT NOT NULL,
  state VARCHAR(8) NOT NULL,
  label VARCHAR(200) NOT NULL,
  type_name VARCHAR(60) NOT NULL,
  type_name_en VARCHAR(60) NOT NULL,
  valid_from BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  voided_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX ticket_order ON ticket (order_id);
CREATE INDEX ticket_member ON ticket (member_id, valid_from);

-- One admission is one guarded update of this row: used < allowed, state live.
-- table entitlement: module ticket; scope tenant
CREATE TABLE IF NOT EXISTS entitlement (
  ticket_id BIGINT NOT NULL,
  number INT NOT NULL,
  organization_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  state VARCHAR(8) NOT NULL,
  allowed INT NOT NULL,
  used INT NOT NULL,
  inside INT NOT NULL,
  share_minor BIGINT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  PRIMARY KEY (ticket_id, number)
) {{suffix}};
CREATE INDEX entitlement_session ON entitlement (session_id);
