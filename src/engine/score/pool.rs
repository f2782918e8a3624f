//! Who of a pool gets an account, by the hash of the account's id alone.
//!
//! Each member has a hash with the account. It stands for a waiting time whose mean falls with the member's weight, and the shortest
//! one wins. So members get their parts by weight, and when somebody is away, joins or leaves, only that member's accounts move.

use super::id_hash::id_hash;
use pql_model::resolved::{PoolMember, RepresentativePool};

/// The member of those present who gets an account. Equal waits go to the first in the file.
pub(crate) fn chosen_member<'p>(pool: &'p RepresentativePool, account_id: &str) -> Option<&'p PoolMember> {
    pool.present().min_by(|a, b| member_wait(a, account_id).total_cmp(&member_wait(b, account_id)))
}

/// How long an account would wait for a member: the smaller, the sooner it goes there.
pub(crate) fn member_wait(member: &PoolMember, account_id: &str) -> f64 {
    let share = (f64::from(id_hash(account_id, &member.name)) + 0.5) / 4_294_967_296.0;
    -share.ln() / member.weight
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(members: &[(&str, f64)], away: &[&str]) -> RepresentativePool {
        let members = members.iter().map(|(name, weight)| PoolMember { name: (*name).to_owned(), weight: *weight });
        RepresentativePool { members: members.collect(), away: away.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn chosen(pool: &RepresentativePool, account: usize) -> String {
        chosen_member(pool, &format!("account-{account}")).expect("somebody is there").name.clone()
    }

    #[test]
    fn members_get_their_parts_and_only_the_accounts_of_those_who_leave_move() {
        let all = pool(&[("Ann", 2.0), ("Bo", 1.0), ("Cem", 1.0)], &[]);
        let of_ann = (0..4000).filter(|account| chosen(&all, *account) == "Ann").count();
        assert!((1900..2100).contains(&of_ann), "{of_ann} of 4000");
        let without = pool(&[("Cem", 1.0), ("Ann", 2.0), ("Bo", 1.0)], &["Bo"]);
        for account in 0..400 {
            let (before, after) = (chosen(&all, account), chosen(&without, account));
            assert!(before == after || before == "Bo" && after != "Bo", "account-{account}: {before}, {after}");
        }
    }
}
