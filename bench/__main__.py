"""`make bench`: each figure is a ratio to a floor measured in the same run, on the same machine, in the same minute.

Nothing here decides a test. Seconds depend on the machine; ratios much less. The films are made at the first run (a few
minutes) and kept in `build/bench`.
"""

from __future__ import annotations

from bench import busy, day, drain, hour, prompt, runtimes, steps
from bench.rows import print_rows


def main() -> None:
    print_rows("Single steps, on a sample clip", steps.rows())
    print_rows("Models, sizes and runtimes, one thread", runtimes.rows())
    print_rows("After an outage", drain.rows())
    print_rows("From the rider's leaving to the message, four cameras of one worker", prompt.rows())
    print_rows("A rack's day in ten minutes, 1080p25 H.264, people in it a tenth of the time", day.rows())
    print_rows("Four cameras, 1080p25 H.264", busy.rows())
    print_rows("An hour of four cameras, 1080p H.264", hour.rows())


if __name__ == "__main__":
    main()
