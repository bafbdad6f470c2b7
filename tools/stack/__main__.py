"""Command line of the local stack."""

import argparse
import sys

from tools.errors import ToolError
from tools.procfs import PROC
from tools.stack.commands import stack_down, stack_manage, stack_status, stack_train, stack_up
from tools.stack.config import StackConfig

VARIABLES = """\
variables of `up` (as `make up NAME=value` or from the environment):
  PORT=8000          the front door on 127.0.0.1
  CATALOG=file       import this catalogue (CSV or JSON lines, may be .gz); without it, 500 demo products
  ADMIN_EMAIL=…      the administrator to make; without it admin@meshop.example
  ADMIN_PASSWORD=…   their password; without it one is made up and printed once
  RATE_LIMIT=off     lift request limits, for load tests
  PG_PORT, REDIS_PORT   ports of the datastores; without them free ones are picked and kept
  and every setting of the backend, such as SHOP_CURRENCY=EUR
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what it says."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.stack",
        description="The whole platform on this machine. Data, logs and secrets are kept in .meshop/.",
        epilog=VARIABLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start what does not run, restart what has changed")
    commands.add_parser("down", help="stop everything that was started here; data stays")
    commands.add_parser("status", help="show what runs, and where")
    manage = commands.add_parser("manage", help="run a management command on the running stack")
    manage.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…")
    train = commands.add_parser("train", help="train an AI service of the running stack")
    train.add_argument("arguments", nargs=argparse.REMAINDER, metavar="SERVICE …")
    options = parser.parse_args(arguments)
    config = StackConfig.from_environment()
    if options.command == "up":
        return stack_up(config)
    if options.command == "down":
        return stack_down(config)
    if options.command == "status":
        return stack_status(config)
    if options.command == "train":
        return stack_train(config, options.arguments)
    return stack_manage(config, options.arguments)


if __name__ == "__main__":
    if not PROC.is_dir():
        sys.exit("The local stack reads /proc to find its processes: run it on Linux, or on Windows in WSL2.")
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted: `make up` goes on from here, `make down` stops what was started.")
