"""An event whenever what can be sold of a unit becomes nothing, or something again, whoever changes the levels."""

from typing import ClassVar

from django.db import migrations

EMIT = """
CREATE FUNCTION inventory_stock_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_outboxevent (event_id, type, version, aggregate, payload, headers)
    VALUES (gen_random_uuid(), 'stock.changed', 1, 'stock:' || NEW.id,
        jsonb_build_object('stock_item_id', NEW.id, 'in_stock', NEW.on_hand > NEW.reserved), '{}');
    RETURN NULL;
END $$;

-- Only appends, so it never waits; and only where the answer to "is it there?" has changed, so sales cost nothing.
CREATE TRIGGER inventory_stock_changed AFTER UPDATE OF on_hand, reserved ON inventory_stockitem FOR EACH ROW
    WHEN ((OLD.on_hand > OLD.reserved) IS DISTINCT FROM (NEW.on_hand > NEW.reserved))
    EXECUTE FUNCTION inventory_stock_changed();
"""

FORGET = """
DROP TRIGGER inventory_stock_changed ON inventory_stockitem;
DROP FUNCTION inventory_stock_changed();
"""


class Migration(migrations.Migration):
    """Expand only: former code runs on it."""

    dependencies: ClassVar[list] = [("inventory", "0001_initial"), ("core", "0006_audit_has_an_app_of_its_own")]
    operations: ClassVar[list] = [migrations.RunSQL(EMIT, FORGET)]
