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

    def __init__(self, program, count=1500):
        self.program = program
        self.path = tempfile.mkdtemp(prefix="pql-reliability-")
        self.old = self._publish(events(count, "old"))
        self.old_modes = self.modes()
        shutil.copytree(self.in_("out"), self.in_("old-out"))
        shutil.copy(self.in_("map.csv"), self.in_("old-map.csv"))
        self.new = self._publish(events(count + 100, "new"))
        assert all(self.old[name] != self.new[name] for name in FILES)
        self.reset()

    def in_(self, name):
        return os.path.join(self.path, name)

    def _publish(self, text):
        with open(self.in_("m.toml"), "w") as file:
            file.write(MODEL)
        with open(self.in_("events.ndjson"), "w") as file:
            file.write(text)
        done = self.run()
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

    def run(self, before=(), arguments=ARGUMENTS, **more):
        # Whoever checks may want backtraces of other programs; here they would only hide the message.
        more.setdefault("env", {**os.environ, "RUST_BACKTRACE": "0"})
        return subprocess.run([*before, self.program, *arguments], cwd=self.path, capture_output=True, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, **more)

    def contents(self):
        return {name: read(self.in_(name)) for name in FILES}

    def modes(self):
        return {name: os.stat(self.in_(name)).st_mode & 0o777 for name in FILES}

    def leftovers(self):
        found = [self.in_(name) for name in os.listdir(self.path) if name.startswith(".pql-")]
        out = self.in_("out")
        found += [os.path.join(out, name) for name in os.listdir(out) if name not in
                  ("users.csv", "accounts.csv", "rejects.ndjson", "run.json")]
        return found

    def judge(self):
        """`old`, `new`, `mixed`, or `old beside new rejects`; fails if a file is neither, or if a reader of run.json could not tell a mixed set."""
        now = self.contents()
        states = {}
        for name in FILES:
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
        assert self.judge() == "new" and self.leftovers() == [], self.leftovers()

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


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
