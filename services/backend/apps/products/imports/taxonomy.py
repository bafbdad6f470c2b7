"""Category paths and tag names of imported articles, as ids. Missing ones are created."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.text import slugify

from apps.products.locks import category_tree_lock
from apps.products.models import Category, Tag
from apps.products.services.tags import tag_ids
from apps.products.slugs import slug_from

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

    def prepare(self, *, paths: Iterable[tuple[str, ...]], tags: Iterable[str]) -> None:
        """Create what is missing of these categories and tags, in the current transaction."""
        self._load()
        wanted = {_key(path): path for path in paths}
        if any(key not in self._categories for key in wanted):
            category_tree_lock()
            self.forget()  # somebody may have created some of them before we got the lock
            self._load()
            for path in wanted.values():
                self._ensure(path)
        if missing := [name for name in set(tags) if _tag_key(name) and _tag_key(name) not in self._tags]:
            self._remember(Tag.objects.filter(pk__in=tag_ids(names=missing)))

    def category_id(self, path: tuple[str, ...]) -> int:
        """The category at the end of a prepared ``path`` of names, compared without case."""
        return self._categories[_key(path)]

    def tag_ids(self, names: Iterable[str]) -> list[int]:
        """Ids of prepared tags. A name without a single letter or digit is no tag."""
        return [self._tags[key] for key in dict.fromkeys(map(_tag_key, names)) if key]

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
            self._tags.setdefault(_tag_key(name), pk)

    def _ensure(self, path: tuple[str, ...]) -> None:
        parent_id: int | None = None
        for depth in range(1, len(path) + 1):
            key = _key(path[:depth])
            if key not in self._categories:
                self._categories[key] = self._create(parent_id, path[:depth])
            parent_id = self._categories[key]

    def _create(self, parent_id: int | None, path: tuple[str, ...]) -> int:
        slug = self._free_slug(path)
        values = {"name": path[-1], "slug": slug}
        if parent_id is None:
            node = Category.objects.add_root(values)
        else:
            # Sorted insertion moves siblings and counts children: the parent must be as it is now.
            node = Category.objects.add_child(Category.objects.get(pk=parent_id), values)
        self._slugs.add(slug)
        return int(node.pk)

    def _free_slug(self, path: tuple[str, ...]) -> str:
        own = slug_from(path[-1], fallback="category")[:120]
        parent = slugify(path[-2])[:60] if len(path) > 1 else ""
        candidates = [own, f"{parent}-{own}"[:130]] if parent else [own]
        candidates += [f"{candidates[-1]}-{number}" for number in range(2, 1000)]
        return next(slug for slug in candidates if slug not in self._slugs)


def _key(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in path)


def _tag_key(name: str) -> str:
    return (slugify(name) or slugify(name, allow_unicode=True))[:70]
