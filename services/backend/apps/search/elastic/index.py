"""Writing to Elasticsearch: indices, documents with external versions, the alias, synonyms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from elasticsearch import ApiError, Elasticsearch, NotFoundError

from apps.search.documents import Rendered
from apps.search.elastic.client import ALIAS, errors_translated
from apps.search.elastic.mapping import index_body
from apps.search.errors import EngineUnavailable

WRITE_TIMEOUT_S = 60.0
#: Elasticsearch keeps no more rules than these in a set.
MAX_SYNONYMS = 10_000
_OUTDATED = "version_conflict_engine_exception"


@dataclass(frozen=True, slots=True)
class Written:
    """Outcome of a bulk write. ``outdated`` were refused because the index holds a newer version."""

    stored: int
    outdated: int


class ElasticIndex:
    """The indices of one Elasticsearch."""

    def __init__(self, client: Elasticsearch, *, alias: str = ALIAS) -> None:
        self._client = client.options(request_timeout=WRITE_TIMEOUT_S)
        self.alias = alias

    def physical(self, generation: str) -> str:
        """Name of the index of a generation."""
        return f"{self.alias}-{generation}"

    def create(self, generation: str, *, shards: int = 1) -> None:
        """Make an empty index, ready to be filled; it may be there already."""
        with errors_translated():
            self.synonyms_ensure()
            self._strangers_refuse()
            try:
                self._client.indices.create(
                    index=self.physical(generation), body=index_body(synonyms=self.alias, shards=shards)
                )
            except ApiError as error:
                if error.error != "resource_already_exists_exception":
                    raise

    def _strangers_refuse(self) -> None:
        """A late write to a generation that was deleted must fail, not make an index without a mapping."""
        self._client.indices.put_index_template(
            name=f"{self.alias}-generations", index_patterns=[f"{self.alias}-*"], allow_auto_create=False
        )

    def generations(self) -> list[str]:
        """All that have an index: each hears of every change."""
        with errors_translated():
            names = self._client.indices.get_alias(index=f"{self.alias}-*", expand_wildcards="open").body
        return sorted(name.removeprefix(f"{self.alias}-") for name in names)

    def exists(self, generation: str) -> bool:
        """Whether its index is there."""
        with errors_translated():
            return bool(self._client.indices.exists(index=self.physical(generation)))

    def write(self, generations: Sequence[str], rendered: Rendered, *, refresh: bool = False) -> Written:
        """Store documents and deletions in each of ``generations``; a newer version that is there stays.

        Raises :class:`EngineUnavailable` unless each was stored or is outdated.
        """
        lines = list(self._lines(generations, rendered))
        if not lines:
            return Written(0, 0)
        with errors_translated():
            answer = self._client.bulk(
                operations=lines,  # type: ignore[arg-type]  # lines that are JSON already pass as they are
                refresh=refresh,
                require_alias=False,
                filter_path=_ERRORS,
            ).body
        items = answer["items"] if answer["errors"] else []
        refused = [result["error"] for item in items for result in item.values()]
        failed = [error for error in refused if error["type"] != _OUTDATED]
        if failed:
            raise EngineUnavailable(extra={"reason": str(failed[0])[:300], "failed": len(failed)})
        changes = len(generations) * (len(rendered.documents) + len(rendered.missing))
        return Written(changes - len(refused), len(refused))

    def _lines(self, generations: Sequence[str], rendered: Rendered) -> Iterable[bytes]:
        bodies = {pk: orjson.dumps(document) for pk, document in rendered.documents.items()}
        for generation in generations:
            version = {
                "_index": self.physical(generation),
                "version": rendered.version,
                "version_type": "external_gte",
            }
            for pk, body in bodies.items():
                yield orjson.dumps({"index": {**version, "_id": str(pk)}})
                yield body
            for pk in rendered.missing:
                yield orjson.dumps({"delete": {**version, "_id": str(pk)}})

    def finish(self, generation: str, *, replicas: int) -> None:
        """Open a filled index to searches: refreshed from now on, with replicas."""
        settings = {"index": {"refresh_interval": "1s", "number_of_replicas": replicas}}
        with errors_translated():
            self._client.indices.put_settings(index=self.physical(generation), settings=settings)
            self.refresh(generation)

    def refresh(self, generation: str) -> None:
        """Let searches see what has been written."""
        with errors_translated():
            self._client.indices.refresh(index=self.physical(generation))

    def count(self, generation: str) -> int:
        """Documents that searches see."""
        with errors_translated():
            return int(self._client.count(index=self.physical(generation))["count"])

    def disk(self) -> tuple[int, int]:
        """Bytes of the index that is searched, replicas included, and bytes that all nodes have free."""
        with errors_translated():
            nodes = self._client.nodes.stats(metric="fs", filter_path="nodes.*.fs.total").body["nodes"]
            free = sum(int(node["fs"]["total"]["available_in_bytes"]) for node in nodes.values())
            try:
                stats = self._client.indices.stats(index=self.alias, metric="store").body
            except NotFoundError:
                return 0, free
        return int(stats["_all"]["total"]["store"]["size_in_bytes"]), free

    def active(self) -> str | None:
        """The generation that the alias points to. Raises ``LookupError`` when it points to several."""
        try:
            with errors_translated():
                names = list(self._client.indices.get_alias(name=self.alias).body)
        except EngineUnavailable as error:
            if error.extra.get("status") == 404:
                return None
            raise
        if len(names) != 1:
            raise LookupError(f"the alias {self.alias} points to {len(names)} indices")
        return names[0].removeprefix(f"{self.alias}-")

    def point(self, generation: str, *, previous: str | None) -> None:
        """Move the alias in one step. Fails, changing nothing, when it did not point to ``previous``."""
        actions: list[dict[str, object]] = []
        if previous is not None:
            actions.append(
                {"remove": {"index": self.physical(previous), "alias": self.alias, "must_exist": True}}
            )
        actions.append({"add": {"index": self.physical(generation), "alias": self.alias}})
        with errors_translated():
            self._client.indices.update_aliases(actions=actions)

    def unpoint(self, generation: str) -> None:
        """Take the alias away; for going back to where there was none."""
        with errors_translated():
            self._client.indices.delete_alias(index=self.physical(generation), name=self.alias)

    def delete(self, generation: str) -> None:
        """Delete an index, if it is there. Refuses the one that is searched."""
        if self.active() == generation:
            raise RuntimeError(f"{generation} is searched")
        with errors_translated():
            self._client.indices.delete(index=self.physical(generation), ignore_unavailable=True)

    def documents(self, generation: str, ids: Sequence[int]) -> dict[int, dict[str, object]]:
        """Stored documents by id."""
        if not ids:
            return {}
        with errors_translated():
            answer = self._client.mget(index=self.physical(generation), ids=[str(pk) for pk in ids])
        return {int(one["_id"]): one["_source"] for one in answer["docs"] if one.get("found")}

    def ids_after(self, generation: str, position: int, *, limit: int) -> list[int]:
        """Ids of stored documents above ``position``, ascending."""
        with errors_translated():
            answer = self._client.search(
                index=self.physical(generation),
                query={"match_all": {}},
                size=limit,
                sort=[{"id": "asc"}],
                search_after=[position],
                source=False,
                track_total_hits=False,
            )
        return [int(hit["_id"]) for hit in answer["hits"]["hits"]]

    def last_id(self, generation: str) -> int:
        """The highest id of a stored document, 0 if there is none."""
        with errors_translated():
            answer = self._client.search(
                index=self.physical(generation),
                query={"match_all": {}},
                size=1,
                sort=[{"id": "desc"}],
                source=False,
                track_total_hits=False,
            )
        return max((int(hit["_id"]) for hit in answer["hits"]["hits"]), default=0)

    def synonyms_ensure(self) -> None:
        """Make the set of synonyms if there is none, because the index names it."""
        try:
            self._client.synonyms.get_synonym(id=self.alias, size=1)
        except NotFoundError:
            self._client.synonyms.put_synonym(id=self.alias, synonyms_set=[])

    def synonyms_get(self) -> list[tuple[int, str]]:
        """The set as it is, in the order of the ids; empty when there is none."""
        try:
            with errors_translated():
                rules = self._client.synonyms.get_synonym(id=self.alias, size=MAX_SYNONYMS)["synonyms_set"]
        except EngineUnavailable as error:
            if error.extra.get("status") == 404:
                return []
            raise
        return sorted((int(rule["id"]), rule["synonyms"]) for rule in rules)

    def synonyms_put(self, rules: Sequence[tuple[int, str]]) -> None:
        """Replace the set; Elasticsearch reloads the analyzers of open indices before it answers."""
        synonyms = [{"id": str(pk), "synonyms": rule} for pk, rule in rules]
        with errors_translated():
            self._client.synonyms.put_synonym(id=self.alias, synonyms_set=synonyms)


#: Nothing of what was stored, which would be as long as it was.
_ERRORS = "errors,items.*.error"
