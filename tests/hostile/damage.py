#!/usr/bin/env python3
"""Runs the program on damaged files of every kind that it reads.

    tests/hostile/damage.py [--quick] [--only KIND] [--seed N] [--keep FOLDER] [PROGRAM]

The files are 3,000 Parquet files, 2,000 archives (zip, gzip, zstd, tar) and 1,000 tables (CSV events, and `--users`). Each is a valid file
with a few faults: bytes overwritten, deleted, repeated, or changed to a large size. A run fails if it takes more memory than the manual says,
takes more than ten seconds, ends with another exit code than 0 to 3, shows the panic of a library, or ends with 3 without naming the file.

PROGRAM is the pql to test; the default is the newest one below target/. Parquet needs pyarrow (`pip install pyarrow`), zstd needs the program
`zstd`, and tar needs a PROGRAM that reads it; without them, these files are left out with a message. --quick runs a tenth of each kind.
--keep FOLDER keeps the files that failed.
"""

import argparse
import collections
import concurrent.futures
import glob
import gzip
import io
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

MODEL = """schema = 1
[user.traits]
role = { type = "text" }
[[user.signals]]
name = "any"
event = "visit"
points = 1
"""

MIB = 1 << 20
# The memory for reading by the manual: ten times --max-line (16 MiB), and --max-table (256 MiB) for Parquet. A zstd window has up to 128 MiB.
# BASE is the program itself, and this script, whose memory counts until the program has started.
BASE = 80 * MIB
LIMITS = {"parquet": BASE + (160 + 256) * MIB, "archive": BASE + (160 + 128) * MIB, "table": BASE + 160 * MIB}
SECONDS = 10


def rows(count):
    names = ["visit", "invite sent", "feature_used", 'quoted "name"', "n,with comma"]
    for number in range(count):
        yield {
            "event": names[number % len(names)],
            "timestamp": f"2026-10-{1 + number % 28:02}T10:{number % 60:02}:00Z",
            "user_id": f"u{number % 37}",
            "account_id": f"a{number % 5}",
            "event_id": f"e{number}",
            "plan": ["team", "free", ""][number % 3],
            "seats": number * 7919 % 1000,
        }


def as_csv(count):
    quoted = lambda cell: '"' + str(cell).replace('"', '""') + '"' if any(c in str(cell) for c in ',"\n') else str(cell)
    table = list(rows(count))
    lines = [",".join(table[0])] + [",".join(quoted(cell) for cell in row.values()) for row in table]
    return ("\n".join(lines) + "\n").encode()


def as_lines(count):
    def event(row):
        properties = {"plan": row.pop("plan"), "seats": row.pop("seats")}
        return json.dumps({**row, "properties": properties})

    return "".join(event(row) + "\n" for row in rows(count)).encode()


def users(count):
    lines = ["user_id,role,note"] + [f'u{number},"role {number % 4}","a ""note"", {number}"' for number in range(count)]
    return ("\r\n".join(lines) + "\r\n").encode()


# ---- valid files by kind: name, bytes


def parquet_files():
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        print("parquet: left out, there is no pyarrow", file=sys.stderr)
        return []
    table = list(rows(300))
    columns = {key: [row[key] for row in table] for key in table[0]}
    columns["rate"] = pa.array([row["seats"] / 7 if row["seats"] % 5 else None for row in table])
    columns["on"] = [row["seats"] % 2 == 0 for row in table]
    columns["uuid"] = pa.array([bytes([row["seats"] % 256]) * 16 for row in table], pa.binary(16))
    columns["tags"] = [[f"t{at}" for at in range(row["seats"] % 4)] for row in table]
    columns["deep"] = [[[1] * (row["seats"] % 3), None, []] for row in table]
    columns["map"] = pa.array([[("k", row["seats"]), ("l", None)] for row in table], pa.map_(pa.string(), pa.int64()))
    columns["at"] = [{"x": {"y": [row["seats"]], "z": None}, "w": "w"} for row in table]
    table = pa.table(columns)
    plain = {"use_dictionary": False}
    texts = ["event", "timestamp", "user_id", "account_id", "event_id", "plan"]
    delta = {"seats": "DELTA_BINARY_PACKED", "event": "DELTA_BYTE_ARRAY", "timestamp": "DELTA_BYTE_ARRAY"}
    delta.update({name: "DELTA_LENGTH_BYTE_ARRAY" for name in texts[2:]})
    made = [
        ("snappy", {"compression": "snappy"}),
        ("zstd", {"compression": "zstd", "row_group_size": 100}),
        ("gzip", {"compression": "gzip", "data_page_size": 256}),
        ("lz4", {"compression": "lz4", "write_statistics": False}),
        ("bare", {"compression": "none"}),
        ("plain", {"compression": "none", "row_group_size": 77, **plain}),
        ("v2", {"compression": "zstd", "data_page_version": "2.0"}),
        ("v2-bare", {"compression": "none", "data_page_version": "2.0", "data_page_size": 200}),
        ("delta", {"compression": "none", "data_page_version": "2.0", "column_encoding": delta, **plain}),
        ("delta-zstd", {"compression": "zstd", "column_encoding": delta, **plain}),
        ("split", {"compression": "none", "column_encoding": {"rate": "BYTE_STREAM_SPLIT", "uuid": "BYTE_STREAM_SPLIT"}, **plain}),
        ("checked", {"compression": "snappy", "write_page_checksum": True}),
    ]
    for name, options in made:
        out = io.BytesIO()
        pq.write_table(table, out, **options)
        yield f"{name}.parquet", out.getvalue()


def zipped(method, comment=b"", members=3):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for number in range(members):
            archive.writestr(f"part{number}.ndjson", as_lines(60 + number))
        archive.writestr("rows.csv", as_csv(40))
        archive.writestr("packed.ndjson.gz", gzip.compress(as_lines(30)))
        archive.comment = comment
    return out.getvalue()


def tarred(form):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in [("dump/a.ndjson", as_lines(50)), ("dump/" + "long" * 40 + ".csv", as_csv(40)), ("b.ndjson.gz", gzip.compress(as_lines(9)))]:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def archive_files(program, folder):
    lines = as_lines(200)
    yield "plain.ndjson.gz", gzip.compress(lines)
    yield "members.csv.gz", gzip.compress(as_csv(100)) + gzip.compress(b"") + gzip.compress(as_csv(100).split(b"\n", 1)[1])
    named = io.BytesIO()
    with gzip.GzipFile("a name.ndjson", "wb", fileobj=named) as file:
        file.write(lines)
    yield "named.ndjson.gz", named.getvalue()
    yield "stored.zip", zipped(zipfile.ZIP_STORED)
    yield "deflated.zip", zipped(zipfile.ZIP_DEFLATED, b"a comment")
    yield "many.zip", zipped(zipfile.ZIP_DEFLATED, members=40)
    if shutil.which("zstd"):
        zstd = lambda data, *options: subprocess.run(["zstd", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout
        yield "one.ndjson.zst", zstd(lines)
        yield "frames.csv.zst", zstd(as_csv(150), "--check", "-19") + zstd(as_csv(50).split(b"\n", 1)[1])
    else:
        print("zstd: left out, there is no program zstd", file=sys.stderr)
    tar = tarred(tarfile.PAX_FORMAT)
    (folder / "valid.tar").write_bytes(tar)
    read = subprocess.run([program, "score", folder / "valid.tar", "-m", folder / "model.toml", "-q", "--level", "user"], capture_output=True)
    if read.returncode == 0:
        yield "pax.tar", tar
        yield "gnu.tar", tarred(tarfile.GNU_FORMAT)
        yield "packed.tar.gz", gzip.compress(tar)
    else:
        print("tar: left out, the program does not read it", file=sys.stderr)


def table_files():
    yield "events.csv", as_csv(300)
    yield "events.tsv", as_csv(200).replace(b",", b"\t")
    yield "semicolons.csv", as_csv(200).replace(b",", b";").replace(b"\n", b"\r\n")
    yield "wide.csv", b",".join([b"event,timestamp,user_id"] + [b"p%d" % at for at in range(4000)]) + b"\n" + b"visit,2026-10-01T10:00:00Z,u1" + b",1" * 4000 + b"\n"
    yield "users.csv", users(300)
    yield "users.ndjson", b"".join(b'{"user_id":"u%d","role":"r"}\n' % number for number in range(300))
    yield "users.csv.gz", gzip.compress(users(300))


# ---- damage


def number(generator):
    """A number that a damaged length may have."""
    return generator.choice([0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, generator.getrandbits(32)])


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def damage(data, generator, lean):
    """The file with a few faults. `lean` has the offsets that are more likely than others."""
    data = bytearray(data)
    for _ in range(generator.choice([1, 1, 1, 2, 3, 8])):
        if not data:
            return bytes(data)
        at = generator.choice(lean) if lean and generator.random() < 0.4 else generator.randrange(len(data))
        at = min(at, len(data) - 1)
        way = generator.randrange(9)
        if way == 0:
            data[at] = generator.getrandbits(8)
        elif way == 1:
            data[at] ^= 1 << generator.randrange(8)
        elif way == 2:
            for place in range(at, min(at + generator.randrange(1, 9), len(data))):
                data[place] = generator.choice([0, 0xFF, generator.getrandbits(8)])
        elif way == 3:
            wide = struct.pack(generator.choice(["<I", "<Q", ">I"]), number(generator) & 0xFFFFFFFF)
            data[at : at + len(wide)] = wide
        elif way == 4:
            data[at : at + generator.choice([0, 1, 5])] = varint(number(generator))
        elif way == 5:
            del data[at : at + generator.choice([1, 2, 16, 300])]
        elif way == 6:
            data[at:at] = data[at : at + generator.choice([1, 4, 64, 500])]
        elif way == 7:
            del data[at:]
        else:
            data[at:at] = bytes(generator.getrandbits(8) for _ in range(generator.choice([1, 3, 30])))
    return bytes(data)


def leaning(name, data):
    """The offsets of sizes in a file: footers, page headers, archive directories, quotes."""
    if name.endswith(".parquet"):
        length = struct.unpack("<I", data[-8:-4])[0]
        footer = list(range(len(data) - 8 - length, len(data)))
        pages = [at + near for at in range(4, len(data) - length, 97) for near in range(4)]
        return footer + pages + [at for at in range(len(data)) if data[at : at + 2] == b"\x80\x01"] * 40
    if name.endswith(".zip"):
        return [at + near for mark in (b"PK\1\2", b"PK\3\4", b"PK\5\6") for at in places(data, mark) for near in range(46)]
    if name.endswith((".gz", ".zst")):
        return list(range(24)) + list(range(len(data) - 12, len(data)))
    if ".tar" in name:
        return [at + near for at in range(0, len(data), 512) for near in (100, 124, 128, 135, 148, 156, 257)]
    return [at for at, byte in enumerate(data) if byte in b'",;\n']


def places(data, mark):
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


# ---- one run


Run = collections.namedtuple("Run", "code seconds memory errors")


def run(arguments, folder):
    """Runs the program. Memory is the peak of resident memory in bytes."""
    with open(folder / "errors", "wb+") as errors:
        begun = time.monotonic()
        environment = {**os.environ, "RUST_BACKTRACE": "1"}
        child = subprocess.Popen(arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        timer = kill_later(child)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        timer.cancel()
        errors.seek(0)
        return Run(child.returncode, time.monotonic() - begun, usage.ru_maxrss * 1024, errors.read().decode(errors="replace"))


def kill_later(child):
    timer = threading.Timer(3 * SECONDS, child.kill)
    timer.start()
    return timer


def judge(kind, name, outcome):
    """The failure of a run, or None."""
    if outcome.code not in (0, 1, 2, 3):
        return f"ended with {outcome.code}"
    if "panicked" in outcome.errors or "RUST_BACKTRACE" in outcome.errors or ".cargo" in outcome.errors:
        return "shows a panic"
    if outcome.seconds > SECONDS:
        return f"took {outcome.seconds:.1f} s"
    if outcome.memory > LIMITS[kind]:
        return f"took {outcome.memory // MIB} MiB"
    if outcome.code == 3 and name not in outcome.errors:
        return "does not name the file"
    return None


def one(job):
    program, kind, name, data, seed, keep = job
    generator = random.Random(seed)
    damaged = damage(data, generator, leaning(name, data))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "model.toml").write_text(MODEL)
        (folder / name).write_bytes(damaged)
        if name.startswith("users"):
            (folder / "valid.ndjson").write_bytes(as_lines(100))
            events = ["valid.ndjson", "--users", name]
        else:
            events = [name]
        command = "inspect" if generator.random() < 0.2 and not name.startswith("users") else "score"
        rest = [] if command == "inspect" else ["--as-of", "2026-12-20", "--level", "user"]
        outcome = run([program, command, *events, "-m", "model.toml", *rest], folder)
        wrong = judge(kind, name, outcome)
        if wrong and keep:
            pathlib.Path(keep).mkdir(parents=True, exist_ok=True)
            (pathlib.Path(keep) / f"{seed}-{name}").write_bytes(damaged)
            (pathlib.Path(keep) / f"{seed}-{name}.errors").write_text(f"{command}: {wrong}\n{outcome.errors}")
        return kind, name, seed, outcome, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of each kind")
    parser.add_argument("--only", metavar="KIND", help="parquet, archive or table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("program", nargs="?")
    arguments = parser.parse_args()
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    built = sorted(glob.glob(os.path.join(target, "*", "pql")), key=os.path.getmtime)
    program = arguments.program or (built[-1] if built else sys.exit("no program to try: build it first (`cargo build`), or name it"))
    program = os.path.abspath(program)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "model.toml").write_text(MODEL)
        kinds = [("parquet", 3000, list(parquet_files())), ("archive", 2000, list(archive_files(program, folder))), ("table", 1000, list(table_files()))]
    failed = 0
    for kind, count, files in kinds:
        if not files or (arguments.only and arguments.only != kind):
            continue
        count = count // 10 if arguments.quick else count
        jobs = [(program, kind, *files[at % len(files)], arguments.seed * 1_000_000 + at, arguments.keep) for at in range(count)]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(one, jobs))
        codes = collections.Counter(outcome.code for *_, outcome, _ in done)
        slowest = max(outcome.seconds for *_, outcome, _ in done)
        largest = max(outcome.memory for *_, outcome, _ in done)
        bad = [(name, seed, wrong) for _, name, seed, _, wrong in done if wrong]
        ends = ", ".join(f"{codes[code]} with {code}" for code in sorted(codes))
        print(f"{kind}: {len(done)} damaged files, ended {ends}; at most {slowest:.1f} s and {largest // MIB} MiB; {len(bad)} failed")
        for name, seed, wrong in bad[:20]:
            print(f"  {name}, seed {seed}: {wrong}")
        failed += len(bad)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
