#!/usr/bin/env python3
"""Checks of reliability that need more than `cargo test` may ask for: strace, mounts, faketime, minutes.

    tests/reliability/run.py [--quick] [--only NAME] [PROGRAM]

PROGRAM is the pql to check; without it, the newest below target/. What the machine cannot do is skipped with a message. Prints a line of
figures for each check; ends with 1 if one of them fails. --quick takes a sample of each, for every change; without it the whole takes
some minutes to half an hour.
"""

import argparse
import glob
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import environment
import errors
import kills
import moving
import powercut
import races
import space
from common import ROOT, Skip

CHECKS = [
    ("kill-at-every-call", kills.at_every_call),
    ("kill-after-every-call", kills.after_every_call),
    ("kill-at-every-call-with-record", kills.at_every_call_with_record),
    ("kill-after-every-call-with-record", kills.after_every_call_with_record),
    ("kill-at-random", kills.at_random),
    ("told-to-stop-at-every-call", kills.told_to_stop),
    ("every-call-fails-once", errors.each_once),
    ("every-call-fails-once-with-record", errors.each_once_with_record),
    ("power-cuts", powercut.replayed),
    ("power-cuts-with-record", powercut.replayed_with_record),
    ("full-disk", space.full_disk),
    ("full-disk-with-record", space.full_disk_with_record),
    ("four-way-races", races.four_way),
    ("free-races", races.free_races),
    ("killed-holders", races.killed_holders),
    ("other-locks", races.other_locks),
    ("environment", environment.same_bytes),
    ("moving-files", moving.while_read),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a sample of each check")
    parser.add_argument("--only", metavar="NAME", help="the checks whose name has this in it")
    parser.add_argument("program", nargs="?")
    arguments = parser.parse_args()
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    built = sorted(glob.glob(os.path.join(target, "*", "pql")), key=os.path.getmtime)
    program = arguments.program or (built[-1] if built else None)
    if program is None:
        sys.exit("no program to check: build it first (`cargo build`), or name it")
    program = os.path.abspath(program)
    print(f"program: {program}")
    failed = 0
    for name, check in CHECKS:
        if arguments.only and arguments.only not in name:
            continue
        started = time.monotonic()
        try:
            told = "ok: " + check(program, arguments.quick)
        except Skip as skip:
            told = f"skipped: {skip}"
        except AssertionError as problem:
            told = f"FAILED: {problem}"
            failed += 1
        print(f"{name} ({time.monotonic() - started:.0f} s) {told}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
