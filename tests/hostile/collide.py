"""Ids that collide under hashes without a seed, and as many that do not: `python3 tests/hostile/collide.py target/release/pql`.

Scores 400,000 events of 40,000 users with each kind of ids, five times in turn, and says the median processor times
and how many times that of random ids it takes.
More than 1.5 times is a failure.

FxHash of rustc (64 bits, words of 8 bytes, then 4, 2, 1 and the 0xff that ends a `str`): (rotl(h, 5) ^ w) * K. Two words with rotl(h1, 5) ^ w2 the same end in the
same hash, so 16 bytes of ASCII are searched whose second word is ASCII too. Java's 31-polynomial: "Aa" and "BB" are equal, so are all strings of both.
Ids that agree in all but their last bytes are for hashes that look at a prefix.
"""

import json
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile

USERS = 40_000
EVENTS = 400_000
K = 0x517CC1B727220A95


def fx(count):
    """Ids of 16 bytes with one FxHash. The second word is T ^ rotl(w1 * K, 5), which has to be printable ASCII."""
    import numpy

    generator = numpy.random.default_rng(7)
    ids, target = set(), None
    letters = numpy.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=numpy.uint8)
    while len(ids) < count:
        first = letters[generator.integers(0, 64, (4_000_000, 8))].copy()
        with numpy.errstate(over="ignore"):
            h = first.view("<u8")[:, 0] * numpy.uint64(K)
        turned = (h << numpy.uint64(5)) | (h >> numpy.uint64(59))
        if target is None:
            target = numpy.uint64(int.from_bytes(b"a1b2c3d4", "little")) ^ turned[0]
        second = (turned ^ target).view(numpy.uint8).reshape(-1, 8)
        good = ((second >= 0x20) & (second < 0x7F) & (second != 0x22) & (second != 0x5C)).all(axis=1)
        ids.update(bytes(a + b).decode() for a, b in zip(map(bytes, first[good]), map(bytes, second[good])))
    return sorted(ids)[:count]


def java(count):
    pieces = ["Aa", "BB"]
    return ["".join(pieces[number >> bit & 1] for bit in range(16)) for number in range(count)]


def prefix(count):
    return ["user-" + "0" * 30 + "%06d" % number for number in range(count)]


def shuffled(count, length):
    generator = random.Random(3)
    return ["".join(generator.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=length)) for _ in range(count)]


def write(path, ids):
    with open(path, "w", encoding="utf-8") as out:
        for number in range(EVENTS):
            user = json.dumps(ids[number * 7919 % len(ids)])
            event = number % 11
            out.write(
                '{"event":"e%d","timestamp":"2026-10-%02dT10:00:00Z","user_id":%s,"account_id":%s,"event_id":%s,"properties":{"p":%s}}\n'
                % (event, number % 28 + 1, user, user, json.dumps("%s%d" % (ids[number % len(ids)], number)), user)
            )


MODEL = """schema = 1
[metrics]
kinds = { measure = "distinct", value = "p" }
commonest = { measure = "top", value = "p", k = 3 }
[[user.signals]]
name = "any"
per = "events"
points = 1
[output]
user_columns = ["kinds", "commonest"]
"""


def main():
    pql = str(pathlib.Path(sys.argv[1]).resolve())
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    kinds = {"random, 16": shuffled(USERS, 16), "FxHash": fx(USERS), "random, 36": shuffled(USERS, 36), "Java": java(USERS), "random, 41": shuffled(USERS, 41), "prefix": prefix(USERS)}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "model.toml").write_text(MODEL)
        for name, ids in kinds.items():
            assert len(set(ids)) == USERS, name
            write(pathlib.Path(folder, name), ids)
        times = {name: [] for name in kinds}
        for _ in range(rounds):
            for name in kinds:
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                command = [pql, "score", name, "-m", "model.toml", "--as-of", "2026-10-31", "--out", "out", "-q"]
                subprocess.run(command, cwd=folder, check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                times[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    medians = {name: statistics.median(all_times) for name, all_times in times.items()}
    worst = 0
    names = list(kinds)
    for usual, hostile in zip(names[::2], names[1::2]):
        ratio = medians[hostile] / medians[usual]
        worst = max(worst, ratio)
        print("%-8s %6.2f s, random ids of that length %6.2f s, %.2f times" % (hostile, medians[hostile], medians[usual], ratio))
    sys.exit(worst > 1.5)


if __name__ == "__main__":
    main()
