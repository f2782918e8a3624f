#!/usr/bin/env python3
"""Holds that the program costs near as much as its input is long, for shapes whose cost once grew with the product of two lengths.

    tests/hostile/near_linear.py [PROGRAM]

Each shape is run at a size and at four times that size. Four times the processor time is linear, sixteen times is quadratic, and more than
ten times fails. The least of three runs counts. Processor time is taken and no time of the clock, so that a busy machine changes little.
PROGRAM is the pql to test; the default is the newest one below target/.
"""

import datetime
import glob
import json
import os
import pathlib
import subprocess
import sys
import tempfile

RATIO_MAX = 10
# What a process costs that does nothing; below it a ratio says nothing.
START_SECONDS = 0.005
MODEL = 'schema = 1\n[[user.signals]]\nname = "s"\nevent = "a"\npoints = 1\n'
SCORE = ["score", "events.ndjson", "-m", "model.toml", "--as-of", "2026-03-01", "--threads", "1", "-q"]


def event(user="kim", timestamp="2026-03-01T10:00:00Z", **more):
    return json.dumps({"event": "a", "timestamp": timestamp, "user_id": user, **more}) + "\n"


def dates_in_any_order(folder, dates):
    """One user who names an account on each date."""
    first = datetime.date(1000, 1, 1)
    # A step without a common divisor with the number goes through all dates.
    days = (first + datetime.timedelta(days=number * 7919 % dates) for number in range(dates))
    lines = (event(timestamp=f"{day.isoformat()}T10:00:00Z", account_id=f"a{number % 5}") for number, day in enumerate(days))
    (folder / "events.ndjson").write_text("".join(lines))
    return SCORE


def like(pattern):
    def write(folder, letters):
        condition = f"where = \"t like '{pattern.format('a' * letters)}'\""
        (folder / "model.toml").write_text(MODEL.replace('event = "a"', f'event = "a"\n{condition}'))
        (folder / "events.ndjson").write_text(event(properties={"t": "a" * (100 * letters)}))
        return SCORE

    return write


def globs(folder, letters):
    excluded = f'[identity]\nexclude_users = ["*{"a" * letters}b*"]\n'
    (folder / "model.toml").write_text(MODEL + excluded)
    (folder / "events.ndjson").write_text(event(user="a" * (100 * letters)))
    return SCORE


def columns(folder, count):
    names = ",".join(f"c{number}" for number in range(count))
    row = "kim,a,2026-03-01T10:00:00Z,e1" + ",1" * count
    (folder / "events.csv").write_text(f"user_id,event,timestamp,event_id,{names}\n{row}\n")
    return [word.replace("events.ndjson", "events.csv") for word in SCORE]


def checked_signals(folder, signals):
    metrics = "".join(f'm{number} = {{ measure = "count", event = "e{number}" }}\n' for number in range(signals))
    each = "".join(f'[[user.signals]]\nname = "s{number}"\nwhen = "m{number} > 1"\npoints = 1\n' for number in range(signals))
    (folder / "large.toml").write_text(f"schema = 1\n[metrics]\n{metrics}{each}")
    return ["check", "large.toml"]


SHAPES = [
    ("dates on which one user names accounts", 50_000, dates_in_any_order),
    ("LIKE, one piece", 2_000, like("%{}b%")),
    ("LIKE, two pieces", 2_000, like("%{}b%c%")),
    ("LIKE with _", 2_000, like("%_{}b%")),
    ("globs over ids", 2_000, globs),
    ("columns of a table", 15_000, columns),
    ("signals that are checked", 1_250, checked_signals),
]


def seconds(program, folder, arguments):
    """The least processor time of three runs."""
    spent = []
    for _ in range(3):
        process = subprocess.Popen([program, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            sys.exit(f"near_linear: {' '.join(arguments)} ended with {process.returncode}")
        spent.append(usage.ru_utime + usage.ru_stime)
    return min(spent)


def main():
    built = sorted(glob.glob("target/*/pql"), key=os.path.getmtime)
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else built[-1])
    failed = 0
    for name, size, write in SHAPES:
        times = []
        for count in (size, 4 * size):
            with tempfile.TemporaryDirectory() as made:
                folder = pathlib.Path(made)
                (folder / "model.toml").write_text(MODEL)
                times.append(seconds(program, folder, write(folder, count)))
        ratio = times[1] / max(times[0], START_SECONDS)
        verdict = "ok" if ratio < RATIO_MAX else "FAILED"
        failed += verdict == "FAILED"
        print(f"{name} {verdict}: {size} took {times[0]:.3f} s, {4 * size} took {times[1]:.3f} s, {ratio:.1f} times as long")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
