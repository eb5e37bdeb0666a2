-- Attempts to move money. The number at the provider derives from id, so it is known and
-- stored before the call.
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
  provider_ref VARCHAR(64) NOT NULL,
  opened_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  settled_at BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  outcome VARCHAR(24) NOT NULL,
  doc VARBINARY(8000) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX payment_order ON payment (order_id);
CREATE INDEX payment_open ON payment (state, asked_at);

-- cause: request, late, double, wrong_amount, session_cancelled.
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
  requested_at BIGINT NOT NULL,
  accepted_at BIGINT NOT NULL,
  arrived_at BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  tries INT NOT NULL,
  problem VARCHAR(200) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX refund_order ON refund (order_id);
CREATE INDEX refund_open ON refund (state, asked_at);

-- Every notice that verified, once; the provider's number for it refuses a repeat.
-- table payment_notice: module payment; scope installation
CREATE TABLE IF NOT EXISTS payment_notice (
  provider VARCHAR(16) NOT NULL,
  notice_id VARCHAR(64) NOT NULL,
  received_at BIGINT NOT NULL,
  payment_id BIGINT NOT NULL,
  digest VARBINARY(32) NOT NULL,
  PRIMARY KEY (provider, notice_id)
) {{suffix}};
