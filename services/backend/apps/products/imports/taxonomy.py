"""Category paths and tag names of imported articles, as ids. Missing ones are created."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.text import slugify

from apps.products.models import Category, Tag

STEP = Category.steplen


class Taxonomy:
    """Categories by their path of names, and tags by name, read once and kept in memory.

    Both are small beside the articles: thousands, not millions. After a rolled-back transaction call
    :meth:`forget`, because ids handed out in it are gone.
    """

    def __init__(self) -> None:
        self._categories: dict[tuple[str, ...], int] = {}
        self._slugs: set[str] = set()
        self._tags: dict[str, int] = {}
        self._loaded = False

    def forget(self) -> None:
        """Read everything again on next use."""
        self._loaded = False

    def category_id(self, path: tuple[str, ...]) -> int | None:
        """The category at the end of ``path`` (names from the root, compared without case); ``None`` for ``()``."""
        self._load()
        parent_id: int | None = None
        for depth in range(1, len(path) + 1):
            key = tuple(name.casefold() for name in path[:depth])
            if key not in self._categories:
                self._categories[key] = self._create(parent_id, path[:depth])
            parent_id = self._categories[key]
        return parent_id

    def tag_ids(self, names: Iterable[str]) -> list[int]:
        """Ids of the tags called ``names``."""
        self._load()
        wanted = {slugify(name): name for name in names if slugify(name)}
        if missing := [slug for slug in wanted if slug not in self._tags]:
            Tag.objects.bulk_create(
                (Tag(slug=slug, name=wanted[slug]) for slug in missing), ignore_conflicts=True
            )
            self._remember(Tag.objects.filter(Q(slug__in=missing) | Q(name__in=[wanted[m] for m in missing])))
        return [self._tags[slug] for slug in wanted]

    def _load(self) -> None:
        if self._loaded:
            return
        self._categories.clear()
        self._slugs.clear()
        names: dict[str, tuple[str, ...]] = {"": ()}
        rows = Category.objects.order_by("path").values_list("pk", "path", "name", "slug")
        for pk, path, name, slug in rows:
            names[path] = (*names[path[:-STEP]], name.casefold())
            self._categories[names[path]] = pk
            self._slugs.add(slug)
        self._tags.clear()
        self._remember(Tag.objects.all())
        self._loaded = True

    def _remember(self, tags: QuerySet[Tag]) -> None:
        for pk, slug, name in tags.values_list("pk", "slug", "name"):
            self._tags[slug] = pk
            self._tags.setdefault(slugify(name), pk)

    def _create(self, parent_id: int | None, path: tuple[str, ...]) -> int:
        slug = self._free_slug(path)
        if parent_id is None:
            node = Category.add_root(name=path[-1], slug=slug)
        else:
            # Sorted insertion moves siblings and counts children: the parent must be as it is now.
            node = Category.objects.get(pk=parent_id).add_child(name=path[-1], slug=slug)
        self._slugs.add(slug)
        return int(node.pk)

    def _free_slug(self, path: tuple[str, ...]) -> str:
        own = slugify(path[-1])[:120] or "category"
        if own.isdigit():
            own = f"category-{own}"
        parent = slugify(path[-2])[:60] if len(path) > 1 else ""
        candidates = [own, f"{parent}-{own}"[:130]] if parent else [own]
        candidates += [f"{candidates[-1]}-{number}" for number in range(2, 1000)]
        return next(slug for slug in candidates if slug not in self._slugs)
