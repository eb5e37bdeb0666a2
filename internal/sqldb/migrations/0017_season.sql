-- Over how many sessions an order was placed; its lines say which, each with what was agreed
-- to for its own session. A later change of a line leaves it as it is.
ALTER TABLE orders ADD COLUMN sessions INT NOT NULL DEFAULT 1;

-- A run of sessions of one hall that is sold together: the same seat every night. state: draft,
-- on_sale, closed. doc holds its names, its sessions and its prices.
-- table season: module order; scope tenant
CREATE TABLE IF NOT EXISTS season (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  sale_from BIGINT NOT NULL,
  sale_until BIGINT NOT NULL,
  doc VARBINARY(30000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX season_organization ON season (organization_id, id);
