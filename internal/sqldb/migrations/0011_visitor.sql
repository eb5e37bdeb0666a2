-- Who enters, where names are asked for: sealed with the data key, for its own row alone.
-- subject is a hash of the document under the event's key (visitor_key); 0 where nobody
-- counts it. person 0 is the buyer. state: 1 entering, 2 given back.
-- table visitor: module visitor; scope tenant
CREATE TABLE IF NOT EXISTS visitor (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  line INT NOT NULL,
  unit INT NOT NULL,
  person INT NOT NULL,
  subject BIGINT NOT NULL,
  document VARCHAR(32) NOT NULL,
  sealed VARBINARY(600) NOT NULL,
  state INT NOT NULL,
  delete_after BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX visitor_of ON visitor (order_id, line, unit, person);
CREATE INDEX visitor_subject ON visitor (session_id, subject);
CREATE INDEX visitor_age ON visitor (delete_after);

-- The key under which an event's documents, phones and devices are hashed, sealed. Without
-- it the counters say nothing about anybody.
-- table visitor_key: module visitor; scope tenant
CREATE TABLE IF NOT EXISTS visitor_key (
  event_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  sealed VARBINARY(120) NOT NULL,
  PRIMARY KEY (event_id)
) {{suffix}};

-- What an order has counted in limit_counter beyond its member's places: it is given back
-- from here. scope_id is the session or the event (the counter's session_id), most the
-- bound when it was counted. by_place: 1 counts places, 0 named people. live: 1 counted, 0
-- given back.
-- table limit_take: module order; scope child
CREATE TABLE IF NOT EXISTS limit_take (
  order_id BIGINT NOT NULL,
  kind INT NOT NULL,
  scope_id BIGINT NOT NULL,
  subject BIGINT NOT NULL,
  n INT NOT NULL,
  most INT NOT NULL,
  by_place INT NOT NULL,
  live INT NOT NULL,
  PRIMARY KEY (order_id, kind, scope_id, subject)
) {{suffix}};
CREATE INDEX limit_take_counter ON limit_take (scope_id, kind, subject);
