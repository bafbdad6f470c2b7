"""Shapes of the fraud endpoints."""

from rest_framework import serializers

from apps.core.api.fields import StrictCharField
from apps.fraud.models import FraudReview


class FraudModelOutput(serializers.Serializer):
    """The model that scored."""

    name = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()


class FraudReasonOutput(serializers.Serializer):
    """Why an order scored as it did; ``weight`` in log-odds."""

    code = serializers.CharField()
    text = serializers.CharField()
    weight = serializers.FloatField()


class FraudOrderOutput(serializers.Serializer):
    """The order in question."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    status = serializers.CharField()
    total = serializers.CharField()
    currency = serializers.CharField()
    held_until = serializers.DateTimeField(allow_null=True, help_text="Goods wait until then at most.")


class FraudReviewOutput(serializers.Serializer):
    """A score, why, and what came of it."""

    id = serializers.IntegerField()
    order = FraudOrderOutput()
    status = serializers.ChoiceField(choices=FraudReview.Status.choices)
    action = serializers.ChoiceField(choices=FraudReview.Action.choices)
    probability = serializers.FloatField(min_value=0, max_value=1)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["model", "cache", "baseline", "fallback"],
        help_text="`fallback`: the rules of the shop itself.",
    )
    model = FraudModelOutput(allow_null=True)
    reasons = FraudReasonOutput(many=True)
    expected_costs = serializers.DictField(child=serializers.FloatField())
    note = serializers.CharField(allow_blank=True)
    decided_by = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    fraud = serializers.BooleanField(allow_null=True, help_text="What it turned out to be.")
    labelled_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class FraudDecideInput(serializers.Serializer):
    """Body of ``POST fraud/reviews/{id}/decide/``."""

    decision = serializers.ChoiceField(choices=["approve", "reject"])
    note = StrictCharField(required=False, allow_blank=True, max_length=500, default="")


class FraudLabelInput(serializers.Serializer):
    """Body of ``POST fraud/reviews/{id}/label/``."""

    fraud = serializers.BooleanField()
    note = StrictCharField(required=False, allow_blank=True, max_length=500, default="")
