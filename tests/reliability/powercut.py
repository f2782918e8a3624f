"""Power cuts, replayed: what could be on the disk after a cut at each point of a run, on a file system that orders nothing but what fsync orders.

One run is traced. After each of its calls, everything that no fsync has confirmed may be there or not, each apart from the others: a file that
was not brought to the disk is empty, half or whole, and a name that was given, changed or removed since its folder was last brought to the disk
is as before or as after. Each of these folders is built, and judged as a reader and the next run would.
"""

import collections
import itertools
import os
import re
import shutil

from common import ARGUMENTS, FILES, REJECTS, Place, Skip, need, read, vouched

CALLS = ["openat", "open", "creat", "write", "writev", "pwrite64", "ftruncate", "fallocate", "copy_file_range", "sendfile", "fsync", "fdatasync",
         "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "fchmod", "fchown", "chmod"]
WHOLE = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)(?:<(.*?)>)?(?:\s.*)?$")
BEGUN = re.compile(r"^(\d+)\s+(\w+)\((.*?)\s*<unfinished \.\.\.>$")
ENDED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")
Event = collections.namedtuple("Event", "kind path to size")


def trace(place, arguments):
    """What a run does to files below the place, in the order in which the calls end."""
    need("strace")
    log = place.in_("trace")
    done = place.run(["strace", "-f", "-y", "-s", "4096", "-o", log, "-e", "trace=" + ",".join(CALLS)], arguments)
    if not os.path.exists(log) or os.path.getsize(log) == 0:
        raise Skip("strace cannot trace here: " + done.stderr.strip())
    assert done.returncode == 0, done.stderr
    begun, found = {}, []
    for line in open(log, errors="replace"):
        line = line.rstrip("\n")
        if match := BEGUN.match(line):
            begun[match[1]] = f"{match[1]} {match[2]}({match[3]}"
            continue
        if match := ENDED.match(line):
            line = begun.pop(match[1], "") + match[3]
        if match := WHOLE.match(line):
            found += events_of(place, *match.groups()[1:])
    os.remove(log)
    return found


def events_of(place, call, rest, result, opened):
    """The event behind a call that succeeded; none if it changes nothing below the place."""
    top = os.path.realpath(place.path)
    below = lambda path: path is not None and (path + "/").startswith(top + "/")
    absolute = lambda path: os.path.normpath(os.path.join(top, path))
    if int(result) < 0:
        return []
    names = [absolute(name) for name in re.findall(r'"((?:[^"\\]|\\.)*)"', rest)] if not call.startswith(("write", "pwrite")) else []
    of = re.match(r"\d+<(.*?)>", rest)
    of = of[1] if of else None
    event = None
    if call in ("openat", "open", "creat") and "O_CREAT" in rest and below(opened):
        assert "O_EXCL" in rest or ".pql-lock" in opened, f"a file is opened that may be there: {rest}"
        event = Event("create", opened, None, 0)
    elif call in ("write", "writev", "pwrite64") and below(of):
        event = Event("write", of, None, int(result))
    elif call in ("fsync", "fdatasync") and below(of):
        event = Event("fsync", of, None, 0)
    elif call in ("rename", "renameat", "renameat2") and below(names[1]):
        assert os.path.dirname(names[0]) == os.path.dirname(names[1]), f"a name moves between folders: {names}"
        event = Event("rename", names[0], names[1], 0)
    elif call in ("link", "linkat") and below(names[1]):
        event = Event("link", names[0], names[1], 0)
    elif call in ("unlink", "unlinkat") and below(names[0]):
        event = Event("unlink", names[0], None, 0)
    elif call in ("mkdir", "mkdirat") and below(names[0]):
        event = Event("mkdir", names[0], None, 0)
    elif call in ("fchmod", "fchown") and below(of):
        event = Event("rights", of, None, 0)
    else:
        assert not below(of) or call in ("openat", "open"), f"a call that this check does not know: {call}({rest}"
    return [event] if event else []


class Disk:
    """What was done so far, and what of it is confirmed."""

    def __init__(self):
        self.names = {}  # path -> number of the file, as the running system sees it
        self.written, self.confirmed = {}, {}
        self.pending = []  # changes of names that no fsync of their folder has confirmed: (kind, path, to, number)
        self.settled = {}  # path -> number of the file or None, as confirmed
        self.folders = []

    def step(self, event):
        kind, path, to, size = event
        number = self.names.get(path)
        if kind == "create":
            number = len(self.written)
            self.names[path] = number
            self.written[number] = self.confirmed[number] = 0
            self.pending.append((kind, path, None, number))
        elif kind == "write" and number is not None:
            self.written[number] += size
        elif kind == "fsync" and number is not None:
            self.confirmed[number] = self.written[number]
        elif kind == "fsync":
            here = [change for change in self.pending if os.path.dirname(change[1]) == path]
            self.pending = [change for change in self.pending if change not in here]
            for change in here:
                apply(self.settled, change)
        elif kind in ("rename", "link"):
            self.names[to] = number
            if kind == "rename":
                self.names.pop(path, None)
            self.pending.append((kind, path, to, number))
        elif kind == "unlink":
            self.names.pop(path, None)
            self.pending.append((kind, path, None, None))
        elif kind == "mkdir":
            self.pending.append((kind, path, None, None))

    def after_a_cut(self):
        """All that could be there: for each, names with the number and the size of their file, None for what is gone."""
        missing = [path for kind, path, _, _ in self.pending if kind == "mkdir"]
        chains = []
        for change in (change for change in self.pending if change[0] != "mkdir"):
            touched = {path for path in change[1:3] if path}
            joined = [chain for chain in chains if chain[0] & touched]
            chains = [chain for chain in chains if chain not in joined]
            chains.append((touched.union(*(chain[0] for chain in joined)), sum((chain[1] for chain in joined), []) + [change]))
        settled = {path: number for path, number in self.settled.items() if not any(path in chain[0] for chain in chains)}
        ways = [self.contents(settled)]
        for touched, changes in chains:
            outcomes = set()
            for kept in itertools.product((False, True), repeat=len(changes)):
                names = {path: number for path, number in self.settled.items() if path in touched}
                for change in itertools.compress(changes, kept):
                    apply(names, change)
                outcomes |= self.contents(names)
            ways.append(outcomes)
        for parts in itertools.product(*ways):
            whole = frozenset().union(*parts)
            yield whole
            for folder in missing:
                yield frozenset(entry for entry in whole if not entry[0].startswith(folder + "/"))

    def contents(self, names):
        """The names with each size that their files could have."""
        sizes = []
        for path, number in sorted(names.items()):
            if number is None:
                sizes.append([(path, None, 0)])
                continue
            written, confirmed = self.written[number], self.confirmed[number]
            could = {written} if written == confirmed else {0, written // 2, written, confirmed}
            sizes.append([(path, number, size) for size in sorted(could)])
        return {frozenset(choice) for choice in itertools.product(*sizes)}


def apply(names, change):
    kind, path, to, number = change
    if kind in ("rename", "link"):
        names[to] = number
    if kind == "create":
        names[path] = number
    elif kind in ("rename", "unlink"):
        names[path] = None


def states(events):
    """Every folder that a cut could leave, each once, with how many were met; and the number of the file behind each name at the end."""
    disk, found, met = Disk(), {}, 0
    for at, event in enumerate(events):
        disk.step(event)
        for state in disk.after_a_cut():
            met += 1
            found.setdefault(state, at)
    return found, met, {number: path for path, number in disk.names.items()}


def build(place, state, target_of, new):
    """Makes the folder what a cut left: over what was there before the run."""
    top = os.path.realpath(place.path)
    for path, number, size in state:
        if number is None:
            if os.path.exists(path):
                os.remove(path)
            continue
        name = os.path.relpath(target_of.get(number, ""), top)
        data = (new.get(name) or b"\0" * size)[:size]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def judge(place, old, new):
    """`old`, `new` or `mixed`, by what is there; fails if a file is neither, or if the check of run.json says otherwise."""
    states = {}
    for name in FILES:
        now = read(place.in_(name))
        assert now in (old[name], new[name]), f"{name} is neither old nor new ({len(now or b'')} bytes)"
        states[name] = "old" if now == old[name] else "new"
    rejects, kinds = states.pop(REJECTS), set(states.values())
    said = read(place.in_("out/run.json")) is not None and vouched(place.path)
    kind = kinds.pop() if len(kinds) == 1 else "mixed"
    expected = kind == "new" or kind == "old" and old["out/run.json"] is not None
    assert said == expected, f"the files are {kind}, and the check of run.json says " + ("a whole set" if said else "no whole set")
    return kind if kind in (rejects, "mixed") else f"{kind} beside {rejects} rejects"


def each(place, reset, old, new, events, quick):
    """Builds and judges every state, and runs again in it."""
    confirmed = {event.path: at for at, event in enumerate(events) if event.kind == "fsync"}
    late = [event for at, event in enumerate(events) if event.kind == "rights" and at > confirmed.get(event.path, -1)]
    assert not late, f"rights of a file are changed after it was brought to the disk: {late}"
    found, met, target_of = states(events)
    ends = collections.Counter()
    chosen = list(found)[::40] if quick else list(found)
    for state in chosen:
        reset()
        build(place, state, target_of, new)
        kind = judge(place, old, new)
        ends[kind] += 1
        done = place.run()
        assert done.returncode == 0, f"the next run after {kind} fails: {done.stderr}"
        assert place.contents() == new and place.leftovers() == [], f"the next run after {kind} leaves other files: {place.leftovers()}"
    return f"{len(events)} calls, {met} states, {len(found)} different, {len(chosen)} built: {dict(ends)}"


def control(place, reset, old, new, events, dropped):
    """Without the calls that are `dropped`, the same replay must find what is wrong; else it finds nothing at all."""
    found, _, target_of = states([event for event in events if not dropped(event)])
    wrong = 0
    for state in list(found)[::7]:
        reset()
        build(place, state, target_of, new)
        try:
            judge(place, old, new)
        except AssertionError:
            wrong += 1
    assert wrong > 0, "a run that brings nothing to the disk passes too, so this check sees nothing"
    return wrong


def replayed(program, quick):
    place = Place(program, count=300)
    new = place.new
    told = []
    over = trace(place, ARGUMENTS)
    told.append("over old files " + each(place, place.reset, place.old, new, over, quick))

    def clear():
        shutil.rmtree(place.in_("out"), ignore_errors=True)
        for name in os.listdir(place.path):
            if name == "map.csv" or name.startswith(".pql-"):
                os.remove(place.in_(name))

    clear()
    nothing = dict.fromkeys(FILES)
    first = trace(place, ARGUMENTS)
    told.append("in no folder yet " + each(place, clear, nothing, new, first, quick))
    of_files = lambda event: event.kind == "fsync" and event.path.endswith(".tmp")
    told.append(f"without fsync of files it would find {control(place, place.reset, place.old, new, over, of_files)} broken states")
    place.remove()
    return "; ".join(told)
