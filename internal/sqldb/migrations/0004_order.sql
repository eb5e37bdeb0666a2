-- The agreement with a buyer. state: pending, closing, paid, expired, cancelled; what
-- follows (partly refunded, refunded, used) is derived.
-- table orders: module order; scope tenant
CREATE TABLE IF NOT EXISTS orders (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  channel VARCHAR(16) NOT NULL,
  state VARCHAR(12) NOT NULL,
  currency VARCHAR(3) NOT NULL,
  total_minor BIGINT NOT NULL,
  captured_minor BIGINT NOT NULL,
  refunded_minor BIGINT NOT NULL,
  payments_opened INT NOT NULL,
  open_payments INT NOT NULL,
  expires_at BIGINT NOT NULL,
  hold_seconds INT NOT NULL,
  ended_at BIGINT NOT NULL,
  ended_by VARCHAR(12) NOT NULL,
  snapshot_id BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX orders_member ON orders (member_id);

-- What the buyer agreed to (refund policy, texts, session facts), shared by all orders
-- that agreed to the same bytes.
-- table order_snapshot: module order; scope tenant
CREATE TABLE IF NOT EXISTS order_snapshot (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  digest VARBINARY(32) NOT NULL,
  doc MEDIUMBLOB NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX order_snapshot_digest ON order_snapshot (organization_id, digest);

-- One priced unit type of an order. detail holds each unit's exact split and places.
-- table order_line: module order; scope child
CREATE TABLE IF NOT EXISTS order_line (
  order_id BIGINT NOT NULL,
  line INT NOT NULL,
  session_id BIGINT NOT NULL,
  ticket_type_id BIGINT NOT NULL,
  zone VARCHAR(200) NOT NULL,
  units INT NOT NULL,
  amount_minor BIGINT NOT NULL,
  detail VARBINARY(60000) NOT NULL,
  PRIMARY KEY (order_id, line)
) {{suffix}};

-- A unit goes back at most once: the key says so.
-- table refund_unit: module order; scope child
CREATE TABLE IF NOT EXISTS refund_unit (
  order_id BIGINT NOT NULL,
  line INT NOT NULL,
  unit INT NOT NULL,
  refund_id BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  fee_minor BIGINT NOT NULL,
  PRIMARY KEY (order_id, line, unit)
) {{suffix}};

-- Counters that a sale may not pass; subject is a member id or a keyed hash (later a phone,
-- a document, a device, a payer). For members it also names the one live unpaid order and
-- counts lapsed ones.
-- table limit_counter: module order; scope child
CREATE TABLE IF NOT EXISTS limit_counter (
  session_id BIGINT NOT NULL,
  kind INT NOT NULL,
  subject BIGINT NOT NULL,
  n INT NOT NULL,
  live_order_id BIGINT NOT NULL,
  lapses INT NOT NULL,
  lapsed_since BIGINT NOT NULL,
  cool_until BIGINT NOT NULL,
  PRIMARY KEY (session_id, kind, subject)
) {{suffix}};
