-- Who has which place.
-- table seat_map: module seating; scope tenant
CREATE TABLE IF NOT EXISTS seat_map (
  hall_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  latest_version_id BIGINT NOT NULL,
  number INT NOT NULL,
  next_place BIGINT NOT NULL,
  draft MEDIUMBLOB,
  revision BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (hall_id)
) {{suffix}};

-- A published version never changes.
-- table seat_map_version: module seating; scope tenant
CREATE TABLE IF NOT EXISTS seat_map_version (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  hall_id BIGINT NOT NULL,
  number INT NOT NULL,
  seats INT NOT NULL,
  doc MEDIUMBLOB NOT NULL,
  digest VARCHAR(64) NOT NULL,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX seat_map_version_hall ON seat_map_version (organization_id, hall_id);

-- The book: the primary key refuses a second owner. owner_kind: 1 order, 2 block,
-- 3 allotment, 4 offer. state: 1 held, 2 sold, 3 closed. held_until is for telling people
-- when a held place may come back; what ends a hold is its order.
-- table claim: module seating; scope child
CREATE TABLE IF NOT EXISTS claim (
  session_id BIGINT NOT NULL,
  place INT NOT NULL,
  owner_kind INT NOT NULL,
  owner_id BIGINT NOT NULL,
  state INT NOT NULL,
  held_until BIGINT NOT NULL,
  PRIMARY KEY (session_id, place)
) {{suffix}};

-- Stock of an area in a session: taken counts held, sold and closed units.
-- table area_stock: module seating; scope child
CREATE TABLE IF NOT EXISTS area_stock (
  session_id BIGINT NOT NULL,
  area INT NOT NULL,
  capacity INT NOT NULL,
  taken INT NOT NULL,
  PRIMARY KEY (session_id, area)
) {{suffix}};

-- Whose the taken units of an area are; the sum of n is area_stock.taken.
-- table area_claim: module seating; scope child
CREATE TABLE IF NOT EXISTS area_claim (
  session_id BIGINT NOT NULL,
  area INT NOT NULL,
  owner_kind INT NOT NULL,
  owner_id BIGINT NOT NULL,
  n INT NOT NULL,
  state INT NOT NULL,
  held_until BIGINT NOT NULL,
  PRIMARY KEY (session_id, area, owner_kind, owner_id)
) {{suffix}};

-- table block: module seating; scope tenant
CREATE TABLE IF NOT EXISTS block (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  reason VARCHAR(200) NOT NULL,
  created_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  released_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX block_session ON block (organization_id, session_id);
