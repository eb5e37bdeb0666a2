-- The journal: audit log and outbox in one. A row belongs to a command, not to a table row.
-- table lane: module journal; scope installation
CREATE TABLE IF NOT EXISTS lane (
  id INT NOT NULL,
  n BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  head VARBINARY(32) NOT NULL,
  holder VARCHAR(64) NOT NULL,
  lease_until BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};

-- chained is hashed into the lane's chain; loose holds personal values sealed under the
-- person's own key and may be deleted without breaking the chain.
-- table journal: module journal; scope installation
CREATE TABLE IF NOT EXISTS journal (
  lane INT NOT NULL,
  n BIGINT NOT NULL,
  at BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  actor_kind INT NOT NULL,
  actor_id BIGINT NOT NULL,
  action VARCHAR(64) NOT NULL,
  chained VARBINARY(8000) NOT NULL,
  loose VARBINARY(4000),
  hash VARBINARY(32) NOT NULL,
  PRIMARY KEY (lane, n)
) {{suffix}};

-- Which rows speak of an object or an actor; filled behind the writer, from the journal.
-- table journal_ref: module journal; scope installation
CREATE TABLE IF NOT EXISTS journal_ref (
  ref_kind VARCHAR(24) NOT NULL,
  ref_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  lane INT NOT NULL,
  n BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  PRIMARY KEY (ref_kind, ref_id, at, lane, n)
) {{suffix}};

-- table journal_checkpoint: module journal; scope installation
CREATE TABLE IF NOT EXISTS journal_checkpoint (
  at BIGINT NOT NULL,
  heads VARBINARY(4000) NOT NULL,
  key_id INT NOT NULL,
  signature VARBINARY(64) NOT NULL,
  PRIMARY KEY (at)
) {{suffix}};

-- Which part of a lane went into the file of a closed month.
-- table journal_month: module journal; scope installation
CREATE TABLE IF NOT EXISTS journal_month (
  lane INT NOT NULL,
  month INT NOT NULL,
  first_n BIGINT NOT NULL,
  last_n BIGINT NOT NULL,
  last_hash VARBINARY(32) NOT NULL,
  PRIMARY KEY (lane, month)
) {{suffix}};

-- Which process delivers to a subscriber that the whole installation shares.
-- table subscriber: module journal; scope installation
CREATE TABLE IF NOT EXISTS subscriber (
  name VARCHAR(40) NOT NULL,
  holder VARCHAR(64) NOT NULL,
  lease_until BIGINT NOT NULL,
  PRIMARY KEY (name)
) {{suffix}};

-- table fact_cursor: module journal; scope installation
CREATE TABLE IF NOT EXISTS fact_cursor (
  subscriber VARCHAR(40) NOT NULL,
  lane INT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (subscriber, lane)
) {{suffix}};

-- table fact_parked: module journal; scope installation
CREATE TABLE IF NOT EXISTS fact_parked (
  subscriber VARCHAR(40) NOT NULL,
  lane INT NOT NULL,
  n BIGINT NOT NULL,
  tries INT NOT NULL,
  problem VARCHAR(1000) NOT NULL,
  parked_at BIGINT NOT NULL,
  PRIMARY KEY (subscriber, lane, n)
) {{suffix}};

-- due_at moves to the lease's end while a process works on the job.
-- state: 0 waiting, 1 failed for good (a person decides). Done jobs are deleted.
-- table job: module journal; scope installation
CREATE TABLE IF NOT EXISTS job (
  id BIGINT NOT NULL,
  kind VARCHAR(40) NOT NULL,
  object_id BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  holder VARCHAR(64) NOT NULL,
  state INT NOT NULL,
  tries INT NOT NULL,
  payload VARBINARY(4000) NOT NULL,
  problem VARCHAR(1000) NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX job_due ON job (state, kind, due_at);

-- status 0: in progress. A status without an answer: the answer was too large to keep.
-- day is the UTC day number of the first use: whole days are dropped after 48 hours.
-- table idempotency_key: module journal; scope installation
CREATE TABLE IF NOT EXISTS idempotency_key (
  caller BIGINT NOT NULL,
  key_hash VARBINARY(16) NOT NULL,
  input_hash VARBINARY(16) NOT NULL,
  lane INT NOT NULL,
  n BIGINT NOT NULL,
  object_id BIGINT NOT NULL,
  status INT NOT NULL,
  day INT NOT NULL,
  answer VARBINARY(4096),
  PRIMARY KEY (caller, key_hash)
) {{suffix}};

-- When each lane's process was last seen alive.
-- table heartbeat: module journal; scope installation
CREATE TABLE IF NOT EXISTS heartbeat (
  id INT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};

-- table setting: module journal; scope installation
CREATE TABLE IF NOT EXISTS setting (
  name VARCHAR(64) NOT NULL,
  value VARBINARY(8000) NOT NULL,
  PRIMARY KEY (name)
) {{suffix}};

-- Ledger: movements of one journal row sum to zero.
-- table posting: module ledger; scope child
CREATE TABLE IF NOT EXISTS posting (
  order_id BIGINT NOT NULL,
  lane INT NOT NULL,
  n BIGINT NOT NULL,
  seq INT NOT NULL,
  account VARCHAR(40) NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  PRIMARY KEY (order_id, lane, n, seq)
) {{suffix}};
