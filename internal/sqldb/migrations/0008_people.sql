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
-- table access_token: module member; scope installation
CREATE TABLE IF NOT EXISTS access_token (
  hash VARBINARY(32) NOT NULL,
  account_kind INT NOT NULL,
  account_id BIGINT NOT NULL,
  device_label VARCHAR(80) NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (hash)
) {{suffix}};
CREATE INDEX access_token_account ON access_token (account_kind, account_id);

-- table sms_code: module member; scope installation
CREATE TABLE IF NOT EXISTS sms_code (
  phone_index VARBINARY(16) NOT NULL,
  purpose VARCHAR(16) NOT NULL,
  code_hash VARBINARY(32) NOT NULL,
  tries INT NOT NULL,
  sent_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (phone_index, purpose)
) {{suffix}};

-- Failed sign-ins by subject (account, address, device), each with its own delay.
-- table sign_in_attempt: module member; scope installation
CREATE TABLE IF NOT EXISTS sign_in_attempt (
  kind INT NOT NULL,
  subject VARBINARY(16) NOT NULL,
  failures INT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (kind, subject)
) {{suffix}};

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

-- table role: module staff; scope tenant
CREATE TABLE IF NOT EXISTS role (
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
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

-- table invitation: module staff; scope tenant
CREATE TABLE IF NOT EXISTS invitation (
  token_hash VARBINARY(32) NOT NULL,
  organization_id BIGINT NOT NULL,
  venue_id BIGINT NOT NULL,
  role_id BIGINT NOT NULL,
  email_sealed VARBINARY(400) NOT NULL,
  invited_by BIGINT NOT NULL,
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
