-- What is sold. Texts that only describe live in doc (JSON); what is filtered, joined or
-- guarded has a column.
-- table organization: module catalog; scope installation
CREATE TABLE IF NOT EXISTS organization (
  id BIGINT NOT NULL,
  name VARCHAR(120) NOT NULL,
  name_en VARCHAR(120) NOT NULL,
  currency VARCHAR(3) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};

-- table venue: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS venue (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  state VARCHAR(16) NOT NULL,
  name VARCHAR(120) NOT NULL,
  name_en VARCHAR(120) NOT NULL,
  city VARCHAR(60) NOT NULL,
  time_zone VARCHAR(40) NOT NULL,
  day_starts_minute INT NOT NULL,
  doc VARBINARY(60000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX venue_organization ON venue (organization_id);

-- table hall: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS hall (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  name VARCHAR(120) NOT NULL,
  name_en VARCHAR(120) NOT NULL,
  doc VARBINARY(8000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX hall_venue ON hall (organization_id, venue_id);

-- code is the film code, permit number or the operator's own key; imports go by it.
-- table event: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS event (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  state VARCHAR(16) NOT NULL,
  code VARCHAR(64) NOT NULL,
  title VARCHAR(200) NOT NULL,
  title_en VARCHAR(200) NOT NULL,
  doc VARBINARY(60000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX event_code ON event (organization_id, code);

-- table ticket_type: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS ticket_type (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  code VARCHAR(40) NOT NULL,
  name VARCHAR(60) NOT NULL,
  name_en VARCHAR(60) NOT NULL,
  doc VARBINARY(8000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX ticket_type_code ON ticket_type (organization_id, code);

-- table price_list: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS price_list (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  name VARCHAR(120) NOT NULL,
  currency VARCHAR(3) NOT NULL,
  doc VARBINARY(60000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX price_list_organization ON price_list (organization_id);

-- table refund_policy: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS refund_policy (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  name VARCHAR(120) NOT NULL,
  doc VARBINARY(16000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX refund_policy_organization ON refund_policy (organization_id);

-- revision is bumped by every change of price, window, allotment or state; placing an
-- order is guarded by it.
-- table session: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS session (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  hall_id BIGINT NOT NULL,
  event_id BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  business_day INT NOT NULL,
  sale_from BIGINT NOT NULL,
  sale_until BIGINT NOT NULL,
  seat_map_version_id BIGINT NOT NULL,
  price_list_id BIGINT NOT NULL,
  refund_policy_id BIGINT NOT NULL,
  hold_seconds INT NOT NULL,
  max_per_order INT NOT NULL,
  max_per_member INT NOT NULL,
  orphan_rule VARCHAR(8) NOT NULL,
  doc VARBINARY(8000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX session_when ON session (starts_at);
CREATE INDEX session_hall ON session (organization_id, hall_id, starts_at);
CREATE INDEX session_price ON session (organization_id, price_list_id);
CREATE INDEX session_policy ON session (organization_id, refund_policy_id);
CREATE INDEX session_organization ON session (organization_id, starts_at);
CREATE INDEX session_event ON session (organization_id, event_id);
CREATE INDEX session_venue ON session (organization_id, venue_id, starts_at);

-- The bytes lie in the file store under the digest; one row per use keeps the tenant.
-- table media: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS media (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  digest VARCHAR(64) NOT NULL,
  content_type VARCHAR(60) NOT NULL,
  bytes BIGINT NOT NULL,
  width INT NOT NULL,
  height INT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX media_organization ON media (organization_id);
CREATE INDEX event_title ON event (organization_id, title);
