//! `pool` and `away`: the people among whom accounts are shared out.

use toml::{
    Spanned,
    de::{DeArray, DeValue},
};

use super::super::{
    codes,
    resolved::{PoolMember, RepresentativePool},
    toml_reader::{DiagnosticSink, SpannedText, TableReader, as_text},
};
use crate::diag::{Diagnostic, suggest};

/// The most members of a pool.
const MEMBERS_MAX: usize = 1000;

/// The largest weight. The smallest is its inverse.
const WEIGHT_MAX: f64 = 1000.0;

/// Reads the two keys; none without a pool, and none if one of them is wrong.
pub(super) fn read(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<RepresentativePool> {
    let pool = table.take("pool");
    let away = table.text_list("away", found);
    let Some(pool) = pool else {
        if let Some(first) = away.as_ref().and_then(|away| away.first()) {
            let label = "only members of a pool can be away";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, first.span.clone(), "`away` without `pool`", label));
        }
        return None;
    };
    let DeValue::Array(list) = pool.get_ref() else {
        let label = "expected a list: pool = [\"Ann\", { name = \"Bo\", weight = 2 }]";
        found.add(Diagnostic::error(codes::WRONG_TYPE, pool.span(), "`pool` is no list", label));
        return None;
    };
    let members = members(list, found)?;
    if members.is_empty() || members.len() > MEMBERS_MAX {
        let message = format!("a pool of {} members", members.len());
        let label = format!("from 1 to {MEMBERS_MAX} members");
        found.add(Diagnostic::error(codes::BAD_VALUE, pool.span(), message, label));
        return None;
    }
    let pool = RepresentativePool { members, away: Vec::new() };
    Some(RepresentativePool { away: away_members(&pool, away.unwrap_or_default(), found)?, ..pool })
}

/// The members; none if one of them is wrong.
fn members(list: &DeArray<'_>, found: &mut DiagnosticSink) -> Option<Vec<PoolMember>> {
    let mut members: Vec<PoolMember> = Vec::new();
    let mut is_whole = true;
    for item in list.iter() {
        match member(item, found) {
            Some((name, weight)) if members.iter().any(|member| member.name == name.value) => {
                let message = format!("`{}` is in the pool twice", name.value);
                let problem = Diagnostic::error(codes::DUPLICATE, name.span, message, "the second one");
                found.add(
                    problem
                        .help(format!("a weight gives a member more: {{ name = \"...\", weight = {} }}", weight + 1.0)),
                );
                is_whole = false;
            }
            Some((name, weight)) => members.push(PoolMember { name: name.value, weight }),
            None => is_whole = false,
        }
    }
    is_whole.then_some(members)
}

/// A member: a name, or a table of a name and a weight.
fn member(item: &Spanned<DeValue<'_>>, found: &mut DiagnosticSink) -> Option<(SpannedText, f64)> {
    let (name, weight) = match item.get_ref() {
        DeValue::Table(table) => {
            let mut table = TableReader::new(table, item.span(), "a member of a pool");
            let name = table.required_text("name", found);
            let weight = weight(&mut table, found);
            table.finish(found);
            (name?, weight?)
        }
        _ => (as_text(item, "pool", found)?, 1.0),
    };
    if name.value.trim().is_empty() {
        found.add(Diagnostic::error(codes::BAD_VALUE, name.span, "a member without a name", "expected a name"));
        return None;
    }
    Some((name, weight))
}

fn weight(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<f64> {
    if !table.has("weight") {
        table.skip_key("weight");
        return Some(1.0);
    }
    let weight = table.number("weight", found)?;
    if !(WEIGHT_MAX.recip()..=WEIGHT_MAX).contains(&weight.value) {
        let label = format!("a number from {} to {WEIGHT_MAX}", WEIGHT_MAX.recip());
        let problem = Diagnostic::error(codes::BAD_VALUE, weight.span, "`weight` is out of bounds", label);
        found.add(problem.help("`away` names members who get nothing new"));
        return None;
    }
    Some(weight.value)
}

/// The members who are away; somebody must be left.
fn away_members(pool: &RepresentativePool, away: Vec<SpannedText>, found: &mut DiagnosticSink) -> Option<Vec<String>> {
    let names: Vec<&str> = pool.members.iter().map(|member| member.name.as_str()).collect();
    let strangers = away.iter().filter(|name| !names.contains(&name.value.as_str()));
    let mut is_whole = true;
    for stranger in strangers {
        let message = format!("`{}` is away and not in the pool", stranger.value);
        let problem = Diagnostic::error(codes::UNKNOWN_NAME, stranger.span.clone(), message, "no member has this name");
        found.add(problem.maybe_help(suggest(&stranger.value, names.iter().copied())));
        is_whole = false;
    }
    let is_away = |name: &str| away.iter().any(|one| one.value == name);
    if let Some(last) = away.last().filter(|_| names.iter().all(|name| is_away(name))) {
        let label = "nobody is left who could get anything";
        found.add(Diagnostic::error(codes::BAD_VALUE, last.span.clone(), "all members of the pool are away", label));
        is_whole = false;
    }
    is_whole.then(|| away.into_iter().map(|name| name.value).collect())
}
