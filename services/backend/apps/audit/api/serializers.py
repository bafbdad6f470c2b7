"""What the audit's list takes and answers."""

from typing import Any

from rest_framework import serializers

from apps.audit.models import AuditEntry
from apps.core.api.fields import MAX_ID


class AuditFilterInput(serializers.Serializer):
    """Who, what, to what, and when."""

    actor = serializers.RegexField(r"\A[0-9]{1,19}\Z", required=False, help_text="Id of a member of staff.")
    action = serializers.CharField(required=False, max_length=80, help_text="As `product.update`.")
    target = serializers.CharField(required=False, max_length=120, help_text="As `order:17`.")
    since = serializers.DateTimeField(required=False, help_text="From this moment on.")
    until = serializers.DateTimeField(required=False, help_text="Before this moment.")

    def validate_actor(self, text: str) -> int:
        """Return the id."""
        if not 1 <= int(text) <= MAX_ID:
            raise serializers.ValidationError("Use the id of a user.")
        return int(text)


class AuditEntryOutput(serializers.ModelSerializer[AuditEntry]):
    """An entry. ``before`` and ``after`` have what the action changed."""

    actor = serializers.CharField(source="actor_label", help_text="E-mail at the time, or a program's name.")
    before = serializers.DictField()
    after = serializers.DictField()

    class Meta:
        model = AuditEntry
        fields = (
            "sequence", "at", "actor_id", "actor", "action", "target", "before", "after", "request_id",
            "previous_hash", "hash",
        )  # fmt: skip
        read_only_fields: Any = fields
