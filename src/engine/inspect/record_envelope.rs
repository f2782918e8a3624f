//! Envelopes that connectors, change feeds and search engines put around each record.
//!
//! Takes the paths that lines have, gives the path below which the record lies. What stands beside it is of the transfer: when it ran, in which order, under
//! which number; none of it is a part of the event.

/// A known envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordEnvelope {
    /// Who writes it.
    pub(crate) title: &'static str,
    /// The path of the record.
    pub(crate) path: &'static str,
    /// Paths that stand beside the record; one is enough.
    beside: &'static [&'static str],
}

/// **Source**: Airbyte's raw tables and its protocol, the specification of Singer, Debezium's change events, answers of Elasticsearch.
const ENVELOPES: [RecordEnvelope; 8] = [
    RecordEnvelope {
        title: "Airbyte",
        path: "_airbyte_data",
        beside: &["_airbyte_raw_id", "_airbyte_ab_id", "_airbyte_extracted_at", "_airbyte_emitted_at"],
    },
    RecordEnvelope {
        title: "messages of Airbyte",
        path: "record.data",
        beside: &["record.emitted_at", "record.stream"],
    },
    RecordEnvelope { title: "messages of Singer", path: "record", beside: &["stream", "time_extracted"] },
    RecordEnvelope { title: "Debezium", path: "payload.after", beside: &["payload.op", "payload.ts_ms"] },
    RecordEnvelope { title: "Debezium", path: "after", beside: &["op", "ts_ms"] },
    RecordEnvelope { title: "Elasticsearch", path: "_source", beside: &["_index", "_id"] },
    RecordEnvelope { title: "a connector", path: "data", beside: &["emitted_at", "_emitted_at", "extracted_at"] },
    RecordEnvelope { title: "a connector", path: "data", beside: &["stream", "namespace"] },
];

/// An envelope without a mark of its own, by the path of the record.
const fn unnamed(path: &'static str) -> RecordEnvelope {
    RecordEnvelope { title: "queues, webhooks and change feeds", path, beside: &[] }
}

/// Where records lie in messages of queues, webhooks, logs and change feeds. They are known by the whole event in them.
///
/// **Source**: consumers of Kafka (`value`), CloudEvents and Maxwell (`data`), EventBridge (`detail`), Cloud Logging (`jsonPayload`), MongoDB (`fullDocument`),
/// DynamoDB (`NewImage`), log shippers (`message`).
pub(super) const UNNAMED: [RecordEnvelope; 14] = [
    unnamed("value"),
    unnamed("detail"),
    unnamed("jsonPayload"),
    unnamed("fullDocument"),
    unnamed("payload"),
    unnamed("message"),
    unnamed("data"),
    unnamed("record"),
    unnamed("body"),
    unnamed("Message"),
    unnamed("document"),
    unnamed("doc"),
    unnamed("row"),
    unnamed("raw"),
];

/// The envelope that lines have, by how many of them have each path.
pub(super) fn of<'p>(paths: impl Iterator<Item = (&'p str, u64)> + Clone, lines: u64) -> Option<RecordEnvelope> {
    let often = |count: u64| count * 2 > lines;
    let beside =
        |envelope: &RecordEnvelope| paths.clone().any(|(path, count)| often(count) && envelope.beside.contains(&path));
    let below = |envelope: &RecordEnvelope| {
        paths.clone().any(|(path, count)| often(count) && stripped(path, envelope.path).is_some())
    };
    ENVELOPES.into_iter().find(|envelope| beside(envelope) && below(envelope))
}

/// A path as it is below another one.
pub(super) fn stripped<'p>(path: &'p str, above: &str) -> Option<&'p str> {
    path.strip_prefix(above)?.strip_prefix('.')
}
