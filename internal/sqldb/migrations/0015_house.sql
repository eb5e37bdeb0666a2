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

-- What a buyer asks an invoice for: one row an order, changed until it is exported. state:
-- requested, exported, issued (its number was typed back), withdrawn. sealed is title, tax
-- number and e-mail. paid_minor follows what the order has left; once it is below what was
-- exported less what red letters took back (red_minor), another red letter is needed.
-- table invoice_request: module invoice; scope tenant
CREATE TABLE IF NOT EXISTS invoice_request (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  title_kind VARCHAR(8) NOT NULL,
  sealed VARBINARY(2000) NOT NULL,
  currency VARCHAR(3) NOT NULL,
  paid_minor BIGINT NOT NULL,
  exported_minor BIGINT NOT NULL,
  red_minor BIGINT NOT NULL,
  batch_id BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  red_number VARCHAR(40) NOT NULL,
  asked_at BIGINT NOT NULL,
  exported_at BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX invoice_request_order ON invoice_request (order_id);
CREATE INDEX invoice_request_state ON invoice_request (organization_id, state, id);
CREATE INDEX invoice_request_batch ON invoice_request (organization_id, batch_id, id);

-- One export of invoice requests; its file is made of the rows that name it.
-- table invoice_batch: module invoice; scope tenant
CREATE TABLE IF NOT EXISTS invoice_batch (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  made_by BIGINT NOT NULL,
  made_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX invoice_batch_organization ON invoice_batch (organization_id, id);

-- Orders that needed the house's agreement before they could be paid. state: waiting, agreed,
-- refused; whether a waiting one is still of interest is said by the state of its order.
-- table order_agreement: module order; scope tenant
CREATE TABLE IF NOT EXISTS order_agreement (
  order_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  state VARCHAR(8) NOT NULL,
  pay_hours INT NOT NULL,
  decided_by BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  words VARCHAR(300) NOT NULL,
  PRIMARY KEY (order_id)
) {{suffix}};
CREATE INDEX order_agreement_state ON order_agreement (organization_id, state, order_id);
