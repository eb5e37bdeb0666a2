-- Attempts to move money. The number at the provider derives from id, so it is known and
-- stored before the call. state: opening, open, unknown, captured, failed, closed. ask_at is
-- when the provider is asked next, 0 once the attempt has ended; answered_at is its newest
-- answer. outcome says how an ended attempt counts in the success rate. doc is what was sent
-- to the provider and must be the same on each retry.
-- table payment: module payment; scope tenant
CREATE TABLE IF NOT EXISTS payment (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  provider VARCHAR(16) NOT NULL,
  channel VARCHAR(16) NOT NULL,
  state VARCHAR(16) NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  captured_minor BIGINT NOT NULL,
  refunded_minor BIGINT NOT NULL,
  provider_ref VARCHAR(64) NOT NULL,
  expires_at BIGINT NOT NULL,
  settled_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL,
  ask_at BIGINT NOT NULL,
  outcome VARCHAR(24) NOT NULL,
  doc VARBINARY(8000) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX payment_order ON payment (order_id);
CREATE INDEX payment_open ON payment (state, ask_at);

-- Money on its way back. state: requested, accepted, abnormal, arrived; cause: request,
-- late, double, wrong_amount, cancelled, session_cancelled. The sum of a payment's refunds
-- is payment.refunded_minor, which a guarded update keeps within captured_minor.
-- table refund: module payment; scope tenant
CREATE TABLE IF NOT EXISTS refund (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  payment_id BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  cause VARCHAR(20) NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  reason VARCHAR(200) NOT NULL,
  provider_ref VARCHAR(64) NOT NULL,
  accepted_at BIGINT NOT NULL,
  arrived_at BIGINT NOT NULL,
  ask_at BIGINT NOT NULL,
  tries INT NOT NULL,
  problem VARCHAR(200) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX refund_order ON refund (order_id);
CREATE INDEX refund_open ON refund (state, ask_at);

-- Every notice that verified, once; the provider's number for it refuses a repeat.
-- table payment_notice: module payment; scope installation
CREATE TABLE IF NOT EXISTS payment_notice (
  provider VARCHAR(16) NOT NULL,
  notice_id VARCHAR(64) NOT NULL,
  received_at BIGINT NOT NULL,
  object_id BIGINT NOT NULL,
  digest VARBINARY(32) NOT NULL,
  PRIMARY KEY (provider, notice_id)
) {{suffix}};
