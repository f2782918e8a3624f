//! The wanted values of a line, as a tree of keys.

/// The paths to pick out, as a tree of keys.
#[derive(Debug, Clone)]
pub struct Projection {
    pub(super) nodes: Vec<ProjectionNode>,
    slots: usize,
}

/// A node of the tree.
#[derive(Debug, Clone, Default)]
pub(super) struct ProjectionNode {
    /// Children by key.
    children: Vec<(Box<[u8]>, u32)>,
    /// Children by prefix of the key; a child with the exact key takes precedence.
    prefixes: Vec<(Box<[u8]>, u32)>,
    /// The slots that the value fills.
    pub(super) slots: Vec<u32>,
    /// If set, the value is fingerprinted.
    pub(super) hashed: bool,
    /// The slots of all nodes below. They are cleared if a key repeats, because the last of equal
    /// keys counts.
    pub(super) below: Vec<u32>,
}

/// The node of values that the projection does not contain.
pub(super) const NO_NODE: u32 = u32::MAX;

impl Projection {
    /// An empty projection.
    pub fn new() -> Projection {
        Projection { nodes: vec![ProjectionNode::default()], slots: 0 }
    }

    /// Adds a path and returns its slot. A key that is a number also indexes lists.
    pub fn add(&mut self, path: &[String]) -> u32 {
        self.add_from(0, path)
    }

    /// Adds a path below any top-level key with a prefix. The last such key of a line counts.
    pub(crate) fn add_prefixed(&mut self, beginning: &str, path: &[String]) -> u32 {
        let from = self.begun(beginning);
        let slot = self.add_from(from, path);
        self.nodes[0].below.push(slot);
        slot
    }

    fn add_from(&mut self, from: u32, path: &[String]) -> u32 {
        let slot = self.slots as u32;
        self.slots += 1;
        for length in 0..path.len() {
            let above = self.node(from, &path[..length]);
            self.nodes[above as usize].below.push(slot);
        }
        let node = self.node(from, path);
        self.nodes[node as usize].slots.push(slot);
        slot
    }

    /// Adds the fingerprint of the value at a path.
    pub fn hash_at(&mut self, path: &[String]) {
        let node = self.node(0, path);
        self.nodes[node as usize].hashed = true;
    }

    /// Adds the fingerprint of the value at a top-level key with a prefix.
    pub(crate) fn hash_prefixed(&mut self, beginning: &str) {
        let node = self.begun(beginning);
        self.nodes[node as usize].hashed = true;
    }

    /// The number of slots.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    fn begun(&mut self, beginning: &str) -> u32 {
        let known = self.nodes[0].prefixes.iter().find(|(begins, _)| **begins == *beginning.as_bytes());
        known.map(|(_, child)| *child).unwrap_or_else(|| {
            let child = self.nodes.len() as u32;
            self.nodes.push(ProjectionNode::default());
            self.nodes[0].prefixes.push((beginning.as_bytes().into(), child));
            child
        })
    }

    fn node(&mut self, from: u32, path: &[String]) -> u32 {
        let mut at = from;
        for key in path {
            let known = self.nodes[at as usize]
                .children
                .iter()
                .find(|(name, _)| **name == *key.as_bytes())
                .map(|(_, child)| *child);
            at = known.unwrap_or_else(|| {
                let child = self.nodes.len() as u32;
                self.nodes.push(ProjectionNode::default());
                self.nodes[at as usize].children.push((key.as_bytes().into(), child));
                child
            });
        }
        at
    }

    /// The child for a key.
    pub(super) fn child(&self, node: u32, key: &[u8]) -> u32 {
        let Some(node) = self.nodes.get(node as usize) else { return NO_NODE };
        let known = node.children.iter().find(|(name, _)| **name == *key);
        let known = known.or_else(|| node.prefixes.iter().find(|(begins, _)| key.starts_with(begins)));
        known.map_or(NO_NODE, |(_, child)| *child)
    }

    /// The slots of a node that only fills slots, two at most; none if it has children or a
    /// fingerprint.
    pub(super) fn slots_alone(&self, node: u32) -> Option<[u32; 2]> {
        let simple = self.nodes.get(node as usize).is_none_or(|node| node.children.is_empty() && !node.hashed);
        self.few_slots(node).filter(|_| simple)
    }

    /// The slots of a node, two at most; none if it has more.
    pub(super) fn few_slots(&self, node: u32) -> Option<[u32; 2]> {
        const NO_SLOT: u32 = u32::MAX;
        let Some(node) = self.nodes.get(node as usize) else { return Some([NO_SLOT; 2]) };
        let slot = |at: usize| node.slots.get(at).copied().unwrap_or(NO_SLOT);
        (node.slots.len() <= 2).then(|| [slot(0), slot(1)])
    }

    /// True if the value of a node is fingerprinted.
    pub(super) fn is_hashed(&self, node: u32) -> bool {
        self.nodes.get(node as usize).is_some_and(|node| node.hashed)
    }

    /// True if the node has children.
    pub(super) fn leads_on(&self, node: u32) -> bool {
        self.nodes.get(node as usize).is_some_and(|node| !node.children.is_empty() || !node.prefixes.is_empty())
    }
}

impl Default for Projection {
    fn default() -> Self {
        Projection::new()
    }
}
