"""What was measured, as Markdown: every raw number, and the figures that have targets beside them."""
import os
import pathlib
import platform
from statistics import median

from works import DUPLICATE_CHECK_BYTES

# Per event, against the small case.
GROWTH_MAX = 1.5


def processor():
    """The model of the processor, where the system tells it."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def memory_gb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)


def lines(header, rows):
    """A table."""
    return [f"| {' | '.join(header)} |", "|---|" + "---|" * (len(header) - 1), *(f"| {' | '.join(row)} |" for row in rows)]


def time_text(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def raw(works, results):
    """A line for each work and program: each round, the median, the highest peak of memory."""
    rows = []
    for work in works:
        of = results[work.name]
        for engine, seconds in of["seconds"].items():
            rounds = " ".join(f"{one * 1000:.1f}" if work.repeat > 1 else f"{one:.2f}" for one in seconds)
            rounds += " ms" if work.repeat > 1 else " s"
            processors = time_text(median(of["processor_seconds"][engine]))
            rows.append((work.name, engine, rounds, time_text(median(seconds)), processors, f"{max(of['mb'][engine]):.0f} MB"))
    return lines(("work", "program", "each round", "median", "processor time", "peak memory"), rows)


def verdict(met):
    return "met" if met else "**missed**"


def against_engines(work, of):
    """The ratio to the faster engine."""
    medians = {engine: median(seconds) for engine, seconds in of["seconds"].items()}
    fastest = min(work.engines, key=medians.get)
    ratio = medians[fastest] / medians["pql"]
    least, wished = work.ratio
    target = f"at least {least}" + (f", aim at {wished}" if wished > least else "")
    return f"{work.title}: times as fast as the faster engine ({fastest})", f"{ratio:.1f}", target, verdict(ratio >= least)


def growth(work, of, small, small_of):
    """Figures of a large case that are held against the small one."""
    peak, small_peak = max(of["mb"]["pql"]), max(small_of["mb"]["pql"])
    if work.name == "million":
        time_ratio = median(of["seconds"]["pql"]) / median(small_of["seconds"]["pql"]) * small.data.events / work.data.events
        memory_ratio = peak / small_peak * small.data.events / work.data.events
        target = f"at most {GROWTH_MAX}"
        yield f"{work.title}: time for each event, beside `slim`", f"{time_ratio:.2f}", target, verdict(time_ratio <= GROWTH_MAX)
        yield f"{work.title}: memory for each event, beside `slim`", f"{memory_ratio:.2f}", target, verdict(memory_ratio <= GROWTH_MAX)
        return
    more = (peak - small_peak) * (1 << 20) / (work.data.events - small.data.events)
    if work.name == "tenfold":
        met = verdict(more <= DUPLICATE_CHECK_BYTES)
        yield f"{work.title}: memory for each further event", f"{more:.1f} B", f"at most {DUPLICATE_CHECK_BYTES} B", met
    else:
        yield f"{work.title}: memory, beside `slim` with it", f"{peak:.0f} of {small_peak:.0f} MB", "", ""


def figures(works, results):
    """A line for each figure that somebody asked for."""
    rows = []
    by_name = {work.name: work for work in works}
    for work in works:
        of = results[work.name]
        if work.engines:
            rows.append(against_engines(work, of))
        if work.memory_mb:
            peak = max(of["mb"]["pql"])
            rows.append((f"{work.title}: peak memory", f"{peak:.0f} MB", f"under {work.memory_mb} MB", verdict(peak < work.memory_mb)))
        if work.seconds_max:
            seconds = median(of["seconds"]["pql"])
            rows.append((work.title, time_text(seconds), f"under {time_text(work.seconds_max)}", verdict(seconds < work.seconds_max)))
        if work.name in ("tenfold", "nodedupe", "million") and "slim" in by_name:
            rows.extend(growth(work, of, by_name["slim"], results["slim"]))
    return lines(("work", "measured", "target", ""), rows)


NOTE = """\
Times of the engines are those of their queries, without the start of Python; those of `pql` are of the whole process. Processor time is that of
whole processes, the median of rounds; it is what tells where others used the machine. The peak is the highest of all rounds; one under
20 MB is that of the Python which started the program."""


def table(works, results, facts, share):
    """The whole report."""
    text = [f"- {name}: {value}" for name, value in facts.items()]
    text += [f"- `{work.name}`: {work.title}; {work.data.events} events, {work.data.users} users" for work in works]
    for work in works:
        text += [f"- rows of `{work.name}` agree with {engine}: {rows}" for engine, rows in results[work.name]["rows"].items()]
    if share < 1:
        text.append(f"- the targets are for the full size, and this is {share:g} of it")
    return "\n".join([*text, "", *figures(works, results), "", NOTE, "", *raw(works, results), ""])
