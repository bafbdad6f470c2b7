"""Shapes of the notification endpoints."""

from rest_framework import serializers


class NotificationSerializer(serializers.Serializer):
    """One entry of the inbox."""

    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="Type of the event, as `order.shipped`.")
    title = serializers.CharField()
    body = serializers.CharField(allow_blank=True)
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="What it is about, as `order_id`."
    )
    is_read = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class ReadAllSerializer(serializers.Serializer):
    """How many entries were unread."""

    updated = serializers.IntegerField(min_value=0)
