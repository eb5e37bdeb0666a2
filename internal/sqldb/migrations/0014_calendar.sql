-- When and where it is sold: places kept for a channel, days, and whom to tell.
-- Places and area units that are kept for one channel until falls_back_at; 0 is until
-- somebody gives them back. Channel 'returned' keeps what came back for a random while.
-- table allotment: module seating; scope tenant
CREATE TABLE IF NOT EXISTS allotment (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  channel VARCHAR(16) NOT NULL,
  reason VARCHAR(200) NOT NULL,
  falls_back_at BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  released_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX allotment_session ON allotment (session_id, released_at);

-- from_id: the allotment that an order's place was taken from; it goes back there.
ALTER TABLE claim ADD COLUMN from_id BIGINT NOT NULL DEFAULT 0;
-- Of the n units of an order from_n came from the allotment from_id.
ALTER TABLE area_claim ADD COLUMN from_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE area_claim ADD COLUMN from_n INT NOT NULL DEFAULT 0;
-- Of the taken units so many are kept for buyers online, in whose eyes they are free: the
-- sum of n of the area's claims in state 4.
ALTER TABLE area_stock ADD COLUMN kept INT NOT NULL DEFAULT 0;
-- When a block ends by itself; 0 is never.
ALTER TABLE block ADD COLUMN releases_at BIGINT NOT NULL DEFAULT 0;

-- A year's holidays and adjusted workdays as an organization imported them; they replace
-- the built-in list of that year.
-- table holiday_list: module catalog; scope tenant
CREATE TABLE IF NOT EXISTS holiday_list (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  name VARCHAR(120) NOT NULL,
  doc VARBINARY(16000) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX holiday_list_name ON holiday_list (organization_id, name);

-- Who wants to be told when a session goes on sale or places of it come back. told_at: 0
-- while he waits; left_at: 0 unless he no longer wants to know.
-- table alert: module alert; scope tenant
CREATE TABLE IF NOT EXISTS alert (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  created_at BIGINT NOT NULL,
  told_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX alert_member ON alert (session_id, member_id, kind);
CREATE INDEX alert_waiting ON alert (session_id, kind, told_at, id);
CREATE INDEX alert_of_member ON alert (member_id, id);
