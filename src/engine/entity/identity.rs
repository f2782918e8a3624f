//! Maps raw ids to people: user ids that belong together, and the person behind an anonymous id.
//!
//! Links are sets of pairs, so their order does not matter. A visitor who co-occurs with exactly
//! one person is that person. A visitor who co-occurs with several, as on a shared device, belongs
//! to no person.

use std::collections::{HashMap, HashSet};

use super::grouped_vec::GroupedVec;
use crate::fold::{FoldState, RowOwner};

/// The index that stands for no person.
pub const NOBODY: u32 = u32::MAX;

/// The person behind each raw id.
#[derive(Debug)]
pub struct PersonIndex<'s> {
    /// The name of each person: the smallest of its user ids.
    pub(crate) names: Vec<&'s str>,
    /// By shard and number of the user id.
    users: Vec<Vec<u32>>,
    /// By shard and number of the visitor id.
    visitors: Vec<Vec<u32>>,
    /// People by ids that only alias lines name.
    aliases: HashMap<&'s str, u32>,
    /// By person, ids that are the user of no record: ids that occur only in alias lines, and
    /// e-mail addresses that were joined to a user.
    pub(super) named_only: GroupedVec<&'s str>,
    /// Visitors that co-occur with more than one person.
    pub(crate) shared_visitors: u64,
}

impl PersonIndex<'_> {
    /// The person behind a user id that only alias lines name.
    pub(super) fn of_alias(&self, id: &str) -> Option<u32> {
        self.aliases.get(id).copied()
    }

    /// The person behind the owner of a row.
    pub(crate) fn person_of(&self, part: usize, owner: RowOwner) -> u32 {
        match owner {
            RowOwner::User(id) => self.users[part][id as usize],
            RowOwner::Visitor(id) => self.visitors[part][id as usize],
            RowOwner::Nobody => NOBODY,
        }
    }
}

/// A disjoint-set forest.
struct UnionFind(Vec<u32>);

impl UnionFind {
    fn root(&mut self, mut node: u32) -> u32 {
        while self.0[node as usize] != node {
            // Path halving: every second node moves up one level.
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

/// Joins user ids that are linked, then assigns visitors to people.
pub(super) fn resolve_people(state: &FoldState) -> PersonIndex<'_> {
    let mut ids: Vec<&str> = Vec::new();
    let mut users: Vec<Vec<u32>> = Vec::new();
    for part in &state.shards {
        let first = ids.len() as u32;
        ids.extend((0..part.users.ids.len() as u32).map(|id| part.users.ids.get(id)));
        users.push((first..ids.len() as u32).collect());
    }
    let mut by_name: HashMap<&str, u32> = HashMap::new();
    if !state.aliases.is_empty() || !state.late.is_empty() {
        by_name = ids.iter().enumerate().map(|(node, id)| (*id, node as u32)).collect();
    }
    let with_folk = ids.len();
    let mut node = |name| {
        *by_name.entry(name).or_insert_with(|| {
            ids.push(name);
            (ids.len() - 1) as u32
        })
    };
    let aliases = state.aliases.iter().map(|((from, to), ())| (state.texts.get(*from), state.texts.get(*to)));
    let late = state.late.aliases.iter().map(|(from, to)| (from.as_str(), to.as_str()));
    let pairs: Vec<(u32, u32)> = aliases.chain(late).map(|(from, to)| (node(from), node(to))).collect();
    let late_met: Vec<(&str, u32)> = state.late.met.iter().map(|(id, user)| (id.as_str(), node(user))).collect();
    let mut forest = UnionFind((0..ids.len() as u32).collect());
    pairs.into_iter().for_each(|(a, b)| forest.join(a, b));
    let mut either = AmbiguousLinks::collect(state, &users);
    either.met.extend(late_met);
    either.users.iter().for_each(|(a, b)| forest.join(*a, *b));
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
    let ResolvedVisitors { visitors, addresses, shared } = resolve_visitors(state, &users, &either, &person);
    let of_aliases = (with_folk..ids.len()).map(|node| (person[node], ids[node]));
    let aliases = of_aliases.clone().map(|(person, id)| (id, person)).collect();
    let named_only = GroupedVec::new(names.len(), of_aliases.chain(addresses.iter().copied()));
    PersonIndex { names, users, visitors, aliases, named_only, shared_visitors: shared }
}

/// Links between ids of unknown kind, sorted by kind.
///
/// The kind follows from all records. An id that occurs as a user id is one, and likewise for
/// visitor ids. An id that occurs on no record counts as a visitor's, so that no user is printed
/// under it.
#[derive(Default)]
struct AmbiguousLinks<'s> {
    /// Pairs of user ids.
    users: Vec<(u32, u32)>,
    /// Pairs of a visitor and a user id.
    met: Vec<(&'s str, u32)>,
    /// Pairs of visitors.
    visitors: Vec<(&'s str, &'s str)>,
    /// E-mail addresses among these visitors that occur in no record.
    addresses: Vec<&'s str>,
}

impl<'s> AmbiguousLinks<'s> {
    /// The links of a state. `users` are the numbers of user ids by shard.
    fn collect(state: &'s FoldState, users: &[Vec<u32>]) -> AmbiguousLinks<'s> {
        let mut either = AmbiguousLinks::default();
        let joins = &state.joins;
        if joins.ids.is_empty() && state.late.linked.is_empty() {
            return either;
        }
        let met: HashSet<u32> = state
            .shards
            .iter()
            .flat_map(|part| &part.users.states)
            .flat_map(|folk| folk.details.iter().flat_map(|more| more.visitors_met.iter().map(|(text, ())| *text)))
            .collect();
        let part = |id: &str| FoldState::shard_index(state.hash_id(id));
        let user = |id: &str| state.shards[part(id)].users.ids.find(id).map(|at| users[part(id)][at as usize]);
        let came = |id: &str| {
            let as_visitor = state.shards[part(id)].visitors.ids.find(id).is_some();
            as_visitor || state.texts.find(id).is_some_and(|text| met.contains(&text))
        };
        let visitor = |id: &'s str| (came(id) || user(id).is_none()).then_some(id);
        let said = joins.merged.iter().chain(joins.identified.iter());
        let said = said.map(|((a, b), ())| (joins.ids.get(*a), joins.ids.get(*b)));
        for (a, b) in said.chain(state.late.linked.iter().map(|(a, b)| (a.as_str(), b.as_str()))) {
            let new_address = |id: &&str| id.contains('@') && user(id).is_none() && !came(id);
            either.addresses.extend([a, b].into_iter().filter(new_address));
            let (of_a, of_b) = ((user(a), visitor(a)), (user(b), visitor(b)));
            either.users.extend(of_a.0.zip(of_b.0));
            either.visitors.extend(of_a.1.zip(of_b.1));
            for (visitor, user) in [(of_a.1, of_b.0), (of_b.1, of_a.0), (of_a.1, of_a.0), (of_b.1, of_b.0)] {
                either.met.extend(visitor.zip(user));
            }
        }
        either
    }
}

/// The people that a visitor co-occurs with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum VisitorMatch {
    Nobody,
    One(u32),
    Several,
}

impl VisitorMatch {
    /// Adds a person to the visitor.
    fn add_person(&mut self, person: u32) {
        *self = match *self {
            VisitorMatch::Nobody => VisitorMatch::One(person),
            VisitorMatch::One(known) if known == person => *self,
            _ => VisitorMatch::Several,
        };
    }
}

/// The people behind visitors.
struct ResolvedVisitors<'s> {
    /// The person behind each visitor, by partition and number.
    visitors: Vec<Vec<u32>>,
    /// The person behind each of the addresses.
    addresses: Vec<(u32, &'s str)>,
    /// The number of visitors that co-occur with several people.
    shared: u64,
}

/// Finds the people behind visitors. `person` maps user ids to people.
fn resolve_visitors<'s>(
    state: &FoldState,
    users: &[Vec<u32>],
    either: &AmbiguousLinks<'s>,
    person: &[u32],
) -> ResolvedVisitors<'s> {
    // Linked visitors share the place of one of them.
    let mut places: HashMap<&str, u32> = HashMap::new();
    let mut place = |name| {
        let next = places.len() as u32;
        *places.entry(name).or_insert(next)
    };
    let pairs: Vec<(u32, u32)> = either.visitors.iter().map(|(a, b)| (place(a), place(b))).collect();
    let met: Vec<(u32, u32)> = either.met.iter().map(|(name, user)| (place(name), person[*user as usize])).collect();
    let mut forest = UnionFind((0..places.len() as u32).collect());
    pairs.into_iter().for_each(|(a, b)| forest.join(a, b));
    let mut joined = vec![VisitorMatch::Nobody; places.len()];
    met.into_iter().for_each(|(place, person)| joined[forest.root(place) as usize].add_person(person));
    let mut by_text: HashMap<u32, VisitorMatch> = HashMap::new();
    for (part, people) in state.shards.iter().zip(users) {
        for (folk, person) in part.users.states.iter().zip(people) {
            for (visitor, ()) in folk.details.iter().flat_map(|more| more.visitors_met.iter()) {
                let known = match places.get(state.texts.get(*visitor)).filter(|_| !places.is_empty()) {
                    Some(place) => &mut joined[forest.root(*place) as usize],
                    None => by_text.entry(*visitor).or_insert(VisitorMatch::Nobody),
                };
                known.add_person(*person);
            }
        }
    }
    let shared = by_text.values().chain(&joined).filter(|whose| **whose == VisitorMatch::Several).count() as u64;
    let mut whose = |name: &str| match places.get(name).filter(|_| !places.is_empty()) {
        Some(place) => joined[forest.root(*place) as usize],
        None => state.texts.find(name).and_then(|text| by_text.get(&text)).copied().unwrap_or(VisitorMatch::Nobody),
    };
    let mut person_of = |name: &str| match whose(name) {
        VisitorMatch::One(person) => person,
        VisitorMatch::Nobody | VisitorMatch::Several => NOBODY,
    };
    let addresses = either.addresses.iter().map(|id| (person_of(id), *id)).collect();
    let mut of_part = |part: &crate::fold::Shard| {
        let ids = &part.visitors.ids;
        (0..ids.len() as u32).map(|id| person_of(ids.get(id))).collect()
    };
    ResolvedVisitors { visitors: state.shards.iter().map(&mut of_part).collect(), addresses, shared }
}
