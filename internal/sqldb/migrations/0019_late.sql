-- Past sales that are entered late, as one person wrote them down: agreed to as a whole by
-- another. state: waiting, booked, refused, withdrawn. doc is what was written, and why it
-- could not be booked the last time.
-- table late_sheet: module order; scope tenant
CREATE TABLE IF NOT EXISTS late_sheet (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  asked_by BIGINT NOT NULL,
  decided_by BIGINT NOT NULL,
  approval_id BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  total_minor BIGINT NOT NULL,
  written_at BIGINT NOT NULL,
  booked_at BIGINT NOT NULL,
  doc MEDIUMBLOB NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX late_sheet_state ON late_sheet (organization_id, state, id);

-- The numbers of paper tickets that sheets name: the key says that none is entered twice.
-- order_id is 0 until the sheet is booked.
-- table late_paper: module order; scope tenant
CREATE TABLE IF NOT EXISTS late_paper (
  organization_id BIGINT NOT NULL,
  paper VARCHAR(40) NOT NULL,
  sheet_id BIGINT NOT NULL,
  entry INT NOT NULL,
  order_id BIGINT NOT NULL,
  PRIMARY KEY (organization_id, paper)
) {{suffix}};
CREATE INDEX late_paper_sheet ON late_paper (organization_id, sheet_id);
CREATE INDEX late_paper_order ON late_paper (organization_id, order_id);

-- An order that was sold by hand before it was entered. Its revenue is of business_day, the
-- day of sold_at by the venue's clock; its postings are of posted_at.
-- table late_sale: module order; scope tenant
CREATE TABLE IF NOT EXISTS late_sale (
  order_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  sheet_id BIGINT NOT NULL,
  entry INT NOT NULL,
  sold_at BIGINT NOT NULL,
  business_day INT NOT NULL,
  posted_at BIGINT NOT NULL,
  entered_at BIGINT NOT NULL,
  asked_by BIGINT NOT NULL,
  decided_by BIGINT NOT NULL,
  means VARCHAR(16) NOT NULL,
  currency VARCHAR(3) NOT NULL,
  amount_minor BIGINT NOT NULL,
  list_minor BIGINT NOT NULL,
  reason VARCHAR(300) NOT NULL,
  PRIMARY KEY (order_id)
) {{suffix}};
CREATE INDEX late_sale_day ON late_sale (organization_id, business_day, order_id);
CREATE INDEX late_sale_posted ON late_sale (organization_id, order_id);
