//! The native format: one flat object per line.

use super::{EventFormat, LineFraming, ProbeLine, RecordLayout, paths};
use pql_model::resolved::InputSettings;

/// The format of lines that show no sign of another one.
pub(super) static NATIVE: EventFormat =
    EventFormat { name: "native", title: "native lines", lines: LineFraming::Plain, sign, layout, fallback: true };

/// The same lines with objects that are written as text, as warehouses unload columns of JSON. Detection takes it in place of [`NATIVE`].
pub(super) static NATIVE_WITH_TEXTS: EventFormat = EventFormat {
    name: "native",
    title: "native lines",
    lines: LineFraming::Plain,
    sign: |_| None,
    layout: layout_with_texts,
    fallback: false,
};

/// The sign is checked last, so that it is true only for lines of no other format.
fn sign(head: &ProbeLine<'_>) -> Option<&'static str> {
    (head.has("event") && head.has("timestamp")).then_some("lines have `event` and `timestamp`")
}

fn layout(_: &InputSettings) -> RecordLayout {
    RecordLayout {
        only_paths: true,
        event: paths(&["event"]),
        user: paths(&["user_id"]),
        visitor: paths(&["anonymous_id"]),
        account: paths(&["account_id"]),
        group: paths(&["account_id", "group_id"]),
        time: paths(&["timestamp"]),
        received_at: paths(&["received_at", "ingested_at"]),
        id: paths(&["event_id"]),
        kind: paths(&["type"]),
        previous: paths(&["previous_id"]),
        ..RecordLayout::default()
    }
}

/// An envelope, and what it holds of the event, may be text: all objects on the way to a field.
fn layout_with_texts(input: &InputSettings) -> RecordLayout {
    let layout = layout(input);
    let mut embedded = [layout.properties.as_slice(), &layout.user_traits].concat();
    let fields = input.paths_for_format(NATIVE.name);
    let [.., properties] = &fields;
    embedded.extend(properties.iter().cloned());
    let received = input.receipt_for_format(NATIVE.name);
    let ways =
        fields.iter().flatten().chain(received).flat_map(|path| (1..path.len()).filter_map(|keys| path.get(..keys)));
    embedded.extend(ways.map(<[String]>::to_vec));
    embedded.retain(|path| !path.is_empty());
    embedded.sort_unstable();
    embedded.dedup();
    RecordLayout { only_paths: false, embedded, ..layout }
}
