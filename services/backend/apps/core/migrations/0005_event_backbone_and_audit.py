import django.db.models.functions.datetime
from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION core_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are never changed or deleted';
END
$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON core_auditentry
FOR EACH ROW EXECUTE FUNCTION core_audit_refuse();
"""
UNDO = "DROP TRIGGER audit_append_only ON core_auditentry; DROP FUNCTION core_audit_refuse();"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_idempotency_claims'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('sequence', models.BigIntegerField(help_text='1, 2, 3 … without gaps.', primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('actor_id', models.BigIntegerField(help_text='Who; no reference, the number outlives the account.', null=True)),
                ('actor_label', models.CharField(help_text="Their e-mail at the time, or the program's name.", max_length=254)),
                ('action', models.CharField(max_length=80)),
                ('subject', models.CharField(help_text='What it was done to, as `order:17`.', max_length=80)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64, unique=True)),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'ordering': ['sequence'],
                'indexes': [models.Index(fields=['subject', 'sequence'], name='audit_by_subject')],
            },
        ),
        migrations.CreateModel(
            name='EventRetry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField()),
                ('consumer', models.CharField(max_length=80)),
                ('message', models.JSONField(help_text='The event as it travels.')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(blank=True, help_text='Empty while the broker has it.', null=True)),
                ('is_dead', models.BooleanField(default=False, help_text='Given up: it is, or is about to be, a dead letter.')),
                ('error', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name_plural': 'event retries',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='retry_due')],
                'constraints': [models.UniqueConstraint(fields=('event_id', 'consumer'), name='retry_once')],
            },
        ),
        migrations.CreateModel(
            name='InboxEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('event_id', models.UUIDField()),
                ('consumer', models.CharField(max_length=80)),
                ('processed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('event_id', 'consumer'), name='inbox_once')],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, UNDO),
    ]
