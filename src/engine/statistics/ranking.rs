//! How well scores rank positives above the others, where many rows have the same score.

/// Rows in the order of their scores, highest first. It is sorted once, and tallied under as many weights as needed.
#[derive(Clone, Debug)]
pub struct ScoreRanking {
    rows: Vec<RankedRow>,
}

#[derive(Clone, Copy, Debug)]
struct RankedRow {
    score: f64,
    positive: bool,
    /// The place in the slices given.
    place: usize,
}

impl ScoreRanking {
    /// The rows of two slices of the same length: the score of each row, finite, and whether it is positive.
    pub fn new(scores: &[f64], positives: &[bool]) -> Self {
        assert_eq!(scores.len(), positives.len(), "every row has a score and an outcome");
        assert!(scores.iter().all(|score| score.is_finite()), "a score is a number");
        let rows = scores.iter().zip(positives).enumerate();
        let mut rows: Vec<RankedRow> =
            rows.map(|(place, (&score, &positive))| RankedRow { score, positive, place }).collect();
        rows.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self { rows }
    }

    /// The rows by score, each counted once.
    pub fn tally(&self) -> TieTable {
        self.tally_weighted(|_| 1.0)
    }

    /// The rows by score, each with the weight that is given for its place in the slices; finite and not negative. In a bootstrap that is how
    /// often the row's cluster was drawn. Scores whose rows all weigh nothing are left out.
    pub fn tally_weighted(&self, weight: impl Fn(usize) -> f64) -> TieTable {
        let ties = self.rows.chunk_by(|a, b| a.score == b.score);
        let groups = ties.map(|tie| TieGroup::of_rows(tie, &weight)).filter(|group| group.weight() > 0.0);
        TieTable::new(groups.collect())
    }
}

/// Rows with one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TieGroup {
    pub score: f64,
    /// The weight of the positives among them.
    pub positives: f64,
    /// The weight of the others.
    pub negatives: f64,
}

impl TieGroup {
    fn of_rows(rows: &[RankedRow], weight: &impl Fn(usize) -> f64) -> Self {
        let mut group = Self { score: rows[0].score, positives: 0.0, negatives: 0.0 };
        for row in rows {
            let side = if row.positive { &mut group.positives } else { &mut group.negatives };
            *side += weight(row.place);
        }
        group
    }

    fn weight(&self) -> f64 {
        self.positives + self.negatives
    }
}

/// Positives and others by score, highest score first.
#[derive(Clone, Debug, PartialEq)]
pub struct TieTable {
    groups: Vec<TieGroup>,
    positives: f64,
    negatives: f64,
}

/// The share of positives among the rows that a capacity takes, with its span over the tie at the cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareAtCapacity {
    /// Rows taken: the capacity, or all rows if they are fewer.
    pub taken: f64,
    /// The score of the last row taken.
    pub score: f64,
    /// Rows of that score, taken or not.
    pub tied: f64,
    /// Rows of that score that are taken.
    pub taken_of_tie: f64,
    /// The mean over all orders of the tied rows.
    pub expected: f64,
    /// If the tie's positives come last.
    pub least: f64,
    /// If the tie's positives come first.
    pub most: f64,
}

impl TieTable {
    fn new(groups: Vec<TieGroup>) -> Self {
        let positives = groups.iter().fold(0.0, |sum, group| sum + group.positives);
        let negatives = groups.iter().fold(0.0, |sum, group| sum + group.negatives);
        Self { groups, positives, negatives }
    }

    /// The rows of each score, highest first.
    pub fn groups(&self) -> &[TieGroup] {
        &self.groups
    }

    /// The weight of all positives.
    pub fn positives(&self) -> f64 {
        self.positives
    }

    /// The weight of all others.
    pub fn negatives(&self) -> f64 {
        self.negatives
    }

    /// Each group with the positives and negatives of higher scores.
    fn with_above(&self) -> impl Iterator<Item = (&TieGroup, f64, f64)> {
        let (mut positives, mut negatives) = (0.0, 0.0);
        self.groups.iter().map(move |group| {
            let above = (group, positives, negatives);
            positives += group.positives;
            negatives += group.negatives;
            above
        })
    }

    fn has_both(&self) -> bool {
        self.positives > 0.0 && self.negatives > 0.0
    }

    /// The area under the ROC curve: the share of pairs of a positive and another row in which the positive has the higher score, ties as one
    /// half. None without both.
    ///
    /// **Source**: mid-ranks, Mann and Whitney, 1947; scikit-learn's `roc_auc_score` with `sample_weight`.
    pub fn auc(&self) -> Option<f64> {
        let won = self.with_above().map(|(group, above, _)| group.negatives * (above + group.positives / 2.0));
        self.has_both().then(|| won.sum::<f64>() / (self.positives * self.negatives))
    }

    /// The average precision: the precision at each distinct score, weighted by the share of positives that the score adds. None without
    /// positives.
    ///
    /// **Source**: scikit-learn's `average_precision_score` with `sample_weight`.
    pub fn average_precision(&self) -> Option<f64> {
        let gains = self.with_above().map(|(group, positives, negatives)| {
            let reached = positives + group.positives;
            group.positives * reached / (reached + negatives + group.negatives)
        });
        (self.positives > 0.0).then(|| gains.sum::<f64>() / self.positives)
    }

    /// The Kolmogorov-Smirnov distance: the largest difference, over the distinct scores, between the share of positives and the share of others
    /// at or above a score; either way round. None without both.
    ///
    /// **Source**: scipy's `ks_2samp(...).statistic`, two-sided.
    pub fn ks(&self) -> Option<f64> {
        let gaps = self.with_above().map(|(group, positives, negatives)| {
            ((positives + group.positives) / self.positives - (negatives + group.negatives) / self.negatives).abs()
        });
        self.has_both().then(|| gaps.fold(0.0, f64::max))
    }

    /// The share of positives among the `capacity` rows of the highest scores. None for a capacity of 0 and without rows.
    ///
    /// **Formula**: with `a` positives above the tie, and `m` of the tie's `n` rows taken, `p` positive: `a + m p / n`, at least
    /// `a + max(0, m - (n - p))`, at most `a + min(m, p)`, each divided by the rows taken (the mean of the hypergeometric distribution).
    pub fn precision_at(&self, capacity: u64) -> Option<ShareAtCapacity> {
        let taken = (capacity as f64).min(self.positives + self.negatives);
        if taken <= 0.0 {
            return None;
        }
        let cut =
            self.with_above().find(|(group, positives, negatives)| positives + negatives + group.weight() >= taken);
        cut.map(|(tie, positives, negatives)| tie.cut_at(taken, positives, negatives))
    }
}

impl TieGroup {
    /// The shares among `taken` rows, the last of which are of this group; with positives and negatives of higher scores.
    fn cut_at(&self, taken: f64, positives: f64, negatives: f64) -> ShareAtCapacity {
        let taken_of_tie = taken - (positives + negatives);
        let expected = taken_of_tie * self.positives / self.weight();
        let least = (taken_of_tie - self.negatives).max(0.0);
        let most = taken_of_tie.min(self.positives);
        let share = |of_tie: f64| (positives + of_tie) / taken;
        ShareAtCapacity {
            taken,
            score: self.score,
            tied: self.weight(),
            taken_of_tie,
            expected: share(expected),
            least: share(least),
            most: share(most),
        }
    }
}
