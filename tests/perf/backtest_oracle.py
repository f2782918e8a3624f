#!/usr/bin/env python3
"""Holds `pql backtest` against scikit-learn, lifelines and statsmodels, on data sets of its own making.

    python3 -m venv target/oracle && target/oracle/bin/pip install -r tests/perf/oracle-requirements.txt
    target/oracle/bin/python tests/perf/backtest_oracle.py target/debug/pql

Each of ten data sets has random events and outcomes of some accounts. The program writes its rows (`--rows`) and its report (`--format json`). From the
scores, tiers and points of the rows and from the outcomes, this file computes the figures anew: labels, AUC by date, its interval by the same draws
of accounts, rates of tiers, shares of months with Wilson's interval, cumulative incidence, the hold-out, signals, and a second model. Prints the
greatest difference of each kind of figure, and fails where one is above 5e-7.
"""
import functools
import json
import os
import random
import subprocess
import sys
import tempfile
import warnings
from datetime import datetime, timedelta, timezone

import numpy
import pandas
from sklearn import metrics

import oracle

SETS, ACCOUNTS, HORIZON, DRAWS, SEED = 10, 110, 30, 500, 20_261_101
START = datetime(2026, 1, 5, tzinfo=timezone.utc)
DAY = timedelta(days=1)
TOLERANCE = 5e-7
MODEL = """schema = 1
name = "{name}"
[holdout]
share = "40%"
salt = "s"
[[account.signals]]
name = "uses"
event = "use"
last = "28d"
ladder = {ladder}
[[account.signals]]
name = "asks"
event = "ask"
points = {asks}
[[account.tiers]]
name = "top"
at_least = 30
qualified = true
[[account.tiers]]
name = "middle"
at_least = 20
[[account.tiers]]
name = "low"
"""


# --- Data -----------------------------------------------------------------------------------------------------------------


def ladder(rungs):
    return "[" + ", ".join(f"{{ at_least = {n}, points = {points} }}" for n, points in rungs) + "]"


def moment(rng, first, last):
    return START + timedelta(microseconds=rng.randrange(int(first * 86400e6), int(last * 86400e6)))


def make(folder, seed):
    """Events and outcomes; returns the outcomes as (account, word, instant)."""
    rng = random.Random(seed)
    events, outcomes = [], []
    for n in range(ACCOUNTS):
        account, keen = f"a{n:03}", rng.random()
        born = rng.uniform(0, 140)
        for event, rate in (("use", 40 * keen), ("ask", 3 * keen * keen)):
            events += [(moment(rng, born, 175), event, account) for _ in range(int(rate * rng.random()))]
        for word, chance in (("contacted", 0.5), ("accepted", 0.5 * keen), ("won", 0.6 * keen), ("lost", 0.2), ("self_serve", 0.15)):
            if rng.random() < chance:
                outcomes.append((account, word, moment(rng, born + 10, 178)))
    with open(os.path.join(folder, "e.ndjson"), "w", encoding="utf-8") as f:
        for at, event, account in events:
            f.write(json.dumps({"event": event, "timestamp": at.isoformat(), "user_id": f"u{account}", "account_id": account}) + "\n")
    with open(os.path.join(folder, "o.csv"), "w", encoding="utf-8") as f:
        f.write("account_id,outcome,at\n" + "".join(f"{a},{word},{at.isoformat()}\n" for a, word, at in outcomes))
    for name, rungs, asks in (("m", [(1, 10), (4, 20), (8, 30), (16, 40)], 15), ("n", [(2, 20), (6, 10), (12, 40)], 40)):
        with open(os.path.join(folder, f"{name}.toml"), "w", encoding="utf-8") as f:
            f.write(MODEL.format(name=name, ladder=ladder(rungs), asks=asks))
    return outcomes


def run(pql, folder, model, more=()):
    command = [os.path.abspath(pql), "backtest", "e.ndjson", "-m", f"{model}.toml", "--outcomes", "o.csv", "--horizon", f"{HORIZON}d", "-q",
               "--format", "json", "--capacity", "5/1w", "--rows", f"{model}.csv", *more]
    report = json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout)
    rows = pandas.read_csv(os.path.join(folder, f"{model}.csv"), keep_default_na=False)
    rows["as_of"] = pandas.to_datetime(rows["as_of"], utc=True)
    return report, rows


# --- Figures --------------------------------------------------------------------------------------------------------------


def day_after(at):
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + DAY


class Truth:
    """The outcomes, read without the program."""

    def __init__(self, outcomes):
        self.by_account = {}
        for account, word, at in sorted(outcomes, key=lambda o: o[2]):
            self.by_account.setdefault(account, []).append((word, at))
        self.known_to = day_after(max(at for _, _, at in outcomes))

    def first(self, account, word, since):
        return next((at for w, at in self.by_account.get(account, []) if w == word and at >= since), None)

    def had(self, account, word, since):
        at = self.first(account, word, since)
        return at is not None and at < since + HORIZON * DAY

    def label(self, account, date):
        if any(w == "won" and at < date for w, at in self.by_account.get(account, [])):
            return "reached_before"
        if date + HORIZON * DAY > self.known_to:
            return "not_mature"
        return "positive" if self.had(account, "won", date) else "negative"


def by_date(rows, scores=None):
    """Scores, positives and groups of each date."""
    scores = rows["score"] if scores is None else scores
    columns = [scores.to_numpy(float), rows["positive"].to_numpy(bool), rows["group"].to_numpy()]
    return [[column[places] for column in columns] for places in rows.reset_index(drop=True).groupby("as_of").indices.values()]


def mean_auc(dates, weights=None):
    """The mean over the dates with rows of both kinds; each row counts as often as its account was drawn."""
    areas = []
    for scores, positives, groups in dates:
        weight = None if weights is None else weights[groups]
        drawn = slice(None) if weight is None else weight > 0
        if 0 < positives[drawn].sum() < len(positives[drawn]):
            areas.append(metrics.roc_auc_score(positives[drawn], scores[drawn], sample_weight=None if weight is None else weight[drawn]))
    return numpy.mean(areas) if areas else None


def interval(figures):
    return numpy.quantile([f for f in figures if f is not None], [0.025, 0.975])


def precision(rows, capacity):
    """Expected, least and most positives among the first rows of each date, over the rows taken."""
    taken = sums = 0
    sums = numpy.zeros(3)
    for _, date in rows.groupby("as_of"):
        ordered = date.sort_values("score", ascending=False)
        take = min(capacity, len(ordered))
        cut = ordered["score"].iloc[take - 1]
        above, tied = ordered[ordered["score"] > cut], ordered[ordered["score"] == cut]
        left, positive = take - len(above), tied["positive"].sum()
        sums += above["positive"].sum() + numpy.array([left * positive / len(tied), max(0, left - (len(tied) - positive)), min(left, positive)])
        taken += take
    return sums / taken


def triggers(rows, truth):
    """The first date at which an account is qualified, without the first date of all and those that had won."""
    first = rows[rows["qualified"]].groupby("id")["as_of"].min()
    return [(a, d) for a, d in first.items() if d > rows["as_of"].min() and truth.label(a, d) != "reached_before"]


def stories(leads, truth, word):
    times, ends = [], []
    for place, (account, date) in enumerate(leads):
        found = [(at, n) for n, w in enumerate((word, "lost", "self_serve"), 1) if (at := truth.first(account, w, date)) and at < truth.known_to]
        at, end = min(found, default=(truth.known_to, oracle.NO_END))
        # Censored ones of one date end together; lifelines wants no ties.
        times.append((at - date) / DAY + (1e-9 * place if end == oracle.NO_END else 0))
        ends.append(end)
    return times, ends


class Differences(dict):
    """The greatest difference of each kind of figure."""

    def add(self, kind, ours, theirs):
        ours, theirs = numpy.atleast_1d(numpy.array(ours, float)), numpy.atleast_1d(numpy.array(theirs, float))
        assert ours.shape == theirs.shape, (kind, ours, theirs)
        worst, count = self.get(kind, (0.0, 0))
        self[kind] = (max(worst, float(numpy.abs(ours - theirs).max())), count + ours.size)


def compare_share(found, kind, report, positives, cases):
    if cases == 0:
        assert report["share"] is None
        return
    found.add(kind, [report["count"], report["of"], report["share"], report["low"], report["high"]],
              [positives, cases, positives / cases, *oracle.wilson(positives, cases)])


def compare_ranking(found, report, rows, weights):
    ranking = report["ranking"]
    dates = by_date(rows)
    found.add("AUC", ranking["auc"], mean_auc(dates))
    found.add("AUC, interval", ranking["auc_interval"], interval([mean_auc(dates, w) for w in weights]))
    for tier in ranking["tiers"]:
        of_tier = rows[rows["tier"] == tier["tier"]]
        found.add("tiers, counts", [tier["rows"], tier["positive"]], [len(of_tier), of_tier["positive"].sum()])
        if len(of_tier):
            rate = of_tier["positive"].mean()
            found.add("tiers, rate, lift, share", [tier["rate"], tier["lift"], tier["share_of_positive"]],
                      [rate, rate / rows["positive"].mean(), of_tier["positive"].sum() / rows["positive"].sum()])
            groups, positives = of_tier["group"].to_numpy(), of_tier["positive"].to_numpy()
            drawn = [(w[groups].sum(), w[groups[positives]].sum()) for w in weights]
            found.add("tiers, interval", tier["rate_interval"], interval([p / n if n else None for n, p in drawn]))
    at = ranking["at_capacity"]
    found.add("precision at capacity", [at["precision"], at["least"], at["most"]], precision(rows, at["capacity"]))


def compare_leads(found, report, leads, held_out, truth):
    months = report["triggers"]["months"]
    for month in months:
        of_month = [(a, d) for a, d in leads if month["month"] in ("all", (d - timedelta(microseconds=1)).strftime("%Y-%m"))]
        mature = [(a, d) for a, d in of_month if d + HORIZON * DAY <= truth.known_to]
        found.add("months, counts", [month["triggers"], month["not_mature"]], [len(mature), len(of_month) - len(mature)])
        for word in ("accepted", "won", "contacted"):
            compare_share(found, "months, Wilson", month[word], sum(truth.had(a, word, d) for a, d in mature), len(mature))
    for end in report["triggers"]["ends"]:
        times, ends = stories(leads, truth, end["outcome"])
        by_days = [point for point in end["by_days"] if point["share"] is not None]
        for point, (share, _, low, high) in zip(by_days, oracle.incidence(times, ends, 1, [p["days"] for p in by_days])):
            found.add("incidence", point["share"], share)
            # Where the last ones at risk all end, the variance of lifelines is not the binomial one; a share of 0 or 1 has no interval.
            if point["days"] < max(times) and point["low"] is not None:
                found.add("incidence, interval", [point["low"], point["high"]], [low, high])
        got = [t for t, e in zip(times, ends) if e == 1]
        if got:
            found.add("median days", end["median_days"], numpy.median(got))
    mature = [(a, d) for a, d in leads if d + HORIZON * DAY <= truth.known_to]
    counts = [[sum(truth.had(a, "won", d) for a, d in g), len(g)] for g in
              ([m for m in mature if not held_out[m[0]]], [m for m in mature if held_out[m[0]]])]
    if all(n for _, n in counts):
        holdout = report["triggers"]["holdout"]
        theirs = oracle.difference_of_shares(*counts[0], *counts[1])
        found.add("hold-out", [holdout["difference"], *holdout["difference_interval"]], theirs)


def compare_signals(found, report, rows):
    for signal in report["signals"]:
        points = rows["signals"].map(lambda text: dict(part.split(":") for part in text.split(";") if part))
        fired = points.map(lambda paid: signal["signal"] in paid)
        paid = points.map(lambda paid: float(paid.get(signal["signal"], 0)))
        for name, some in (("if_fired", rows[fired]), ("if_not", rows[~fired])):
            compare_share(found, "signals, Wilson", signal[name], int(some["positive"].sum()), len(some))
        found.add("signals, AUC", signal["auc"], mean_auc(by_date(rows, paid)))


def compare_set(pql, seed, found):
    with tempfile.TemporaryDirectory() as folder:
        truth = Truth(make(folder, seed))
        report, rows = run(pql, folder, "m", ["--against", "n.toml"])
        _, other = run(pql, folder, "n")
    wrong = [r for r in rows.itertuples() if truth.label(r.id, r.as_of) != r.label]
    assert not wrong, wrong[:3]
    rows["positive"], other["positive"] = rows["label"] == "positive", other["label"] == "positive"
    judged = rows[rows["label"].isin(["positive", "negative"])]
    weights = [numpy.array(oracle.draw(int(rows["group"].max()) + 1, SEED, number)) for number in range(DRAWS)]
    compare_ranking(found, report, judged, weights)
    compare_leads(found, report, triggers(rows, truth), dict(zip(rows["id"], rows["holdout"])), truth)
    compare_signals(found, report, judged)
    theirs = other[other["label"].isin(["positive", "negative"])]
    found.add("against", [report["against"]["other_auc"], report["against"]["difference"]], [mean_auc(by_date(theirs)), mean_auc(by_date(judged)) - mean_auc(by_date(theirs))])
    print(f"set {seed}: {len(judged)} rows that can be judged, {int(judged['positive'].sum())} positive, AUC {report['ranking']['auc']:.3f}", flush=True)


def main():
    warnings.filterwarnings("ignore")
    # Eight places of a draw share a block.
    oracle.chacha8 = functools.cache(oracle.chacha8)
    found = Differences()
    for seed in range(SETS):
        compare_set(sys.argv[1], seed, found)
    for kind, (worst, count) in found.items():
        print(f"{kind:28} {count:6} figures, greatest difference {worst:.2e}")
    sys.exit(max(worst for worst, _ in found.values()) > TOLERANCE)


if __name__ == "__main__":
    main()
