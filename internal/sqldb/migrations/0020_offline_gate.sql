-- reported_at is when a device last said that it holds no scan that it has not sent; unsent
-- is how many it said it holds.
ALTER TABLE device ADD COLUMN reported_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN unsent INT NOT NULL DEFAULT 0;

-- A refund that waits for a gate that may have let people in without a network. slot is 0
-- while it waits, then its own id: an order has one that waits. state: waiting_for_gate,
-- booked, refused, withdrawn. code is the refusal, words why staff did not wait.
-- table refund_wait: module order; scope tenant
CREATE TABLE IF NOT EXISTS refund_wait (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  slot BIGINT NOT NULL,
  state VARCHAR(20) NOT NULL,
  units INT NOT NULL,
  asked_kind INT NOT NULL,
  asked_by BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  refund_minor BIGINT NOT NULL,
  fee_minor BIGINT NOT NULL,
  ended_kind INT NOT NULL,
  ended_by BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  code VARCHAR(60) NOT NULL,
  words VARCHAR(200) NOT NULL,
  doc VARBINARY(8000) NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX refund_wait_order ON refund_wait (order_id, slot);
CREATE INDEX refund_wait_venue ON refund_wait (organization_id, venue_id, slot);

-- A wristband or card that was given for a ticket. state: free, bound, lost. holds is the
-- ticket while it is bound, else its own id below zero: a ticket has one that is bound.
-- table medium: module checkin; scope tenant
CREATE TABLE IF NOT EXISTS medium (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  kind VARCHAR(8) NOT NULL,
  uid VARBINARY(64) NOT NULL,
  state VARCHAR(8) NOT NULL,
  ticket_id BIGINT NOT NULL,
  holds BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  revision INT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX medium_uid ON medium (organization_id, uid);
CREATE UNIQUE INDEX medium_holds ON medium (organization_id, holds);
