"""Power cuts, replayed: what could be on the disk after a cut at each point of a run, on a file system that orders nothing but what fsync orders.

One run is traced. After each of its calls, everything that no fsync has confirmed may be there or not, each apart from the others: a file that
was not brought to the disk is empty, half or whole, and a name that was given, changed or removed since its folder was last brought to the disk
is as before or as after. Each of these folders is built, and judged as a reader and the next run would.
"""

import codecs
import collections
import itertools
import math
import os
import random
import re
import shutil

from common import ARGUMENTS, FILES, REJECTS, Place, RecordPlace, Skip, need, read, vouched

CALLS = ["openat", "open", "creat", "write", "writev", "pwrite64", "ftruncate", "fallocate", "copy_file_range", "sendfile", "fsync", "fdatasync",
         "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "fchmod", "fchown", "chmod"]
WHOLE = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)(?:<(.*?)>)?(?:\s.*)?$")
BEGUN = re.compile(r"^(\d+)\s+(\w+)\((.*?)\s*<unfinished \.\.\.>$")
ENDED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")
Event = collections.namedtuple("Event", "kind path to size")
# What a cut between two calls could leave is built whole up to so many folders; of more, as many are drawn.
MOST = 1024


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
        is_log = "/record/log/" in opened
        assert is_log or "O_EXCL" in rest or ".pql-lock" in opened, f"a file is opened that may be there: {rest}"
        # A log is there, and is cut to its length before it is appended to.
        event = None if is_log else Event("create", opened, None, 0)
    elif call == "ftruncate" and below(of):
        event = Event("append", of, None, int(rest.rsplit(", ", 1)[1]))
    elif call in ("write", "writev", "pwrite64") and below(of):
        text = re.search(r'"((?:[^"\\]|\\.)*)", \d+$', rest)
        data = codecs.escape_decode(text[1].encode("latin-1"))[0] if text else None
        event = Event("write", of, data, int(result))
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
    elif call == "rmdir":
        # An empty folder that is left over says no more than none.
        event = None
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
        self.data = {}  # number of the file -> its bytes, as far as the trace has them whole
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
            self.data[number] = b""
            self.pending.append((kind, path, None, number))
        elif kind == "append":
            number = self.names.setdefault(path, len(self.written))
            self.settled[path] = number
            self.written[number] = self.confirmed[number] = size
        elif kind == "write" and number is not None:
            self.written[number] += size
            known = self.data.pop(number, None)
            if known is not None and to is not None and len(to) == size:
                self.data[number] = known + to
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
        for parts in choices(ways):
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
            could = {max(confirmed, size) for size in (0, written // 2, written)}
            sizes.append([(path, number, size) for size in sorted(could)])
        return {frozenset(choice) for choice in itertools.product(*sizes)}


def choices(ways):
    """One of each: all combinations, or as many drawn as are built."""
    if math.prod(len(way) for way in ways) <= MOST:
        yield from itertools.product(*ways)
        return
    ways = [sorted(way, key=repr) for way in ways]
    generator = random.Random(len(ways))
    yield from ([generator.choice(way) for way in ways] for _ in range(MOST))


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
    return found, met, Contents({number: path for path, number in disk.names.items()}, disk.data)


# The last name of each file by its number, and the bytes of those whose writes the trace shows whole.
Contents = collections.namedtuple("Contents", "targets data")


def build(place, state, contents, new):
    """Makes the folder what a cut left: over what was there before the run."""
    top = os.path.realpath(place.path)
    for path, number, size in state:
        if number is None:
            if os.path.exists(path):
                os.remove(path)
            continue
        name = os.path.relpath(contents.targets.get(number, top), top)
        data = (new.get(name) or contents.data.get(number) or b"\0" * size)[:size]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def judge(place, old, new):
    """`old`, `new` or `mixed`, by what is there; fails if a file is neither, or if the check of run.json says otherwise."""
    states = {}
    for name in place.files:
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
    found, met, contents = states(events)
    ends = collections.Counter()
    chosen = list(found)[::40] if quick else list(found)
    for state in chosen:
        reset()
        build(place, state, contents, new)
        kind = judge(place, old, new)
        ends[kind] += 1
        done = place.run()
        assert done.returncode == 0, f"the next run after {kind} fails: {done.stderr}"
        assert place.contents() == new and place.leftovers() == [], f"the next run after {kind} leaves other files: {place.leftovers()}"
    return f"{len(events)} calls, {met} states, {len(found)} different, {len(chosen)} built: {dict(ends)}"


def control(place, reset, old, new, events, dropped):
    """Without the calls that are `dropped`, the same replay must find what is wrong; else it finds nothing at all."""
    found, _, contents = states([event for event in events if not dropped(event)])
    wrong = 0
    for state in list(found)[::7]:
        reset()
        build(place, state, contents, new)
        try:
            judge(place, old, new)
        except AssertionError:
            wrong += 1
    assert wrong > 0, "a run that brings nothing to the disk passes too, so this check sees nothing"
    return wrong


def replayed_with_record(program, quick):
    """Over an old record and old lists: what a cut leaves is whole, and the same run comes to what an undisturbed one came to."""
    place = RecordPlace(program, count=40)
    run = trace(place, place.arguments)
    written = {**{name: read(place.in_(name)) for name in place.files}, **{"record/" + name: data for name, data in place.record().items()}}
    found, met, contents = states(run)
    ends = collections.Counter()
    step = max(1, len(found) // (30 if quick else 2500))
    chosen = list(found)[::step]
    for state in chosen:
        place.reset()
        build(place, state, contents, written)
        ends[place.judge_record(judge(place, place.old, place.new))] += 1
        place.heal()
    place.remove()
    return f"{len(run)} calls, {met} states, {len(found)} different, {len(chosen)} built: {dict(ends)}"


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
