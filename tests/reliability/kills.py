"""SIGKILL at every write-side system call of a run, and at random moments."""

import collections
import os
import random
import signal
import subprocess
import time

from common import Place, RecordPlace, kill, need, traced

# All that changes something outside the process, or ends what does; with `openat`, which creates.
WRITE_SIDE = ["openat", "write", "writev", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat",
              "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "ftruncate", "fchmod", "fchown", "chmod", "flock", "close"]


def at_every_call(program, quick):
    """Kills at the first, second, ... call of each kind, as each thread counts them: before the call takes effect."""
    return killed_at_calls(Place(program), quick)


def at_every_call_with_record(program, quick):
    return killed_at_calls(RecordPlace(program, count=300), quick)


def killed_at_calls(place, quick):
    calls = traced(place, WRITE_SIDE)
    place.reset()
    by_thread = collections.Counter((thread, name) for thread, name, _ in calls)
    most = collections.Counter()
    for (_, name), count in by_thread.items():
        most[name] = max(most[name], count)
    # What the loader opens and closes before the program begins is of no interest.
    first = next(at for at, (_, _, rest) in enumerate(calls) if "events.ndjson" in rest)
    before = collections.Counter(name for _, name, _ in calls[:first])
    points = [(name, number) for name in sorted(most) for number in range(before[name] + 1, most[name] + 1)]
    points = points[::sample(place)] if quick else points
    ends = collections.Counter()
    for name, number in points:
        place.reset()
        done = place.run(["strace", "-f", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}"])
        ends[place.judge() if done.returncode else "ran to its end"] += 1
        place.heal()
    place.remove()
    return f"{len(calls)} write-side calls in a run, killed at {len(points)} of them by kind and thread: {dict(ends)}"


def sample(place):
    """One of how many points a quick check takes; a record makes each of them dearer, and there are more."""
    return 12 if isinstance(place, RecordPlace) else 4


def told_to_stop(program, quick):
    """SIGTERM at the first, second, ... call of each kind: all old or all new, nothing left over, and the run ends by the signal or was done."""
    place = Place(program)
    calls = traced(place, WRITE_SIDE)
    place.reset()
    by_thread = collections.Counter((thread, name) for thread, name, _ in calls)
    most = collections.Counter()
    for (_, name), count in by_thread.items():
        most[name] = max(most[name], count)
    # Until the run begins its files, it has nothing to clean up and leaves signals to the system.
    first = next(at for at, (_, _, rest) in enumerate(calls) if ".pql-" in rest)
    before = collections.Counter(name for _, name, _ in calls[:first])
    points = [(name, number) for name in sorted(most) for number in range(before[name] + 1, most[name] + 1)]
    points = points[::4] if quick else points
    ends = collections.Counter()
    for name, number in points:
        place.reset()
        done = place.run(["strace", "-f", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=TERM:when={number}"])
        state = place.judge()
        assert done.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM), (name, number, done.returncode, done.stderr)
        assert state in ("old", "new") and place.leftovers() == [], f"{name} no. {number}: {state} files, {place.leftovers()}"
        if done.returncode != 0:
            told = "nothing was written" if state == "old" else "had been written whole"
            assert "stopped by SIGTERM" in done.stderr and told in done.stderr, f"{name} no. {number}, {state}: {done.stderr}"
        ends[("ended, " if done.returncode == 0 else "stopped, ") + state] += 1
        place.heal()
    place.remove()
    return f"SIGTERM at {len(points)} calls: {dict(ends)}"


def after_every_call(program, quick):
    """Kills after the first, second, ... call of all, whichever thread makes it: each call is held up until the kill comes."""
    return killed_after_calls(Place(program), quick)


def after_every_call_with_record(program, quick):
    return killed_after_calls(RecordPlace(program, count=300), quick)


def killed_after_calls(place, quick):
    need("strace")
    wanted = [name for name in WRITE_SIDE if name not in ("openat", "close")]
    total = len(traced(place, wanted))
    ends = collections.Counter()
    tried = 0
    for count in range(1, total + 1, sample(place) + 1 if quick else 1):
        place.reset()
        log, pipe = os.pipe()
        process = subprocess.Popen(
            ["strace", "-f", "-o", f"/proc/self/fd/{pipe}", "-e", "trace=" + ",".join(wanted),
             "-e", "inject=" + ",".join(wanted) + ":delay_exit=30000", place.program, *place.arguments],
            cwd=place.path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[pipe])
        os.close(pipe)
        seen = 0
        with os.fdopen(log, errors="replace") as lines:
            for line in lines:
                words = line.split(None, 1)
                if len(words) == 2 and words[1].split("(")[0] in wanted:
                    seen += 1
                if seen == count:
                    children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
                    subprocess.run(["kill", "-KILL", *children], stderr=subprocess.DEVNULL)
                    break
            process.wait()
        tried += 1
        ends[place.judge()] += 1
        place.heal()
    place.remove()
    return f"{total} calls that change something, killed after {tried} of them: {dict(ends)}"


def at_random(program, quick):
    """Kills after a random part of the time that a run takes, and a little more."""
    place = Place(program, count=8000)
    started = time.monotonic()
    place.heal()
    whole = time.monotonic() - started
    ends = collections.Counter()
    generator = random.Random(1)
    times = 20 if quick else 200
    for _ in range(times):
        place.reset()
        process = subprocess.Popen([program, *place.arguments], cwd=place.path, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0, 1.1 * whole))
        ended = process.poll() is not None
        kill(process)
        ends[("ended " if ended else "killed ") + place.judge()] += 1
        place.heal()
    place.remove()
    return f"{times} random kills within {whole:.2f} s: {dict(ends)}"
