-- A change of units of a paid order. state: pending, closing, done, expired, cancelled,
-- failed. doc holds the units that go, each with its exact split, and the lines that come.
-- table order_change: module order; scope tenant
CREATE TABLE IF NOT EXISTS order_change (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  from_session_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  ended_by VARCHAR(12) NOT NULL,
  places INT NOT NULL,
  old_minor BIGINT NOT NULL,
  fee_minor BIGINT NOT NULL,
  new_minor BIGINT NOT NULL,
  due_minor BIGINT NOT NULL,
  back_minor BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  hold_seconds INT NOT NULL,
  payments_opened INT NOT NULL,
  open_payments INT NOT NULL,
  snapshot_id BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  doc VARBINARY(60000) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX order_change_order ON order_change (order_id);
CREATE INDEX order_change_session ON order_change (session_id, member_id);

-- Which payments pay a change rather than the order that it belongs to.
-- table change_payment: module order; scope child
CREATE TABLE IF NOT EXISTS change_payment (
  payment_id BIGINT NOT NULL,
  change_id BIGINT NOT NULL,
  PRIMARY KEY (payment_id)
) {{suffix}};

-- change_id is the one change under way; 0 without.
ALTER TABLE orders ADD COLUMN change_id BIGINT NOT NULL DEFAULT 0;

-- What was agreed to for this line; 0: what the order says. changes is how often its units
-- were changed before, change_id the change that brought it; 0 for a line of the first hour.
ALTER TABLE order_line ADD COLUMN snapshot_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE order_line ADD COLUMN change_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE order_line ADD COLUMN changes INT NOT NULL DEFAULT 0;

-- A unit that went by a change: moved_minor is the part of its price that pays the new ones.
ALTER TABLE refund_unit ADD COLUMN moved_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refund_unit ADD COLUMN change_id BIGINT NOT NULL DEFAULT 0;

-- A cancelled session whose buyers get everything back. state: running, done. after_id is
-- the order that was looked at last, waiting how many of this round must be looked at again.
-- table session_give_back: module order; scope tenant
CREATE TABLE IF NOT EXISTS session_give_back (
  session_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  asked_kind INT NOT NULL,
  asked_by BIGINT NOT NULL,
  after_id BIGINT NOT NULL,
  waiting INT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (session_id)
) {{suffix}};

-- What goes back of a cancelled session: one row for each refund, or one of the order's own
-- number where nothing was paid.
-- table given_back: module order; scope child
CREATE TABLE IF NOT EXISTS given_back (
  refund_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  units INT NOT NULL,
  amount_minor BIGINT NOT NULL,
  arrived INT NOT NULL,
  arrived_minor BIGINT NOT NULL,
  PRIMARY KEY (refund_id)
) {{suffix}};
CREATE INDEX given_back_session ON given_back (session_id, arrived);
