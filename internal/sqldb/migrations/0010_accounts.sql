-- Where a sign-in came from, shortened to the network, for its owner's eyes.
ALTER TABLE access_token ADD COLUMN network VARCHAR(48) NOT NULL DEFAULT '';

-- One-time links sent to people: the token is never stored. account_kind: 1 member, 2 staff.
-- sealed is an e-mail address that waits to be proven, under the member's own key.
-- table account_link: module signin; scope installation
CREATE TABLE IF NOT EXISTS account_link (
  token_hash VARBINARY(32) NOT NULL,
  purpose VARCHAR(16) NOT NULL,
  account_kind INT NOT NULL,
  account_id BIGINT NOT NULL,
  sign_in_id BIGINT NOT NULL,
  sealed VARBINARY(400),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (token_hash)
) {{suffix}};
CREATE INDEX account_link_account ON account_link (account_kind, account_id, purpose);
CREATE INDEX account_link_expiry ON account_link (expires_at);

-- Only addresses that were proven; sealed under the member's own key.
-- table member_email: module member; scope installation
CREATE TABLE IF NOT EXISTS member_email (
  member_id BIGINT NOT NULL,
  email_index VARBINARY(16) NOT NULL,
  email_sealed VARBINARY(400) NOT NULL,
  verified_at BIGINT NOT NULL,
  PRIMARY KEY (member_id)
) {{suffix}};
CREATE UNIQUE INDEX member_email_index ON member_email (email_index);

-- The texts that people agree to, by version; organization 0 is the installation itself. A
-- version never changes.
-- table consent_text: module member; scope tenant
CREATE TABLE IF NOT EXISTS consent_text (
  organization_id BIGINT NOT NULL,
  purpose VARCHAR(24) NOT NULL,
  version INT NOT NULL,
  title_zh VARCHAR(120) NOT NULL,
  title_en VARCHAR(200) NOT NULL,
  body_zh VARBINARY(12000) NOT NULL,
  body_en VARBINARY(12000) NOT NULL,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (organization_id, purpose, version)
) {{suffix}};

-- Every decision of a member about a text; the newest of a purpose is what holds.
-- table consent: module member; scope installation
CREATE TABLE IF NOT EXISTS consent (
  member_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  purpose VARCHAR(24) NOT NULL,
  version INT NOT NULL,
  given INT NOT NULL,
  decided_at BIGINT NOT NULL,
  PRIMARY KEY (member_id, id)
) {{suffix}};

-- People a member buys for, sealed under the member's own key. number_index is keyed by the
-- member too, so that it finds a repeat and tells nothing across members.
-- table companion: module member; scope installation
CREATE TABLE IF NOT EXISTS companion (
  id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  relation VARCHAR(12) NOT NULL,
  name_sealed VARBINARY(400) NOT NULL,
  document_kind VARCHAR(32) NOT NULL,
  number_sealed VARBINARY(200) NOT NULL,
  number_index VARBINARY(16) NOT NULL,
  birth_sealed VARBINARY(100),
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) {{suffix}};
CREATE UNIQUE INDEX companion_number ON companion (member_id, number_index);
