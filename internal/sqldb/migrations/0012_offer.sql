-- What discounts there are. The rule itself lives in doc (JSON).
-- table offer_rule: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS offer_rule (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  name VARCHAR(60) NOT NULL,
  doc VARBINARY(16000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX offer_rule_organization ON offer_rule (organization_id);

-- The tiers in which a ticket type is released.
-- table ticket_release: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS ticket_release (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  name VARCHAR(60) NOT NULL,
  doc VARBINARY(16000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX ticket_release_organization ON ticket_release (organization_id);

-- What the codes of a batch are good for.
-- table code_batch: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS code_batch (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  name VARCHAR(60) NOT NULL,
  doc VARBINARY(16000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX code_batch_organization ON code_batch (organization_id);

-- Prices that a list had until a moment: what a struck-through price may show.
-- table past_price: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS past_price (
  organization_id BIGINT NOT NULL,
  price_list_id BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  zone VARCHAR(200) NOT NULL,
  ticket_type_id BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (organization_id, price_list_id, revision, ticket_type_id, zone)
) {{suffix}};

-- One code. What can be used once is known by its digest alone; a code that may be used
-- often also keeps its text, for staff to read.
-- table offer_code: module order; scope tenant
CREATE TABLE IF NOT EXISTS offer_code (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  batch_id BIGINT NOT NULL,
  digest VARBINARY(32) NOT NULL,
  shown VARCHAR(60) NOT NULL,
  most BIGINT NOT NULL,
  used BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX offer_code_digest ON offer_code (organization_id, digest);
CREATE INDEX offer_code_batch ON offer_code (batch_id, id);

-- What orders used of a thing that has a number: applications and money of a rule (session
-- 0), units of a tier and of an add-on's stock (of one session). kind: 1 applications, 2
-- money, 3 tier (item is its key), 4 stock.
-- table use_counter: module order; scope tenant
CREATE TABLE IF NOT EXISTS use_counter (
  organization_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  kind INT NOT NULL,
  subject BIGINT NOT NULL,
  item INT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (organization_id, session_id, kind, subject, item)
) {{suffix}};
