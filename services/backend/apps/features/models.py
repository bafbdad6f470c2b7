"""What the shop knows of the registry of models, which is in the AI PostgreSQL."""

from typing import ClassVar

from django.db import models


class ModelVersion(models.Model):
    """A version of a model as last seen in the registry. The registry decides; this is for people to look at."""

    name = models.CharField(max_length=80)
    version = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    metrics = models.JSONField(default=dict)
    trained_at = models.DateTimeField(null=True)
    promoted_at = models.DateTimeField(null=True, help_text="The one promoted last is what `latest` means.")

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "-promoted_at", "-trained_at"]
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="model_version_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
