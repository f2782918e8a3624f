"""A small file system that fills up, in steps of a page."""

import collections
import os
import shutil
import subprocess

from common import ARGUMENTS, FILES, Place, Skip, ended_as_documented, need


def full_disk(program, quick):
    need("mount", "umount")
    place = Place(program, count=400)
    mounted = place.in_("small")
    os.mkdir(mounted)
    ends = collections.Counter()
    old = sum(len(place.old[name]) + 4096 for name in FILES)
    wanted = old + sum(len(place.new[name]) + 8192 for name in FILES) + 65536
    sizes = range((old // 4096 + 1) * 4096, wanted, 4096 * (8 if quick else 1))
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


def one(place, mounted):
    shutil.copytree(place.in_("old-out"), os.path.join(mounted, "out"))
    shutil.copy(place.in_("old-map.csv"), os.path.join(mounted, "map.csv"))
    arguments = [os.path.join("small", word) if word in ("out", "map.csv") else word for word in ARGUMENTS]
    done = subprocess.run([place.program, *arguments], cwd=place.path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    ended_as_documented(done.returncode, done.stderr)
    now = {}
    for name in FILES:
        with open(os.path.join(mounted, name), "rb") as file:
            now[name] = file.read()
    # The record names the map by where it is, so here it differs from the one of the undisturbed run.
    names = [name for name in FILES if name != "out/run.json"]
    old = all(now[name] == place.old[name] for name in names) and now["out/run.json"] == place.old["out/run.json"]
    new = all(now[name] == place.new[name] for name in names) and b'"small/map.csv"' in now["out/run.json"]
    assert old or new, "half a set"
    assert new == (done.returncode == 0), (done.returncode, done.stderr)
    if done.returncode:
        assert "No space left on device" in done.stderr and "`small/" in done.stderr, done.stderr
    left = [name for folder in (mounted, os.path.join(mounted, "out")) for name in os.listdir(folder) if name.startswith(".pql-")]
    assert left == [], left
    return ("new" if new else "old"), done.returncode
