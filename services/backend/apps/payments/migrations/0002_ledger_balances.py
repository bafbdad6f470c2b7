"""The database itself keeps the books: entries balance when their transaction commits, and nothing changes them."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION payments_transaction_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total bigint;
BEGIN
    SELECT sum(amount_minor) INTO total FROM payments_transactionline WHERE transaction_id = NEW.transaction_id;
    IF total <> 0 THEN
        RAISE EXCEPTION 'the lines of transaction % sum to %, not to zero', NEW.transaction_id, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transaction_balances';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER transaction_balances AFTER INSERT ON payments_transactionline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_transaction_check_balance();

CREATE FUNCTION payments_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: book a reversal instead'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_append_only';
END $$;

CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON payments_transaction
    FOR EACH ROW EXECUTE FUNCTION payments_ledger_is_append_only();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON payments_transactionline
    FOR EACH ROW EXECUTE FUNCTION payments_ledger_is_append_only();
"""

REVERSE = """
DROP TRIGGER ledger_append_only ON payments_transactionline;
DROP TRIGGER ledger_append_only ON payments_transaction;
DROP FUNCTION payments_ledger_is_append_only();
DROP TRIGGER transaction_balances ON payments_transactionline;
DROP FUNCTION payments_transaction_check_balance();
"""


class Migration(migrations.Migration):
    """Triggers of the ledger."""

    dependencies = [("payments", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
