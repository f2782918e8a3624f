//! Where a format keeps the parts of a record.

use crate::model::compiled::Input;

/// Paths from the top of a record to its parts; an empty list of alternatives means that the format has no such part.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The event's name.
    pub event: Vec<Vec<String>>,
    /// The user's id.
    pub user: Vec<Vec<String>>,
    /// The visitor's id.
    pub visitor: Vec<Vec<String>>,
    /// The account's id.
    pub account: Vec<Vec<String>>,
    /// The account's id on lines of type group.
    pub group: Vec<Vec<String>>,
    /// The time.
    pub time: Vec<Vec<String>>,
    /// The event's id.
    pub id: Vec<Vec<String>>,
    /// The object of properties; the record itself if the path is empty.
    pub properties: Vec<String>,
    /// What kind of line it is: identify, group, alias, or else an event.
    pub kind: Vec<Vec<String>>,
    /// The object of traits.
    pub traits: Vec<String>,
    /// The id that an alias line joins to the user's.
    pub previous: Vec<Vec<String>>,
}

/// Paths written with dots.
fn paths(all: &[&str]) -> Vec<Vec<String>> {
    all.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect()
}

impl Layout {
    /// The native format, with the fields that the model moves elsewhere.
    pub fn native(input: &Input) -> Layout {
        let mut layout = Layout {
            event: paths(&["event"]),
            user: paths(&["user_id"]),
            visitor: paths(&["anonymous_id"]),
            account: paths(&["account_id"]),
            group: paths(&["account_id", "group_id"]),
            time: paths(&["timestamp"]),
            id: paths(&["event_id"]),
            properties: vec!["properties".to_owned()],
            kind: paths(&["type"]),
            traits: vec!["traits".to_owned()],
            previous: paths(&["previous_id"]),
        };
        layout.move_fields(input);
        layout
    }

    /// Takes over the paths that the model gives.
    pub fn move_fields(&mut self, input: &Input) {
        let [event, user, visitor, account, time, id, properties] = &input.fields;
        let moves = [
            (&mut self.event, event),
            (&mut self.user, user),
            (&mut self.visitor, visitor),
            (&mut self.time, time),
            (&mut self.id, id),
        ];
        for (part, path) in moves {
            if let Some(path) = path {
                *part = vec![path.clone()];
            }
        }
        if let Some(path) = account {
            self.account = vec![path.clone()];
            self.group.insert(0, path.clone());
        }
        if let Some(path) = properties {
            self.properties.clone_from(path);
        }
        // Where the name of the event is read from the field of the kind, there are no lines but events.
        self.kind.retain(|kind| !self.event.contains(kind));
    }
}
