"""How root starts a program that refuses to run as root (PostgreSQL, Elasticsearch)."""

import functools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError

UNPRIVILEGED_USER = "nobody"
#: In this namespace the caller is user 1000, while the files it makes still belong to root outside.
NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True)
class Privileges:
    """What to put before a command, or whom to become, so that it does not see itself as root."""

    prefix: tuple[str, ...] = ()
    run_as: tuple[int, int] | None = None

    def own(self, *paths: Path) -> None:
        """Give files and whole folders to the user that the program will run as."""
        if os.geteuid() != 0:
            return
        uid, gid = self.run_as or (0, 0)
        for root in paths:
            if root.exists() and (root.stat().st_uid, root.stat().st_gid) != (uid, gid):
                for path in [root, *root.rglob("*")]:
                    os.chown(path, uid, gid, follow_symlinks=False)

    def run(self, command: tuple[str, ...], cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run to its end with these privileges; output is captured."""
        uid, gid = self.run_as or (None, None)
        return subprocess.run(
            [*self.prefix, *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )


@functools.cache
def without_root(program: Path, folder: Path) -> Privileges:
    """The way to run ``program`` on data below ``folder``: directly, as another user, or in a user namespace."""
    if os.geteuid() != 0:
        return Privileges()
    user = pwd.getpwnam(UNPRIVILEGED_USER)
    other_user = Privileges(run_as=(user.pw_uid, user.pw_gid))
    if _works(other_user, program, folder):
        return other_user
    namespace = Privileges(prefix=NAMESPACE)
    if shutil.which(NAMESPACE[0]) and _works(namespace, program, folder):
        return namespace
    raise ToolError(
        f"{program.name} refuses to run as root, and the user {UNPRIVILEGED_USER} cannot reach {folder}: "
        "clone the repository where other users may read it, or run make as a normal user."
    )


def _works(privileges: Privileges, program: Path, folder: Path) -> bool:
    try:
        return all(
            privileges.run(command, cwd=Path("/")).returncode == 0
            for command in ((str(program), "--version"), ("test", "-x", str(folder)))
        )
    except OSError:
        return False
