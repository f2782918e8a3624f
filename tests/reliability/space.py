"""A small file system that fills up, in steps of a page."""

import collections
import os
import shutil
import subprocess

from common import Place, RecordPlace, Skip, ended_as_documented, need


def full_disk(program, quick):
    return smaller_and_larger(Place(program, count=400), 8 if quick else 1)


def full_disk_with_record(program, quick):
    return smaller_and_larger(RecordPlace(program, count=200), 12 if quick else 1)


def smaller_and_larger(place, step):
    need("mount", "umount")
    mounted = place.in_("small")
    os.mkdir(mounted)
    ends = collections.Counter()
    pages = lambda files: sum(len(data) // 4096 * 4096 + 4096 for data in files)
    old = sum(len(data) + 4096 for data in place.old.values()) + pages(record(place).values())
    wanted = old + sum(len(data) + 8192 for data in place.new.values()) + 2 * pages(record(place).values()) + 65536
    sizes = range((old // 4096 + 1) * 4096, wanted, 4096 * step)
    whole = None
    for size in sizes:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", mounted], capture_output=True, text=True)
        if done.returncode:
            place.remove()
            raise Skip("file systems cannot be mounted here: " + done.stderr.strip())
        try:
            state, code = one(place, mounted)
        finally:
            subprocess.run(["umount", mounted], check=True)
        ends[f"exit {code}, {state}"] += 1
        if code == 0:
            whole = whole or size
        assert code in (0, 3), code
    place.remove()
    assert whole, "no size was enough"
    return f"{len(sizes)} sizes from {sizes[0] >> 10} to {sizes[-1] >> 10} KiB, enough from {whole >> 10} KiB on: {dict(ends)}"


def record(place):
    """The bytes of each file of the record; none in a place without one."""
    return place.record() if isinstance(place, RecordPlace) else {}


def one(place, mounted):
    shutil.copytree(place.in_("old-out"), os.path.join(mounted, "out"))
    shutil.copy(place.in_("old-map.csv"), os.path.join(mounted, "map.csv"))
    if isinstance(place, RecordPlace):
        shutil.copytree(place.in_("old-record"), os.path.join(mounted, "record"))
    arguments = [os.path.join("small", word) if word in ("out", "map.csv", "record") else word for word in place.arguments]
    done = subprocess.run([place.program, *arguments], cwd=place.path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    ended_as_documented(done.returncode, done.stderr)
    now = {}
    for name in place.files:
        with open(os.path.join(mounted, name), "rb") as file:
            now[name] = file.read()
    # The record names the map by where it is, so here it differs from the one of the undisturbed run.
    names = [name for name in place.files if name != "out/run.json"]
    old = all(now[name] == place.old[name] for name in names) and now["out/run.json"] == place.old["out/run.json"]
    new = all(now[name] == place.new[name] for name in names) and b'"small/map.csv"' in now["out/run.json"]
    assert old or new, "half a set"
    # What a record notes of published lists comes last, so only that can fail behind them.
    late = isinstance(place, RecordPlace) and "the lists are already in place" in done.stderr
    assert new == (done.returncode == 0 or late), (done.returncode, done.stderr)
    if done.returncode:
        assert "No space left on device" in done.stderr and "`small/" in done.stderr, done.stderr
    left = [name for folder in (mounted, os.path.join(mounted, "out")) for name in os.listdir(folder) if name.startswith(".pql-")]
    assert left == [], left
    state = "new" if new else "old"
    if isinstance(place, RecordPlace):
        state = judge_record(place, mounted, state)
    return state, done.returncode


def judge_record(place, mounted, lists):
    """The record on the full disk, which the same run must bring to its end where there is room."""
    place.reset()
    shutil.rmtree(place.in_("record"))
    shutil.copytree(os.path.join(mounted, "record"), place.in_("record"))
    state = place.judge_record(lists)
    place.heal()
    return state
