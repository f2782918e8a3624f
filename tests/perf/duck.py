"""Runs duck.sql: duck.py FILE OUT_PREFIX THREADS. The last line printed ends in the seconds of the query, without Python's start."""
import pathlib
import sys
import time

import duckdb

file, prefix, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
sql = pathlib.Path(__file__).with_name("duck.sql").read_text()
for name, value in {"$FILE": file, "$OUT_USERS": f"{prefix}.users.csv", "$OUT_ACCOUNTS": f"{prefix}.accounts.csv"}.items():
    sql = sql.replace(name, value.replace("'", "''"))
connection = duckdb.connect()
connection.execute(f"set threads = {threads}")
started = time.perf_counter()
connection.execute(sql)
print(f"duckdb {duckdb.__version__} {time.perf_counter() - started:.3f}s")
