-- Answers kept for repeats lie in the order in which they were given and not among the keys,
-- which lie in no order: a new key then changes a page that many others share. Keys of an
-- earlier release have theirs in idempotency_key.answer until they are 48 hours old.
-- table key_answer: module journal; scope installation
CREATE TABLE IF NOT EXISTS key_answer (
  lane INT NOT NULL,
  n BIGINT NOT NULL,
  key_hash VARBINARY(16) NOT NULL,
  answer VARBINARY(4096) NOT NULL,
  PRIMARY KEY (lane, n, key_hash)
) {{suffix}};
