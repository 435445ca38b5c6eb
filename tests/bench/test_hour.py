"""The hour's bench puts its own film and model in place of a worker's; where the worker changes, that must be noticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

A_MOMENT = """
import sys
from pathlib import Path
from bench import film, hour

if __name__ == "__main__":
    film.FOLDER = Path(sys.argv[1])
    made = film.hour_film(length_s=48, visits=1)
    held = hour.replay(made.path, made.length_s, minutes=0.2, ask_always=False)
    print("over", len(held))
"""


def test_a_moment_of_the_hour_is_played_to_its_end(project_root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", A_MOMENT, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=200, cwd=project_root)
    assert done.stdout.splitlines()[-1:] == ["over 0"], done.stderr
