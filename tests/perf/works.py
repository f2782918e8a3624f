"""What is measured: each work with its data and its target. Sizes are those of a full run; a quick one takes a tenth of all."""
from dataclasses import dataclass

USERS = 80_000
EVENTS = 2_000_000
# Of a table between four and seven tenths full, of 20 bytes a place.
DUPLICATE_CHECK_BYTES = 51


@dataclass(frozen=True)
class Data:
    """Events of the generator; `files` over 1 are gzip."""
    events: int
    users: int
    fat: bool = False
    files: int = 1

    def scaled(self, share):
        return Data(max(10, int(self.events * share)), max(1, int(self.users * share)), self.fat, self.files)

    def name(self):
        return f"{'fat' if self.fat else 'slim'}-{self.events}-{self.users}"


@dataclass(frozen=True)
class Work:
    """Something to time: `pql` alone, or against the engines. `ratio` is the least and the wished one to the faster of them."""
    name: str
    title: str
    data: Data
    engines: tuple = ()
    ratio: tuple = ()
    # Rows are held against DuckDB's even where it is not timed.
    checked: bool = True
    memory_mb: int = 0
    seconds_max: float = 0
    # Runs for one number, for what takes milliseconds.
    repeat: int = 1


ENGINES = ("duckdb", "clickhouse")
SLIM = Data(EVENTS, USERS)
WORKS = [
    Work("slim", "slim lines", SLIM, ENGINES, (5, 8), memory_mb=200),
    Work("fat", "fat lines, the same events", Data(EVENTS, USERS, fat=True), ENGINES, (3, 5), memory_mb=200),
    Work("gzip", "slim lines in 8 gzip files", Data(EVENTS, USERS, files=8), ENGINES, (3, 3), memory_mb=200),
    Work("tenfold", "ten times the events, the same users", Data(10 * EVENTS, USERS)),
    Work("nodedupe", "the same without the check for duplicates", Data(10 * EVENTS, USERS), checked=False),
    Work("million", "1 M users", Data(10 * EVENTS, 1_000_000)),
    Work("start", "`pql score` on ten events", Data(10, 2), checked=False, seconds_max=0.015, repeat=10),
    Work("check", "`pql check`", Data(10, 2), checked=False, seconds_max=0.010, repeat=10),
]
# Measured whatever the share: what they measure does not depend on it.
UNSCALED = ("start", "check")


def ready(works, share):
    """Works with their data in size."""
    return [work if work.name in UNSCALED else Work(**{**vars(work), "data": work.data.scaled(share)}) for work in works]
