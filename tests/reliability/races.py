"""Several runs on one folder at once, and the folder of a run that was killed."""

import collections
import os
import subprocess

from common import ARGUMENTS, Place, kill, need


def four_way(program, quick):
    """Four runs whose events come through pipes that stay open until all four have decided: one winner, three that are told."""
    rounds = 10 if quick else 100
    place = Place(program, count=200)
    ends = collections.Counter()
    for round_ in range(rounds):
        place.reset()
        arguments = ["-" if word == "events.ndjson" else word for word in ARGUMENTS]
        runs = [subprocess.Popen([program, *arguments], cwd=place.path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True) for _ in range(4)]
        waiting = list(runs)
        while len(waiting) > 1:
            waiting = [run for run in waiting if run.poll() is None]
            assert waiting, "nobody won"
        winner = waiting[0]
        with open(place.in_("events.ndjson")) as file:
            _, said = winner.communicate(file.read())
        assert winner.returncode == 0, said
        for run in runs:
            if run is not winner:
                said = run.stderr.read()
                assert run.returncode == 2 and "is writing to `out`" in said, (run.returncode, said)
                ends["told"] += 1
                run.stdin.close()
                run.stderr.close()
        ends["won"] += 1
        names = [name for name in place.contents() if name != "out/run.json" and name != "out/rejects.ndjson"]
        assert all(place.contents()[name] == place.new[name] for name in names), f"round {round_}"
        assert place.leftovers() == [], place.leftovers()
    place.remove()
    return f"{rounds} races of four: {dict(ends)}"


def free_races(program, quick):
    """Four runs that nothing holds up: some may follow another, none may mix with it."""
    rounds = 10 if quick else 100
    place = Place(program, count=200)
    ends = collections.Counter()
    for _ in range(rounds):
        place.reset()
        runs = [subprocess.Popen([program, *ARGUMENTS], cwd=place.path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True) for _ in range(4)]
        for run in runs:
            _, said = run.communicate()
            assert run.returncode == 0 or run.returncode == 2 and "is writing to `out`" in said, (run.returncode, said)
            ends[run.returncode] += 1
        assert place.judge() == "new" and place.leftovers() == []
    place.remove()
    return f"{rounds} free races of four, by exit code: {dict(ends)}"


def killed_holders(program, quick):
    """A run is killed while it has the folder; the next one starts at once."""
    rounds = 10 if quick else 100
    place = Place(program, count=200)
    for _ in range(rounds):
        arguments = ["-" if word == "events.ndjson" else word for word in ARGUMENTS]
        run = subprocess.Popen([program, *arguments], cwd=place.path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        while not any(name.startswith(".pql-") for name in os.listdir(place.in_("out"))):
            assert run.poll() is None, "it ended"
        kill(run)
        run.stdin.close()
        place.heal()
    place.remove()
    return f"{rounds} killed holders, no stale lock"


def other_locks(program, quick):
    """File systems that lock no folders (NFS), for which a file in it is locked, and such that know no locks at all."""
    need("strace")
    place = Place(program, count=200)
    arguments = ["-" if word == "events.ndjson" else word for word in ARGUMENTS]
    # The first lock that a run asks for is that of the folder.
    network = ["strace", "-f", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=EBADF:when=1"]
    holder = subprocess.Popen([*network, program, *arguments], cwd=place.path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    while not any(name.endswith(".tmp") for name in os.listdir(place.in_("out"))):
        assert holder.poll() is None, holder.stderr.read()
    second = place.run(network)
    assert second.returncode == 2 and "is writing to `out`" in second.stderr, (second.returncode, second.stderr)
    with open(place.in_("events.ndjson")) as file:
        _, said = holder.communicate(file.read())
    assert holder.returncode == 0 and "knows no locks" not in said, said
    assert place.leftovers() == [place.in_("out/.pql-lock")], place.leftovers()
    place.reset()
    none = place.run(["strace", "-f", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=EOPNOTSUPP"])
    assert none.returncode == 0 and "knows no locks" in none.stderr, none.stderr
    assert place.judge() == "new"
    place.remove()
    return "a second run is kept out by a file in the folder; without any locks a note says so"
