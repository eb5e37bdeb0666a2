-- table gate: module checkin; scope tenant
CREATE TABLE IF NOT EXISTS gate (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  name VARCHAR(60) NOT NULL,
  name_en VARCHAR(60) NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX gate_venue ON gate (organization_id, venue_id);

-- table device: module checkin; scope tenant
CREATE TABLE IF NOT EXISTS device (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  gate_id BIGINT NOT NULL,
  name VARCHAR(60) NOT NULL,
  state VARCHAR(12) NOT NULL,
  code_hash VARBINARY(32),
  code_until BIGINT NOT NULL,
  token_hash VARBINARY(32),
  seen_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX device_token ON device (token_hash);
CREATE UNIQUE INDEX device_code ON device (code_hash);
CREATE INDEX device_venue ON device (organization_id, venue_id);

-- One use of an entitlement. direction: 1 entry, 2 exit. device_id is 0 when staff did it,
-- and staff_id is 0 when a device did. used, allowed and inside are what the entitlement
-- said just after, so that a repeated scan gets the first answer. venue_id is the ticket's.
-- table checkin: module checkin; scope tenant
CREATE TABLE IF NOT EXISTS checkin (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  ticket_id BIGINT NOT NULL,
  entitlement INT NOT NULL,
  device_id BIGINT NOT NULL,
  staff_id BIGINT NOT NULL,
  gate_id BIGINT NOT NULL,
  direction INT NOT NULL,
  n INT NOT NULL,
  used INT NOT NULL,
  allowed INT NOT NULL,
  inside INT NOT NULL,
  at BIGINT NOT NULL,
  undone_at BIGINT NOT NULL,
  conflict INT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX checkin_ticket ON checkin (ticket_id);

-- A scan's nonce is unique for ever. scanner_id is the device, or the member of staff who
-- scanned without one; digest tells a repeat from another scan under the same nonce.
-- table scan_nonce: module checkin; scope child
CREATE TABLE IF NOT EXISTS scan_nonce (
  scanner_id BIGINT NOT NULL,
  nonce VARBINARY(32) NOT NULL,
  digest VARBINARY(16) NOT NULL,
  checkin_id BIGINT NOT NULL,
  PRIMARY KEY (scanner_id, nonce)
) {{suffix}};

-- Live figures of a session.
-- table session_count: module checkin; scope child
CREATE TABLE IF NOT EXISTS session_count (
  session_id BIGINT NOT NULL,
  entered INT NOT NULL,
  inside INT NOT NULL,
  PRIMARY KEY (session_id)
) {{suffix}};
