-- table member: module member; scope installation
CREATE TABLE IF NOT EXISTS member (
  id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  phone_index VARBINARY(16),
  phone_sealed VARBINARY(200),
  name_sealed VARBINARY(400),
  subject_key VARBINARY(200) NOT NULL,
  password VARCHAR(200) NOT NULL,
  language VARCHAR(8) NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX member_phone ON member (phone_index);

-- What an organization may find its own buyers by: the last four digits, under its key.
-- table member_tail: module member; scope tenant
CREATE TABLE IF NOT EXISTS member_tail (
  organization_id BIGINT NOT NULL,
  tail_index VARBINARY(16) NOT NULL,
  member_id BIGINT NOT NULL,
  PRIMARY KEY (organization_id, tail_index, member_id)
) {{suffix}};

-- account_kind: 1 member, 2 staff (actor kinds). The token itself is never stored.
-- table access_token: module signin; scope installation
CREATE TABLE IF NOT EXISTS access_token (
  hash VARBINARY(32) NOT NULL,
  id BIGINT NOT NULL,
  account_kind INT NOT NULL,
  account_id BIGINT NOT NULL,
  device_label VARCHAR(80) NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (hash)
) {{suffix}};
CREATE INDEX access_token_account ON access_token (account_kind, account_id);
CREATE INDEX access_token_expiry ON access_token (expires_at);

-- A device on which the account has signed in before: other people's failures do not delay
-- it. The token that proves it is never stored.
-- table known_device: module signin; scope installation
CREATE TABLE IF NOT EXISTS known_device (
  account_kind INT NOT NULL,
  account_id BIGINT NOT NULL,
  hash VARBINARY(32) NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (account_kind, account_id, hash)
) {{suffix}};

-- Failed sign-ins by subject (account, address, device), each with its own delay.
-- table sign_in_attempt: module signin; scope installation
CREATE TABLE IF NOT EXISTS sign_in_attempt (
  kind INT NOT NULL,
  subject VARBINARY(16) NOT NULL,
  failures INT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (kind, subject)
) {{suffix}};
CREATE INDEX sign_in_attempt_last ON sign_in_attempt (last_at);

-- challenge is the hash of what the asking client was given: its tries are its own, and
-- strangers who only know the phone share open_tries.
-- table sms_code: module member; scope installation
CREATE TABLE IF NOT EXISTS sms_code (
  phone_index VARBINARY(16) NOT NULL,
  purpose VARCHAR(16) NOT NULL,
  challenge VARBINARY(32) NOT NULL,
  code_mac VARBINARY(32) NOT NULL,
  tries INT NOT NULL,
  open_tries INT NOT NULL,
  sent_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (phone_index, purpose, challenge)
) {{suffix}};
CREATE INDEX sms_code_expiry ON sms_code (expires_at);

-- How many codes a subject (a phone, a known device, an address) had on its last day (UTC).
-- table sms_quota: module member; scope installation
CREATE TABLE IF NOT EXISTS sms_quota (
  subject VARBINARY(16) NOT NULL,
  day INT NOT NULL,
  sent INT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (subject)
) {{suffix}};
CREATE INDEX sms_quota_day ON sms_quota (day);

-- table staff: module staff; scope installation
CREATE TABLE IF NOT EXISTS staff (
  id BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  email_index VARBINARY(16) NOT NULL,
  email_sealed VARBINARY(400) NOT NULL,
  name VARCHAR(60) NOT NULL,
  password VARCHAR(200) NOT NULL,
  totp_sealed VARBINARY(200),
  totp_last BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX staff_email ON staff (email_index);

-- preset is the word of a role that every organization starts with; empty for its own.
-- table role: module staff; scope tenant
CREATE TABLE IF NOT EXISTS role (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  preset VARCHAR(20) NOT NULL,
  name VARCHAR(60) NOT NULL,
  permissions VARCHAR(4000) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE INDEX role_organization ON role (organization_id);

-- venue_id 0 is every venue of the organization.
-- table staff_grant: module staff; scope tenant
CREATE TABLE IF NOT EXISTS staff_grant (
  staff_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  role_id BIGINT NOT NULL,
  PRIMARY KEY (staff_id, organization_id, venue_id, role_id)
) {{suffix}};
CREATE INDEX staff_grant_organization ON staff_grant (organization_id, role_id);

-- table invitation: module staff; scope tenant
CREATE TABLE IF NOT EXISTS invitation (
  id BIGINT NOT NULL,
  token_hash VARBINARY(32) NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  role_id BIGINT NOT NULL,
  email_sealed VARBINARY(400) NOT NULL,
  invited_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX invitation_token ON invitation (token_hash);
CREATE INDEX invitation_organization ON invitation (organization_id);

-- The one-time link that an empty installation prints for its first owner.
-- table setup_link: module staff; scope installation
CREATE TABLE IF NOT EXISTS setup_link (
  token_hash VARBINARY(32) NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (token_hash)
) {{suffix}};

-- Messages that the development inbox shows; production mode never fills it.
-- table inbox_message: module notify; scope installation
CREATE TABLE IF NOT EXISTS inbox_message (
  id BIGINT NOT NULL,
  channel VARCHAR(12) NOT NULL,
  recipient_sealed VARBINARY(400) NOT NULL,
  body_sealed VARBINARY(8000) NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
