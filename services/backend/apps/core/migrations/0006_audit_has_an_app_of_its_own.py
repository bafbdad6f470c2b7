from django.db import migrations

# Nothing ever wrote to the table.
REMOVE = """
DROP TRIGGER audit_append_only ON core_auditentry;
DROP FUNCTION core_audit_refuse();
"""


class Migration(migrations.Migration):

    dependencies = [("core", "0005_event_backbone_and_audit")]

    operations = [
        migrations.RunSQL(REMOVE, migrations.RunSQL.noop),
        migrations.DeleteModel(name="AuditEntry"),
    ]
