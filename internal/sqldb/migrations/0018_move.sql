-- A session with buyers that takes place at another time or in another hall. state: running
-- (its orders are being told), open (buyers choose), done, replaced (by a later one).
-- default_choice (accept, refund) is what holds at deadline_at for whoever said nothing.
-- after_id is the order that was looked at last, waiting how many of this round must be looked
-- at again. doc says where and when it was and is, and what the house says about it.
-- table session_move: module order; scope tenant
CREATE TABLE IF NOT EXISTS session_move (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  asked_kind INT NOT NULL,
  asked_by BIGINT NOT NULL,
  default_choice VARCHAR(12) NOT NULL,
  deadline_at BIGINT NOT NULL,
  after_id BIGINT NOT NULL,
  waiting INT NOT NULL,
  started_at BIGINT NOT NULL,
  told_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  doc VARBINARY(16000) NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX session_move_session ON session_move (session_id, id);

-- What the buyer of an order said to a move. state: open, accepted, refunded, left (nothing of
-- it was left to choose about), replaced. was_snapshot_id is what had been agreed to; doc lists
-- the units with their labels before and after.
-- table order_move: module order; scope child
CREATE TABLE IF NOT EXISTS order_move (
  order_id BIGINT NOT NULL,
  move_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  was_snapshot_id BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  decided_kind INT NOT NULL,
  decided_by BIGINT NOT NULL,
  doc VARBINARY(60000) NOT NULL,
  PRIMARY KEY (order_id, move_id)
) {{suffix}};
CREATE INDEX order_move_open ON order_move (move_id, state, order_id);
