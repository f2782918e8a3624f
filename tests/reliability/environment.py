"""The same bytes under other zones, languages, umasks, folders and clocks."""

import itertools
import os
import shutil
import subprocess

from common import ARGUMENTS, FILES, Place

ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "nonsense"]
LANGUAGES = ["C", "de_DE.UTF-8", "tr_TR.UTF-8"]
UMASKS = [0o000, 0o022, 0o077]
CLOCKS = ["1970-01-02 00:00:00", "2026-03-29 01:59:59", "2026-11-01 01:30:00", "2038-01-19 03:14:08", "2100-01-01 00:00:00"]


def same_bytes(program, quick):
    place = Place(program, count=400)
    tried = 0
    combinations = list(itertools.product(ZONES, LANGUAGES, UMASKS))
    for zone, language, umask in combinations[::7] if quick else combinations:
        place.reset()
        done = place.run(env={**os.environ, "TZ": zone, "LANG": language, "LC_ALL": language}, umask=umask)
        assert done.returncode == 0 and place.judge() == "new", done.stderr
        shutil.rmtree(place.in_("out"))
        os.remove(place.in_("map.csv"))
        done = place.run(env={**os.environ, "TZ": zone, "LANG": language, "LC_ALL": language}, umask=umask)
        assert done.returncode == 0 and place.judge() == "new", done.stderr
        wanted = {name: 0o600 if "rejects" in name else 0o666 & ~umask for name in FILES}
        assert place.modes() == wanted, place.modes()
        tried += 2
    faked = clocks(place) if shutil.which("faketime") else None
    folders = working_folders(place)
    place.remove()
    told = f"{faked} clocks" if faked else "no clocks (`faketime` is not on this machine)"
    return f"{tried} runs of {len(ZONES)} zones, {len(LANGUAGES)} languages, {len(UMASKS)} umasks; {folders} working folders; {told}: the same bytes"


def clocks(place):
    for clock in CLOCKS:
        place.reset()
        done = place.run(["faketime", clock])
        assert done.returncode == 0 and place.judge() == "new", (clock, done.stderr)
    return len(CLOCKS)


def working_folders(place):
    """Names of files are in run.json and rejects.ndjson as they were given, so those two are compared without them."""
    places = ["/", place.path, place.in_("out")]
    seen = set()
    for folder in places:
        arguments = [place.in_(word) if word in ("events.ndjson", "m.toml", "out", "map.csv") else word for word in ARGUMENTS]
        done = subprocess.run([place.program, *arguments], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        now = place.contents()
        seen.add(tuple(now[name] for name in FILES))
        for name in ("out/users.csv", "out/accounts.csv", "map.csv"):
            assert now[name] == place.new[name], (folder, name)
    assert len(seen) == 1, "the working folder shows"
    return len(places)
