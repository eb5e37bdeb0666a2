-- What tickets open at gates, told once for all tickets of one content; it never changes.
-- table admission: module ticket; scope tenant
CREATE TABLE IF NOT EXISTS admission (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  digest VARBINARY(32) NOT NULL,
  doc VARBINARY(8000) NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX admission_digest ON admission (organization_id, digest);

-- Tickets that open something at a venue rather than one session: passes and combined
-- tickets. A gate's list finds them here, those of sessions by their session.
-- table venue_ticket: module ticket; scope tenant
CREATE TABLE IF NOT EXISTS venue_ticket (
  venue_id BIGINT NOT NULL,
  ticket_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  PRIMARY KEY (venue_id, ticket_id)
) {{suffix}};

-- changed_at: when its code version or state last changed. photo_id: 0 without a photo.
ALTER TABLE ticket ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN photo_id BIGINT NOT NULL DEFAULT 0;

-- people is how many may be inside at once; 0: as many as allowed. admission_id 0 is a plain
-- ticket. seq counts uses: a use that was judged on an older one does not stand. day is the
-- business day of day_used, activated_day that on which a pass began; 0: not yet.
ALTER TABLE entitlement ADD COLUMN people INT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN admission_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN seq INT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN day INT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN day_used INT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN activated_day INT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN entered_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN left_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entitlement ADD COLUMN touched_at BIGINT NOT NULL DEFAULT 0;

-- A part of a venue with gates of its own. capacity 0: not known.
-- table precinct: module checkin; scope tenant
CREATE TABLE IF NOT EXISTS precinct (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  code VARCHAR(40) NOT NULL,
  name VARCHAR(60) NOT NULL,
  name_en VARCHAR(60) NOT NULL,
  capacity INT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX precinct_code ON precinct (venue_id, code);

-- A gate leads from one precinct (0: the street) into another (0: the venue as a whole).
-- Minutes after midnight of the business day; closes 0: always open.
ALTER TABLE gate ADD COLUMN precinct_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE gate ADD COLUMN from_precinct_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE gate ADD COLUMN opens_minute INT NOT NULL DEFAULT 0;
ALTER TABLE gate ADD COLUMN closes_minute INT NOT NULL DEFAULT 0;

-- direction: both, entry or exit. list_until: how long it may admit by the list that it
-- took; 0: it holds none.
ALTER TABLE device ADD COLUMN direction VARCHAR(8) NOT NULL DEFAULT 'both';
ALTER TABLE device ADD COLUMN list_until BIGINT NOT NULL DEFAULT 0;

-- counted is what an entry took of the allowance: nothing when people came back. here is what
-- it changed of the people inside. seq is the entitlement's just after. received_at is 0 for a scan that was answered at once.
ALTER TABLE checkin ADD COLUMN counted INT NOT NULL DEFAULT 0;
ALTER TABLE checkin ADD COLUMN here INT NOT NULL DEFAULT 0;
ALTER TABLE checkin ADD COLUMN seq INT NOT NULL DEFAULT 0;
ALTER TABLE checkin ADD COLUMN into_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checkin ADD COLUMN outof_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checkin ADD COLUMN moved INT NOT NULL DEFAULT 0;
ALTER TABLE checkin ADD COLUMN received_at BIGINT NOT NULL DEFAULT 0;
UPDATE checkin SET counted = n, here = n WHERE direction = 1 AND here = 0;
UPDATE checkin SET here = 0 - n WHERE direction = 2 AND here = 0;

-- Who came and went, by business day; precinct_id 0 is the venue as a whole.
-- table precinct_count: module checkin; scope child
CREATE TABLE IF NOT EXISTS precinct_count (
  venue_id BIGINT NOT NULL,
  precinct_id BIGINT NOT NULL,
  day INT NOT NULL,
  entered INT NOT NULL,
  gone INT NOT NULL,
  PRIMARY KEY (venue_id, precinct_id, day)
) {{suffix}};

-- A scan that took place without a network and that the book contradicts. code is the
-- refusal that it would have met; other_id the check-in that stands against it, else 0.
-- table checkin_conflict: module checkin; scope tenant
CREATE TABLE IF NOT EXISTS checkin_conflict (
  checkin_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  other_id BIGINT NOT NULL,
  code VARCHAR(40) NOT NULL,
  state VARCHAR(8) NOT NULL,
  note VARCHAR(200) NOT NULL,
  settled_by BIGINT NOT NULL,
  settled_at BIGINT NOT NULL,
  PRIMARY KEY (checkin_id)
) {{suffix}};
CREATE INDEX conflict_venue ON checkin_conflict (organization_id, venue_id, state, checkin_id);
