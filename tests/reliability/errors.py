"""Every call of a run that goes to the system failing, once, with each of five errors."""

import collections

from common import Place, RecordPlace, ended_as_documented, traced

CALLS = ["openat", "read", "pread64", "write", "writev", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat",
         "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "ftruncate", "fchmod", "fchown", "getxattr", "fsetxattr", "flock", "close", "lseek", "stat", "fstat", "lstat", "newfstatat",
         "statx", "getdents64", "readlink", "readlinkat", "getcwd", "dup", "fcntl", "ioctl"]
ERRORS = ["EIO", "ENOSPC", "EACCES", "EMFILE", "EINTR"]


def each_once(program, quick):
    return failing_calls(Place(program, count=600), 9 if quick else 1)


def each_once_with_record(program, quick):
    return failing_calls(RecordPlace(program, count=300), 60 if quick else 1)


def failing_calls(place, step):
    calls = traced(place, CALLS)
    place.reset()
    first = next(at for at, (_, _, rest) in enumerate(calls) if "events.ndjson" in rest or "m.toml" in rest)
    before = collections.Counter(name for _, name, _ in calls[:first])
    by_thread = collections.Counter((thread, name) for thread, name, _ in calls)
    most = collections.Counter()
    for (_, name), count in by_thread.items():
        most[name] = max(most[name], count)
    points = [(name, number, error) for name in sorted(most) for number in range(before[name] + 1, most[name] + 1) for error in ERRORS]
    points = points[::step]
    ends = collections.Counter()
    wrong = []
    for name, number, error in points:
        place.reset()
        done = place.run(["strace", "-f", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:error={error}:when={number}"])
        try:
            ended_as_documented(done.returncode, done.stderr)
            state = place.judge()
            if done.returncode == 0:
                assert state == "new", f"exit 0 and {state} files"
            else:
                assert "error: " in done.stderr, f"no message: {done.stderr!r}"
                assert "`" in done.stderr, f"no path: {done.stderr!r}"
                if error == "EINTR":
                    raise AssertionError(f"EINTR is not absorbed: {done.stderr.strip()}")
                # A folder that cannot be brought to the disk is told after all files are in place.
                assert state == "old" or "may not outlive a power cut" in done.stderr or "already in place" in done.stderr, \
                    f"exit {done.returncode} and {state} files: {done.stderr}"
            ends[f"exit {done.returncode}, {state}"] += 1
            place.heal()
        except AssertionError as problem:
            wrong.append(f"{name} no. {number} with {error}: {problem}")
    place.remove()
    assert not wrong, f"{len(wrong)} of {len(points)}:\n  " + "\n  ".join(wrong)
    return f"{len(points)} failing calls of {len(most)} kinds: {dict(ends)}"
