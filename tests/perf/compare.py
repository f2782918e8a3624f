#!/usr/bin/env python3
"""Times `pql` against DuckDB and ClickHouse on the same events, and holds the rows of all three against each other.

    python3 tests/perf/compare.py              everything (about 12 GB below target/perf)
    python3 tests/perf/compare.py --quick      a tenth of the events and users
    python3 tests/perf/compare.py slim check   some works by name

Builds `pql`, installs the engines (requirements.txt) into target/perf/venv, writes the events to target/perf/data, and runs the engines in
turn: one round is each of them once, each round begins with another. Prints the table, and keeps it with all raw numbers in target/perf.
"""
import argparse
import gzip
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

import report
from works import WORKS, ready

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AS_OF = "2026-10-31"


class Failed(Exception):
    """What went wrong, for a person."""


def output(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def run(command, log):
    """Runs to the end; gives seconds of wall clock and of processors, the peak of memory in MB, and the last line printed."""
    with open(log, "w", encoding="utf-8") as file:
        started = time.perf_counter()
        child = subprocess.Popen([str(word) for word in command], stdout=file, stderr=subprocess.STDOUT)
        # The usage of this child alone, which `subprocess` does not give.
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    text = pathlib.Path(log).read_text(encoding="utf-8", errors="replace").strip()
    if child.returncode != 0:
        raise Failed(f"exit {child.returncode} of: {' '.join(map(str, command))}\n{text}")
    # Kilobytes on Linux, bytes on macOS.
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return (seconds, usage.ru_utime + usage.ru_stime, peak), text.rsplit("\n", 1)[-1]


class Bench:
    """Where things are, and how each program is run."""

    def __init__(self, options):
        self.threads = options.threads
        self.yardstick = options.yardstick
        metadata = json.loads(output("cargo", "metadata", "--format-version", "1", "--no-deps", "--locked", cwd=ROOT))
        target = pathlib.Path(metadata["target_directory"])
        self.home = target / "perf"
        # Events of another generator do not pass for ours.
        self.data = self.home / ("data" if self.yardstick == HERE else f"data-{self.yardstick.name}")
        self.out = self.home / "out"
        for folder in (self.data, self.out):
            folder.mkdir(parents=True, exist_ok=True)
        self.pql = options.pql
        if self.pql is None:
            subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
            self.pql = target / "release" / "pql"
        self.python = self.venv()
        self.model = self.yardstick / "model.toml"
        self.no_dedupe = self.home / "model-nodedupe.toml"
        text = self.model.read_text(encoding="utf-8")
        if "[input]" in text:
            raise Failed(f"{self.model} has a table [input]; expected none, since one that sets `dedupe = false` is added")
        self.no_dedupe.write_text(f"{text}\n[input]\ndedupe = false\n", encoding="utf-8")

    def venv(self):
        """A Python that has the engines; made again when the list of them changes."""
        folder, wanted = self.home / "venv", (HERE / "requirements.txt").read_text(encoding="utf-8")
        python, installed = folder / "bin" / "python", folder / "installed.txt"
        if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
            installed.write_text(wanted, encoding="utf-8")
        return python

    def events(self, data):
        """Writes events where they are not there yet; gives the path or pattern of them."""
        plain = self.data / f"{data.name()}.ndjson"
        if not plain.exists():
            print(f"writing {plain.name} ...", file=sys.stderr)
            part = plain.with_suffix(".part")
            with open(part, "wb") as file:
                words = ["--events", data.events, "--users", data.users, "--accounts", max(1, data.users // 10)]
                words += ["--fat"] if data.fat else []
                command = [self.python, self.yardstick / "gen_events.py", *words]
                subprocess.run([str(word) for word in command], stdout=file, check=True)
            part.rename(plain)
        if data.files == 1:
            return plain
        folder = self.data / f"{data.name()}-gzip{data.files}"
        if not folder.exists():
            self.compress(plain, data, folder)
        return folder / "*.ndjson.gz"

    def compress(self, plain, data, folder):
        """Consecutive parts of the events, as days of an export are."""
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        with open(plain, "rb") as lines:
            for number in range(data.files):
                until = data.events * (number + 1) // data.files - data.events * number // data.files
                with gzip.open(part / f"{number}.ndjson.gz", "wb", compresslevel=6) as file:
                    file.writelines(next(lines) for _ in range(until))
        part.rename(folder)

    def command(self, engine, work, events):
        prefix = self.out / engine
        if engine == "duckdb":
            return [self.python, self.yardstick / "duck.py", events, prefix, self.threads]
        if engine == "clickhouse":
            return [self.python, self.yardstick / "chdb_peer.py", events, prefix, self.threads]
        if work.name == "check":
            return [self.pql, "check", self.model]
        if work.name == "start":
            # Rows to the standard output: files would be waited for until they are on the disk, which is no work of the program.
            return [self.pql, "score", events, "-m", self.model, "--as-of", AS_OF, "--threads", self.threads, "-q"]
        model = self.no_dedupe if work.name == "nodedupe" else self.model
        return [self.pql, "score", events, "-m", model, "--as-of", AS_OF, "--threads", self.threads, "--out", prefix, "-q"]

    def once(self, engine, work, events):
        """One run: seconds, those of processors, and MB. Of the engines, the seconds of their query, without the start of Python."""
        for old in self.out.glob(f"{engine}.*.csv"):
            old.unlink()
        (seconds, processors, peak), last = run(self.command(engine, work, events), self.out / f"{engine}.log")
        if engine == "pql":
            return seconds, processors, peak
        try:
            return float(last.split()[-1].removesuffix("s")), processors, peak
        except (ValueError, IndexError):
            raise Failed(f"{engine} printed `{last}`; expected a line that ends in its seconds, such as `2.31s`") from None

    def compare_rows(self, engine):
        """Holds what `pql` wrote against an engine; gives what agrees."""
        agreed = []
        for level in ("users", "accounts"):
            other = self.out / f"{engine}.{level}.csv"
            if not other.exists():
                agreed.append(f"{level}: not written by {engine}")
                continue
            mine = self.out / "pql" / f"{level}.csv"
            done = subprocess.run([sys.executable, HERE / "rows.py", mine, other], text=True, capture_output=True)
            if done.returncode != 0:
                raise Failed(f"the rows do not agree\n{done.stdout}{done.stderr}")
            agreed.append(done.stdout.strip())
        return "; ".join(agreed)

    def measure(self, work, rounds):
        """All rounds of a work, by engine, and which rows agree."""
        events = self.events(work.data)
        for file in sorted(events.parent.glob(events.name)):
            # Into the page cache, so that the first to read is not the only one to wait for the disk.
            with open(file, "rb", buffering=0) as source:
                while source.read(1 << 20):
                    pass
        engines = ("pql", *work.engines)
        kinds = ("seconds", "processor_seconds", "mb")
        result = {**{kind: {engine: [] for engine in engines} for kind in kinds}, "rows": {}}
        for number in range(rounds * work.repeat):
            first = number % len(engines)
            for engine in engines[first:] + engines[:first]:
                measured = dict(zip(kinds, self.once(engine, work, events)))
                for kind, value in measured.items():
                    result[kind][engine].append(value)
                if work.repeat == 1:
                    print(f"{work.name} {engine} {measured['seconds']:.2f} s {measured['mb']:.0f} MB", file=sys.stderr)
            if number == 0 and work.checked:
                for engine in work.engines or ("duckdb",):
                    if engine not in work.engines:
                        self.once(engine, work, events)
                    result["rows"][engine] = self.compare_rows(engine)
        return result


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [work.name for work in WORKS]
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"some of {', '.join(names)} [default: all]")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events and users, and 3 rounds")
    parser.add_argument("--share", type=float, help="another share of the events and users than 1, or 0.1 of --quick")
    parser.add_argument("--rounds", type=int, help="rounds of each work [default: 5]")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each program [default: %(default)s]")
    parser.add_argument("--pql", type=pathlib.Path, help="measure this program and build none")
    parser.add_argument("--yardstick", type=pathlib.Path, default=HERE, metavar="DIR",
                        help="a folder with another gen_events.py, model.toml, duck.py and chdb_peer.py [default: this one]")
    options = parser.parse_args()
    unknown = [name for name in options.works if name not in names]
    if unknown:
        parser.error(f"no work `{unknown[0]}`; expected some of {', '.join(names)}")
    if options.share is None:
        options.share = 0.1 if options.quick else 1
    if options.rounds is None:
        options.rounds = 3 if options.quick else 5
    if not 0 < options.share <= 1 or options.rounds < 1:
        parser.error("expected a share over 0 and up to 1, and at least one round")
    options.yardstick = options.yardstick.resolve()
    return options


def main():
    options = arguments()
    bench = Bench(options)
    works = ready([work for work in WORKS if not options.works or work.name in options.works], options.share)
    commit = output("git", "describe", "--always", "--dirty", cwd=ROOT).strip()
    facts = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{report.processor()}, {os.cpu_count()} cores, {report.memory_gb():.0f} GB, {platform.system()} {platform.release()}",
        "pql": f"{output(bench.pql, '--version').strip()} (this folder is at {commit})",
        "engines": " ".join((HERE / "requirements.txt").read_text(encoding="utf-8").split("\n")[1:]).strip(),
        "command": "python3 tests/perf/compare.py " + " ".join(sys.argv[1:]),
        "threads": options.threads,
        "load of the minute before": f"{os.getloadavg()[0]:.2f}, a build by this command included; others' load makes all times wrong",
    }
    results = {}
    for work in works:
        results[work.name] = bench.measure(work, options.rounds)
    text = report.table(works, results, facts, options.share)
    print(text)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    (bench.home / f"{stamp}.md").write_text(text, encoding="utf-8")
    (bench.home / f"{stamp}.json").write_text(json.dumps({"facts": facts, "results": results}, indent=1), encoding="utf-8")
    print(f"kept in {bench.home / stamp}.md and .json", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
