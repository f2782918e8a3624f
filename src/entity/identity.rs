//! Raw ids to people: which known ids are one person, and which visitor is whom.
//!
//! Joins are sets of pairs, so their order cannot matter. A visitor that came with exactly one person is that person; one that came with
//! several, as on a shared device, is nobody.

use std::collections::HashMap;

use crate::fold::{Owner, State};

/// Nobody's number.
pub const NOBODY: u32 = u32::MAX;

/// Who each raw id is.
#[derive(Debug)]
pub struct People<'s> {
    /// The name of each person: the smallest of its known ids.
    pub names: Vec<&'s str>,
    /// By partition and number of the raw user id.
    users: Vec<Vec<u32>>,
    /// By partition and number of the raw visitor id.
    visitors: Vec<Vec<u32>>,
    /// People by ids that only alias lines name.
    aliases: HashMap<&'s str, u32>,
    /// Visitors that came with more than one person.
    pub shared_visitors: u64,
}

impl People<'_> {
    /// The person behind a known id that only alias lines name.
    pub(super) fn of_alias(&self, id: &str) -> Option<u32> {
        self.aliases.get(id).copied()
    }

    /// The person behind the owner of a row.
    pub fn of(&self, part: usize, owner: Owner) -> u32 {
        match owner {
            Owner::User(id) => self.users[part][id as usize],
            Owner::Visitor(id) => self.visitors[part][id as usize],
            Owner::Nobody => NOBODY,
        }
    }
}

/// A forest of sets, each known by its root.
struct Forest(Vec<u32>);

impl Forest {
    fn root(&mut self, mut node: u32) -> u32 {
        while self.0[node as usize] != node {
            // Path halving: every second node is hung one higher.
            self.0[node as usize] = self.0[self.0[node as usize] as usize];
            node = self.0[node as usize];
        }
        node
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// Joins what belongs together.
pub(super) fn people(state: &State) -> People<'_> {
    let mut ids: Vec<&str> = Vec::new();
    let mut users: Vec<Vec<u32>> = Vec::new();
    for part in &state.parts {
        let first = ids.len() as u32;
        ids.extend((0..part.users.ids.len() as u32).map(|id| part.users.ids.get(id)));
        users.push((first..ids.len() as u32).collect());
    }
    let mut by_name: HashMap<&str, u32> = HashMap::new();
    if !state.aliases.is_empty() {
        by_name = ids.iter().enumerate().map(|(node, id)| (*id, node as u32)).collect();
    }
    let mut pairs = Vec::new();
    for ((from, to), ()) in state.aliases.iter() {
        let mut node = |text: u32| {
            let name = state.texts.get(text);
            *by_name.entry(name).or_insert_with(|| {
                ids.push(name);
                (ids.len() - 1) as u32
            })
        };
        pairs.push((node(*from), node(*to)));
    }
    let with_folk = users.iter().map(Vec::len).sum::<usize>();
    let mut forest = Forest((0..ids.len() as u32).collect());
    pairs.into_iter().for_each(|(a, b)| forest.join(a, b));
    let mut person_of_root = vec![NOBODY; ids.len()];
    let mut names: Vec<&str> = Vec::new();
    let mut person = vec![NOBODY; ids.len()];
    for node in 0..ids.len() as u32 {
        let root = forest.root(node) as usize;
        if person_of_root[root] == NOBODY {
            person_of_root[root] = names.len() as u32;
            names.push(ids[node as usize]);
        }
        let number = person_of_root[root];
        person[node as usize] = number;
        let name = &mut names[number as usize];
        *name = (*name).min(ids[node as usize]);
    }
    for user in users.iter_mut().flatten() {
        *user = person[*user as usize];
    }
    let (visitors, shared_visitors) = visitors(state, &users);
    let aliases = (with_folk..ids.len()).map(|node| (ids[node], person[node])).collect();
    People { names, users, visitors, aliases, shared_visitors }
}

/// The person behind each visitor.
fn visitors(state: &State, users: &[Vec<u32>]) -> (Vec<Vec<u32>>, u64) {
    /// A visitor that came with several people.
    const SEVERAL: u32 = u32::MAX - 1;
    let mut by_text: HashMap<u32, u32> = HashMap::new();
    for (part, people) in state.parts.iter().zip(users) {
        for (folk, person) in part.users.folks.iter().zip(people) {
            for (visitor, ()) in folk.more.iter().flat_map(|more| more.met.iter()) {
                by_text
                    .entry(*visitor)
                    .and_modify(|known| *known = if known == person { *known } else { SEVERAL })
                    .or_insert(*person);
            }
        }
    }
    let shared = by_text.values().filter(|person| **person == SEVERAL).count() as u64;
    let of_part = |part: &crate::fold::Part| {
        let ids = &part.visitors.ids;
        (0..ids.len() as u32)
            .map(|id| {
                state
                    .texts
                    .find(ids.get(id))
                    .and_then(|text| by_text.get(&text))
                    .copied()
                    .filter(|person| *person != SEVERAL)
                    .unwrap_or(NOBODY)
            })
            .collect()
    };
    (state.parts.iter().map(of_part).collect(), shared)
}
