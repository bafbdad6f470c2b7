"""Attributes are found by search, too. The column is made anew, which rewrites the table."""

from typing import ClassVar

import django.contrib.postgres.search
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

import apps.products.models


class Migration(migrations.Migration):
    """A generated column cannot be altered: it is dropped and added."""

    dependencies: ClassVar[list] = [("products", "0005_learn_search_words")]
    operations: ClassVar[list] = [
        migrations.RemoveIndex("product", "product_search"),
        migrations.RemoveField("product", "search_vector"),
        migrations.AddField(
            "product",
            "search_vector",
            models.GeneratedField(
                expression=django.contrib.postgres.search.SearchVector("name", "sku", weight="A", config="english")
                + django.contrib.postgres.search.SearchVector(
                    "brand", "search_extra", weight="B", config="english"
                )
                + django.contrib.postgres.search.SearchVector("description", weight="C", config="english")
                + apps.products.models.AttributeWords("attributes"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
                db_persist=True,
            ),
        ),
        migrations.AddIndex("product", GinIndex(fields=["search_vector"], name="product_search")),
    ]
