"""Events that somebody writes to, cuts, replaces or rotates while they are read."""

import collections
import json
import os
import shutil
import subprocess
import threading
import time

from common import ARGUMENTS, Place, ended_as_documented, events, need, read


def append(path):
    with open(path, "a") as file:
        file.write('{"event":"visit","timestamp":"2026-10-05T10:00:00Z","user_id":"added"}\n{"event":"vis')


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def replace(path):
    with open(path + ".next", "w") as file:
        file.write(events(50, "replaced"))
    os.rename(path + ".next", path)


def rotate(path):
    """As logrotate does with copytruncate: copied away, cut to nothing, and written on."""
    shutil.copy(path, path + ".1")
    os.truncate(path, 0)
    with open(path, "a") as file:
        file.write(events(20000, "rotated"))


def while_read(program, quick):
    """Each change comes while a read is held up, at so many places of the file."""
    need("strace")
    place = Place(program, count=20000)
    ends = collections.Counter()
    offsets = 4 if quick else 20
    for change in (append, cut, replace, rotate):
        for offset in range(offsets):
            place.reset()
            path = place.in_("events.ndjson")
            shutil.copy(path, place.in_("kept"))
            # The read of this number is held up for half a second before it takes place; the change comes in between.
            process = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-P", path, "-e", "trace=read",
                                        "-e", f"inject=read:delay_enter=500000:when={offset + 1}", program, *ARGUMENTS],
                                       cwd=place.path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            wait_until_held_up(process, path)
            change(path)
            said = process.communicate()[1]
            ended_as_documented(process.returncode, said)
            ends[f"{change.__name__}: {judge(place, change, offset, process.returncode, said)}"] += 1
            os.rename(place.in_("kept"), path)
            for more in (path + ".1", path + ".next"):
                if os.path.exists(more):
                    os.remove(more)
    place.remove()
    return f"{offsets} offsets each: {dict(ends)}"


def wait_until_held_up(process, path):
    """Waits until the file has been open for a while and nothing moves."""
    last, since = None, time.monotonic()
    while time.monotonic() - since < 5 and process.poll() is None:
        children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
        for child in children:
            try:
                for fd in os.listdir(f"/proc/{child}/fd"):
                    if os.readlink(f"/proc/{child}/fd/{fd}") == path:
                        at = open(f"/proc/{child}/fdinfo/{fd}").readline()
                        if at == last:
                            return
                        last = at
            except OSError:
                continue
        time.sleep(0.02)


def judge(place, change, offset, code, said):
    if code == 1 and change is rotate and "the input is empty" in said:
        # Opened in the moment between the two steps of the rotation, in which it holds nothing.
        assert place.judge() == "old"
        return "opened while empty, old files"
    if code != 0:
        assert code == 3 and ("changed while" in said or "written over" in said), said
        assert place.judge() == "old"
        return "refused, old files"
    records = json.loads(open(place.in_("out/run.json")).read())["counts"]["records"]
    # All that was in the file when it was opened, and so the bytes of an undisturbed run.
    if records == lines(place.in_("kept")) and place.judge() == "new":
        return "the file as it was, new files" + (", growth told" if "grew while" in said else "")
    # The change came before the file was opened, as it may on a slow machine and always does at the first read, which only looks what
    # kind of file it is. Then all is of the file after the change, and nothing of both.
    ids = read(place.in_("out/users.csv"))
    assert (b"new-" in ids) + (b"rotated-" in ids) + (b"replaced-" in ids) == 1, (change.__name__, offset, said)
    assert change is rotate or records == lines(place.in_("events.ndjson")), (change.__name__, offset, records, said)
    assert change is not rotate or b"rotated-" in ids, (offset, said)
    return "opened after the change, new files"


def lines(path):
    data = open(path, "rb").read()
    return data.count(b"\n") + (not data.endswith(b"\n"))
