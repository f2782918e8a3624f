//! Pools: the people among whom accounts are shared out.

/// People among whom accounts are shared out, at least one of them not away.
#[derive(Debug, Clone, PartialEq)]
pub struct RepresentativePool {
    /// The members in the order of the file, with distinct names.
    pub members: Vec<PoolMember>,
    /// The names of members who get nothing new.
    pub away: Vec<String>,
}

/// A member of a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolMember {
    /// The name, as it stands in rows.
    pub name: String,
    /// The member's part of all, beside those of the others; above 0.
    pub weight: f64,
}

impl RepresentativePool {
    /// The members who are there, in the order of the file.
    pub fn present(&self) -> impl Iterator<Item = &PoolMember> {
        self.members.iter().filter(|member| !self.away.contains(&member.name))
    }
}
