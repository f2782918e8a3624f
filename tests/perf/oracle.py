#!/usr/bin/env python3
"""Figures of scikit-learn, lifelines, statsmodels, scipy and numpy, which the statistics of `pql` must equal to six decimals.

    python3 -m venv target/oracle && target/oracle/bin/pip install -r tests/perf/oracle-requirements.txt
    target/oracle/bin/python tests/perf/oracle.py

Prints the figures that `src/engine/statistics/tests/peers.rs` holds as constants, with the rows that both make by the same formulas. The
functions take plain arrays, so they serve any other rows as well.
"""
import warnings

import numpy
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from scipy import stats
from sklearn import metrics
from statsmodels.duration.survfunc import CumIncidenceRight
from statsmodels.stats import proportion

# Censored, in arrays of ends.
NO_END = 0


def wilson(positives, cases):
    return proportion.proportion_confint(positives, cases, method="wilson")


def difference_of_shares(positives, cases, other_positives, other_cases):
    """The difference of two shares, and Newcombe's interval."""
    interval = proportion.confint_proportions_2indep(
        positives, cases, other_positives, other_cases, compare="diff", method="newcomb"
    )
    return (positives / cases - other_positives / other_cases, *interval)


def cases_for(difference, base_rate, ratio):
    """Cases of the higher group so that a difference shows, with `ratio` times as many of the base."""
    return proportion.samplesize_proportions_2indep_onetail(difference, base_rate, 0.8, ratio=ratio)


def smallest_difference(base_rate, cases, base_cases):
    """The difference for which `cases` are needed, by halving."""
    low, high = 1e-9, 1 - base_rate - 1e-12
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if cases_for(middle, base_rate, base_cases / cases) > cases else (low, middle)
    return high


def survival(times, ends, at):
    """Kaplan-Meier at some times: share, lower and upper end; and the median."""
    curve = KaplanMeierFitter().fit(times, [end != NO_END for end in ends])
    bounds = curve.confidence_interval_survival_function_.asof(at)
    return [(float(curve.predict(time)), *map(float, bounds.loc[time])) for time in at], curve.median_survival_time_


def incidence(times, ends, kind, at):
    """Aalen-Johansen at some times, for times without ties: share, variance, lower and upper end."""
    curve = AalenJohansenFitter().fit(numpy.array(times, float), ends, event_of_interest=kind)
    shares, variances = curve.cumulative_density_.asof(at), curve.variance_.asof(at)
    bounds = curve.confidence_interval_.asof(at)
    return [(float(shares.loc[t].iloc[0]), float(variances.loc[t]), *sorted(map(float, bounds.loc[t]))) for t in at]


def incidence_with_ties(times, ends, kind, at):
    """Aalen-Johansen at some times, ties of ends together: share and standard error."""
    curve = CumIncidenceRight(times, ends)
    places = [numpy.searchsorted(curve.times, time, side="right") - 1 for time in at]
    return [(float(curve.cinc[kind - 1][place]), float(curve.cinc_se[kind - 1][place])) for place in places]


def ranking(scores, positives, weights=None):
    """AUC and average precision."""
    return (
        metrics.roc_auc_score(positives, scores, sample_weight=weights),
        metrics.average_precision_score(positives, scores, sample_weight=weights),
    )


def distance(scores, positives):
    """The Kolmogorov-Smirnov distance of the scores of positives and others."""
    scores, positives = numpy.array(scores), numpy.array(positives, bool)
    return stats.ks_2samp(scores[positives], scores[~positives]).statistic


def turn(state, a, b, c, d):
    """A quarter round of ChaCha (RFC 8439, 2.1)."""
    for into, other, mixed, bits in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
        state[into] = (state[into] + state[other]) & 0xFFFFFFFF
        word = state[mixed] ^ state[into]
        state[mixed] = (word << bits | word >> 32 - bits) & 0xFFFFFFFF


def chacha8(seed, stream, block):
    """A block of ChaCha with 8 rounds, as in Bernstein's paper: 64 bits of counter, 64 bits of stream; the key is the seed in 64 bits, then 0."""
    key = numpy.frombuffer(seed.to_bytes(32, "little"), "<u4").tolist()
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, block, 0, stream, 0]
    state = list(start)
    for _ in range(4):
        for column in range(4):
            turn(state, column, column + 4, column + 8, column + 12)
        for row in range(4):
            turn(state, row, (row + 1) % 4 + 4, (row + 2) % 4 + 8, (row + 3) % 4 + 12)
    return [(word + first) & 0xFFFFFFFF for word, first in zip(state, start)]


def draw(clusters, seed, number):
    """How often a draw of the bootstrap has each cluster."""
    counts = [0] * clusters
    for place in range(clusters):
        words = chacha8(seed, number, place // 8)
        random = words[place % 8 * 2] | words[place % 8 * 2 + 1] << 32
        counts[random * clusters >> 64] += 1
    return counts


def ranked_rows():
    """200 rows: scores with many ties, whether positive, a whole weight."""
    scores = [(i * i * 7 + i * 13) % 50 for i in range(200)]
    return scores, [i * 37 % 101 < score + 5 for i, score in enumerate(scores)], [i * i % 4 for i in range(200)]


def followed(times):
    """97 follow-ups of which each time is i * 53 modulo `times`, plus 1; ends 0 (censored), 1 and 2."""
    ends = [NO_END, 1, 2, NO_END, 1]
    return [1 + i * 53 % times for i in range(97)], [ends[(3 * i * i + i) % 5] for i in range(97)]


def main():
    warnings.filterwarnings("ignore")
    print("wilson", [wilson(*counts) for counts in [(0, 10), (1, 10), (3, 10), (10, 10), (15, 100), (81, 263)]])
    print("difference", [difference_of_shares(*c) for c in [(56, 70, 48, 80), (9, 10, 3, 10), (0, 10, 0, 20), (5, 5, 0, 5)]])
    print("smallest", [smallest_difference(*plan) for plan in [(0.1, 500, 500), (0.02, 2000, 100), (0.5, 40, 400), (0.0, 300, 30)]])
    for times in [97, 12]:
        print("survival", times, survival(*followed(times), [1, 5, 10, 30, 60, 90] if times == 97 else [1, 3, 6, 9, 11]))
    for kind in [1, 2]:
        print("incidence", kind, incidence(*followed(97), kind, [5, 10, 30, 60, 90]))
        print("with ties", kind, incidence_with_ties(*map(numpy.array, followed(12)), kind, [1, 3, 6, 9, 11]))
    scores, positives, weights = ranked_rows()
    print("ranking", ranking(scores, positives), ranking(scores, positives, weights), distance(scores, positives))
    print("draws", [draw(8, 1, number) for number in range(3)], draw(20, 2**40 + 3, 4))
    values = [(i * 31 % 17) ** 2 / 8 for i in range(23)]
    print("quantiles", numpy.quantile(values, [0, 0.025, 0.1, 0.5, 0.9, 0.975, 1]), numpy.mean(values))


if __name__ == "__main__":
    main()
