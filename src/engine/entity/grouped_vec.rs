//! A vector of items by group, without a list per group.

/// Items of groups numbered from 0. The items of a group are adjacent, in the order of insertion.
#[derive(Debug)]
pub(super) struct GroupedVec<T> {
    /// The start of each group; one more entry marks the end of the last.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy + Default> GroupedVec<T> {
    /// Groups items; items of a group beyond `groups` are dropped.
    ///
    /// **Cost**: two passes over the items.
    pub(super) fn new(groups: usize, things: impl Iterator<Item = (u32, T)> + Clone) -> GroupedVec<T> {
        let things = things.filter(|(group, _)| (*group as usize) < groups);
        let mut starts = vec![0_u32; groups + 1];
        things.clone().for_each(|(group, _)| starts[group as usize] += 1);
        let mut before = 0;
        for start in &mut starts {
            (*start, before) = (before, before + *start);
        }
        let mut items = vec![T::default(); before as usize];
        // Each start moves forward with every item and ends where the next group begins.
        things.for_each(|(group, thing)| {
            let next = &mut starts[group as usize];
            items[*next as usize] = thing;
            *next += 1;
        });
        starts.rotate_right(1);
        starts[0] = 0;
        GroupedVec { starts, items }
    }
}

impl<T> GroupedVec<T> {
    /// The number of groups.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn range(&self, group: usize) -> std::ops::Range<usize> {
        self.starts[group] as usize..self.starts[group + 1] as usize
    }

    /// The items of a group.
    pub(super) fn group(&self, group: usize) -> &[T] {
        &self.items[self.range(group)]
    }

    /// The items of a group, to be changed.
    pub(super) fn group_mut(&mut self, group: usize) -> &mut [T] {
        let range = self.range(group);
        &mut self.items[range]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn groups_are_what_a_list_for_each_would_be(
            groups in 0..5_usize, things in prop::collection::vec((prop_oneof![0..6_u32, Just(u32::MAX)], 0..100_u8), 0..30),
        ) {
            let grouped = GroupedVec::new(groups, things.iter().copied());
            prop_assert_eq!(grouped.len(), groups);
            for group in 0..groups {
                let plain: Vec<u8> = things.iter().filter(|(of, _)| *of as usize == group).map(|(_, thing)| *thing).collect();
                prop_assert_eq!(grouped.group(group), &plain[..]);
            }
        }
    }
}
