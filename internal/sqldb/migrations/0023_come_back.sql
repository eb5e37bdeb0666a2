-- Places that come back: what buyers gave back of a session in demand waits until due_at, a
-- moment that nobody can foresee, before it is on sale again. The row goes when its places do; their
-- claims are of owner_kind 6. until_at is the end of the window, which buyers are told.
-- table place_return: module seating; scope tenant
CREATE TABLE IF NOT EXISTS place_return (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX place_return_session ON place_return (organization_id, session_id, id);
