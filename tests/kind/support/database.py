"""The shop's database as its superuser sees it, inside its own pod."""

import subprocess
from types import TracebackType

from tools.kind.config import NAMESPACE
from tools.kind.shell import environment, kubectl

_PSQL = ("psql", "--host=/run/meshop", "--username=postgres", "--dbname=meshop", "--set=ON_ERROR_STOP=1")
_EXEC = ("exec", "--namespace", NAMESPACE, "statefulset/postgresql")


def query(sql: str) -> list[str]:
    """The rows of a query, columns by ``|``."""
    return kubectl(
        *_EXEC, "--", *_PSQL, "--quiet", "--tuples-only", "--no-align", "--command", sql
    ).splitlines()


class TableLock:
    """Nobody else writes to a table while this is held: whoever wants to waits in the middle of what they do."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._psql = subprocess.Popen(
            ["kubectl", "exec", "--stdin", *_EXEC[1:], "--", *_PSQL, "--quiet"],
            env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> "TableLock":
        stdin, stdout = self._psql.stdin, self._psql.stdout
        assert stdin
        assert stdout
        stdin.write(f"BEGIN; LOCK TABLE {self._table} IN EXCLUSIVE MODE;\n\\echo held\n")
        stdin.flush()
        assert stdout.readline().strip() == "held"
        return self

    def waiting(self) -> int:
        """How many sessions wait for it."""
        sql = f"SELECT count(*) FROM pg_locks WHERE relation = '{self._table}'::regclass AND NOT granted"
        return int(query(sql)[0])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._psql.communicate("COMMIT;\n", timeout=30)
