"""What the command `pleaselock` starts: an edge box, which has little memory, loads nothing of the server's.

The server's part, the reports and the training take 50 MiB that `pleaselock watch` would hold for ever.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main() -> None:
    if is_edge(sys.argv[1:]):
        _watch()
    else:
        from pleaselock import main as everything  # noqa: PLC0415

        everything()


def is_edge(arguments: Sequence[str]) -> bool:
    """Whether nothing but the worker is asked for; help is told by the whole command line."""
    return list(arguments[:1]) == ["watch"] and "--help" not in arguments


def _watch() -> None:
    import typer  # noqa: PLC0415

    from detector.errors import UsageError  # noqa: PLC0415
    from detector.worker_commands import app  # noqa: PLC0415
    from pleaselock_log import log_plainly  # noqa: PLC0415

    log_plainly()
    try:
        app(prog_name="pleaselock")
    except UsageError as error:
        typer.echo(f"pleaselock: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
