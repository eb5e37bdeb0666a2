-- Until when the law keeps what an invoice was asked for with, once the buyer's account is
-- closed; 0: the account is open.
ALTER TABLE invoice_request ADD COLUMN erase_after BIGINT NOT NULL DEFAULT 0;
CREATE INDEX invoice_request_member ON invoice_request (member_id, id);
CREATE INDEX invoice_request_erase ON invoice_request (erase_after);
