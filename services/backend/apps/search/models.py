"""What merchandisers say about search, and which products wait to be indexed."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.products.models import Product
from apps.search.generations.models import GenerationShard, IndexGeneration

MAX_TEXT = 200
__all__ = [
    "DirtyProduct", "DirtyVector", "GenerationShard", "IndexGeneration", "QueryRule", "SearchSynonym", "TextVector",
]  # fmt: skip


class SearchSynonym(models.Model):
    """A rule in Solr's notation: ``sofa, couch`` stand for each other, ``tv => television`` for the right only."""

    rule = models.CharField(max_length=500, unique=True, help_text="`sofa, couch` or `tv => television`.")
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.rule


class SynonymProposal(models.Model):
    """A word that customers search and no product has, beside one that products have: for a merchandiser to decide."""

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open"
        APPROVED = "approved"
        REJECTED = "rejected"

    word = models.CharField(max_length=MAX_TEXT)
    known = models.CharField(max_length=MAX_TEXT, help_text="Word of the catalogue.")
    score = models.FloatField(help_text="How alike both are in meaning, 0–1.")
    searches = models.PositiveIntegerField(help_text="Of texts with the word, in the last 30 days.")
    example = models.CharField(max_length=MAX_TEXT, help_text="The text with it that was searched most.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "known"], name="synonym_proposal_once")]

    def __str__(self) -> str:
        return f"{self.word}, {self.known}"


class QueryRule(models.Model):
    """What a merchandiser wants of one product in the answers to one query: a fixed place, or more or less weight."""

    query = models.CharField(
        max_length=MAX_TEXT, help_text="As customers type it; case and spaces do not matter."
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="Pin it: 1 is the top. Empty: use the boost.",
    )
    boost = models.FloatField(
        default=1.0,
        validators=[MinValueValidator(0.01), MaxValueValidator(100)],
        help_text="Factor on its relevance; below 1 sinks it.",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["query", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["query", "product"], name="search_rule_once"),
            models.CheckConstraint(condition=Q(boost__gt=0), name="search_rule_boost_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.query}: product {self.product_id}"


class SearchedText(models.Model):
    """How often something was searched on a day, and how often in vain. Says nothing about who searched."""

    day = models.DateField()
    text = models.CharField(max_length=MAX_TEXT, help_text="Lower case, single spaces.")
    searches = models.PositiveIntegerField(default=0)
    in_vain = models.PositiveIntegerField(default=0, help_text="Searches that found nothing.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "text"], name="searched_once_a_day")]
        verbose_name = "searched text"

    def __str__(self) -> str:
        return f"{self.text} ({self.day})"


class DirtyProduct(models.Model):
    """A product whose document in the indices is older than its rows. Removed once all of them have a newer one."""

    product_id = models.BigIntegerField(primary_key=True, help_text="No reference: it outlives the product.")
    marks = models.BigIntegerField(
        default=1, help_text="Grows with every change: a worker removes what it has seen."
    )
    marked_at = models.DateTimeField(db_default=Now())
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["marked_at"], name="dirty_oldest")]

    def __str__(self) -> str:
        return f"product {self.product_id}"


class DirtyVector(models.Model):
    """The same for its point among the vectors, which are written by a process of their own."""

    product_id = models.BigIntegerField(primary_key=True, help_text="No reference: it outlives the product.")
    marks = models.BigIntegerField(default=1, help_text="Grows with every change.")
    marked_at = models.DateTimeField(db_default=Now())
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["marked_at"], name="dirty_vector_oldest")]

    def __str__(self) -> str:
        return f"product {self.product_id}"


class TextVector(models.Model):
    """What an encoder made of a text (:mod:`apps.search.vectors.encoding`)."""

    encoder = models.CharField(max_length=40)
    digest = models.BinaryField(max_length=16, help_text="BLAKE2b of the text.")
    vector = models.BinaryField(help_text="Half-precision numbers, little-endian.")
    used_on = models.DateField(help_text="What was not used for longest is forgotten first.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["encoder", "digest"], name="text_vector_once")]
        indexes = [models.Index(fields=["used_on", "id"], name="text_vector_oldest")]

    def __str__(self) -> str:
        return f"{bytes(self.digest).hex()} by {self.encoder}"
