"""What the checks of reliability share: the program, an old run and a new one, and how a folder is judged."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODEL = """schema = 1
[[user.signals]]
name = "visits"
event = "visit"
points = 5
[[user.tiers]]
name = "hot"
at_least = 5
qualified = true
[[user.tiers]]
name = "cold"
"""
# A run that publishes all there is: five files, one of them outside the folder.
ARGUMENTS = ["score", "events.ndjson", "-m", "m.toml", "--as-of", "2026-10-31", "--threads", "2", "--out", "out",
             "--id-map", "map.csv", "--max-rejects", "50%"]
FILES = ["out/users.csv", "out/accounts.csv", "out/rejects.ndjson", "out/run.json", "map.csv"]
# Rejected lines are of the last run, also of one that gives nothing else; the others belong together.
REJECTS = "out/rejects.ndjson"
# Exit codes that the manual documents.
DOCUMENTED = {0, 1, 2, 3}


# The same with a record: two tables and two digests more.
RECORD_MODEL = """name = "m"
[[user.alerts]]
name = "new_hot"
when = "qualified"
limit = 30
pool = ["Ann", "Bo"]
[[output.files]]
name = "call.md"
level = "alert"
[[output.files]]
name = "new.md"
level = "change"
"""
NIGHTS = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]
RECORD_FILES = ["out/changes.csv", "out/alerts.csv", "out/call.md", "out/new.md"]


class Skip(Exception):
    """What this machine cannot do."""


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(f"`{program}` is not on this machine")


def events(count, mark):
    """Lines of events of so many users, every tenth of them broken; `mark` is in every id."""
    lines = []
    for number in range(count):
        if number % 10 == 9:
            lines.append('{"event":"visit","user_id":"%s-%d"' % (mark, number))
        else:
            lines.append('{"event":"visit","timestamp":"2026-10-%02dT10:00:00Z","user_id":"%s-%d","account_id":"acme-%d"}'
                         % (1 + number % 28, mark, number, number % 50))
    return "\n".join(lines) + "\n"


class Place:
    """A folder with events, and what a run published there before; `old` and `new` are the bytes of each file."""

    arguments = ARGUMENTS
    files = FILES
    model = MODEL

    def __init__(self, program, count=1500):
        self.program = program
        self.path = tempfile.mkdtemp(prefix="pql-reliability-")
        self.publish_both(count)
        assert all(self.old[name] != self.new[name] for name in self.files)
        self.reset()

    def publish_both(self, count):
        """The run before, and the one that a check disturbs."""
        self.old = self._publish(events(count, "old"), self.arguments)
        self.old_modes = self.modes()
        self.keep_old()
        self.new = self._publish(events(count + 100, "new"), self.arguments)

    def keep_old(self):
        shutil.copytree(self.in_("out"), self.in_("old-out"))
        shutil.copy(self.in_("map.csv"), self.in_("old-map.csv"))

    def in_(self, name):
        return os.path.join(self.path, name)

    def _publish(self, text, arguments):
        with open(self.in_("m.toml"), "w") as file:
            file.write(self.model)
        with open(self.in_("events.ndjson"), "w") as file:
            file.write(text)
        done = self.run(arguments=arguments)
        assert done.returncode == 0, done.stderr
        return self.contents()

    def reset(self):
        """Makes the folder what the old run left."""
        shutil.rmtree(self.in_("out"), ignore_errors=True)
        shutil.copytree(self.in_("old-out"), self.in_("out"))
        shutil.copy(self.in_("old-map.csv"), self.in_("map.csv"))
        for name in os.listdir(self.path):
            if name.startswith(".pql-"):
                os.remove(self.in_(name))

    def run(self, before=(), arguments=None, **more):
        # Whoever checks may want backtraces of other programs; here they would only hide the message.
        more.setdefault("env", {**os.environ, "RUST_BACKTRACE": "0"})
        return subprocess.run([*before, self.program, *(arguments or self.arguments)], cwd=self.path, capture_output=True, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, **more)

    def contents(self):
        return {name: read(self.in_(name)) for name in self.files}

    def modes(self):
        return {name: os.stat(self.in_(name)).st_mode & 0o777 for name in self.files}

    def leftovers(self):
        found = [self.in_(name) for name in os.listdir(self.path) if name.startswith(".pql-")]
        out = self.in_("out")
        found += [os.path.join(out, name) for name in os.listdir(out) if "out/" + name not in self.files]
        return found

    def judge(self):
        """`old`, `new`, `mixed`, or `old beside new rejects`; fails if a file is neither, or if a reader of run.json could not tell a mixed set."""
        now = self.contents()
        states = {}
        for name in self.files:
            if now[name] == self.old[name]:
                states[name] = "old"
            elif now[name] == self.new[name]:
                states[name] = "new"
            else:
                raise AssertionError(f"{name} is neither old nor new ({len(now[name] or b'')} bytes)")
        for left in self.leftovers():
            mode = os.stat(left).st_mode & 0o777
            assert mode in (0o600, 0o644, 0o640), f"{left} has mode {mode:o}"
        rejects = states.pop(REJECTS)
        kinds = set(states.values())
        whole = vouched(self.path)
        if len(kinds) == 1:
            assert whole, "run.json does not vouch for a whole set"
            kind = kinds.pop()
            return kind if rejects == kind else f"{kind} beside {rejects} rejects"
        assert not whole, f"a mixed set that run.json vouches for: {states}"
        assert states["out/run.json"] == "old", "run.json came before a file that it names"
        return "mixed"

    def heal(self):
        """Runs again, undisturbed: that must give the new files and nothing else."""
        done = self.run()
        assert done.returncode == 0, f"the next run fails: {done.returncode} {done.stderr}"
        judged = self.judge()
        assert judged == "new" and self.leftovers() == [], (judged, self.leftovers())

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class RecordPlace(Place):
    """A folder with a record of three nights. The second one is `old`, the third one is what a check disturbs, and the fourth one shows whether
    the record is right. So the third night appends to a log and removes the first run.

    Whether a run repeats another one stands in run.json, so that is left out when files are compared.
    """

    arguments = [*(word.replace("2026-10-31", NIGHTS[2]) for word in ARGUMENTS), "--record", "record"]
    files = [*FILES[:2], *RECORD_FILES, *FILES[2:]]
    model = MODEL.replace("\n", "\n" + RECORD_MODEL, 1)

    def publish_both(self, count):
        night = lambda place: [word.replace(NIGHTS[2], NIGHTS[place]) for word in self.arguments]
        delivered = events(count, "first")
        self._publish(delivered, [*night(0), "--begin"])
        delivered += events(count // 10, "second")
        self.old = self._publish(delivered, night(1))
        self.keep_old()
        shutil.copytree(self.in_("record"), self.in_("old-record"))
        delivered += events(count // 10 + 10, "third")
        self.new = self._publish(delivered, self.arguments)
        self.new_record = self.record()
        self.seen = {}
        self.fourth = self.fourth_night()

    def reset(self):
        super().reset()
        shutil.rmtree(self.in_("record"), ignore_errors=True)
        shutil.copytree(self.in_("old-record"), self.in_("record"))

    def contents(self):
        found = super().contents()
        run = found["out/run.json"]
        found["out/run.json"] = run and run.replace(b'"repeated": true', b'"repeated": false')
        return found

    def record(self):
        """The bytes of each file of the record."""
        top = self.in_("record")
        return {os.path.relpath(os.path.join(folder, name), top): read(os.path.join(folder, name))
                for folder, _, names in os.walk(top) for name in names}

    def fourth_night(self):
        """What the night after says, with a copy of the record: its changes and alerts."""
        key = hashlib.sha256(repr(sorted(self.record().items())).encode()).hexdigest()
        if key not in self.seen:
            shutil.copytree(self.in_("record"), self.in_("fourth-record"))
            other = {NIGHTS[2]: NIGHTS[3], "record": "fourth-record", "out": "fourth-out", "map.csv": "fourth-map.csv"}
            done = self.run(arguments=[other.get(word, word) for word in self.arguments])
            assert done.returncode == 0, f"the night after fails: {done.stderr}"
            self.seen[key] = {name: read(self.in_("fourth-" + name)) for name in RECORD_FILES}
            os.remove(self.in_("fourth-map.csv"))
            shutil.rmtree(self.in_("fourth-record"))
            shutil.rmtree(self.in_("fourth-out"))
        return self.seen[key]

    def judge(self):
        return self.judge_record(super().judge())

    def judge_record(self, lists):
        """The record beside lists that were judged: whole, and never ahead of them."""
        done = self.run(arguments=["record", "verify", "record"])
        assert done.returncode == 0, f"the record is damaged beside {lists} lists: {done.stdout}{done.stderr}"
        runs = [run["as_of"] for run in json.loads(read(self.in_("record/head.json")))["runs"] if run["published"]]
        record = {"2026-11-03T00:00:00Z": "old", "2026-11-04T00:00:00Z": "new"}[runs[-1]]
        # Lists come first: the record says that they are published when they are.
        assert record == "old" or lists.startswith("new"), f"the record is new beside {lists} lists"
        return lists if lists.startswith(record) else f"{lists}, the record {record}"

    def heal(self):
        super().heal()
        left = [name for name in self.record() if ".pql-" in name]
        assert left == [], left
        now = self.record()
        for kind in ("users", "accounts"):
            newest = max(name for name in now if name.endswith(f"/{kind}.ndjson"))
            undisturbed = max(name for name in self.new_record if name.endswith(f"/{kind}.ndjson"))
            assert now[newest] == self.new_record[undisturbed], f"{newest} is not that of an undisturbed run"
        logs = lambda record: {name: data for name, data in record.items() if name.startswith("log/")}
        assert logs(now) == logs(self.new_record), "the log is not that of an undisturbed run"
        assert self.fourth_night() == self.fourth, "the night after says other things than after an undisturbed run"


def vouched(path):
    """Whether every file that run.json names is as it says: the check that the manual gives to readers."""
    record = json.loads(read(os.path.join(path, "out/run.json")))
    files = [(os.path.join(path, "out", output["name"]), output) for output in record["outputs"]]
    files += [(os.path.join(path, output["path"]), output) for output in record["outputs_elsewhere"]]
    for name, output in files:
        data = read(name)
        if data is None or len(data) != output["bytes"] or hashlib.sha256(data).hexdigest() != output["sha256"]:
            return False
    return True


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def ended_as_documented(code, stderr):
    assert "panicked" not in stderr, stderr
    assert code in DOCUMENTED, f"exit code {code}: {stderr}"


LINE = re.compile(r"^(?:\[pid\s+\d+\]\s+|\d+\s+)?(\w+)\((.*)$")


def traced(place, calls):
    """The calls of an undisturbed run in their order, as (thread, name, rest of the line), from the first that names our files on."""
    need("strace")
    log = place.in_("trace")
    done = place.run(["strace", "-f", "-o", log, "-s", "200", "-e", "trace=" + ",".join(calls)])
    if done.returncode != 0:
        raise Skip("strace cannot trace here: " + done.stderr.strip().splitlines()[-1])
    found = []
    for line in open(log, errors="replace"):
        match = re.match(r"^(\d+)\s+(\w+)\((.*)$", line)
        if match:
            found.append(match.groups())
    return found


def kill(process):
    try:
        process.send_signal(signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
