//! Converts a row of Snowplow's enriched format to the JSON of its analytics SDK.
//!
//! [`write_object`] takes 131 columns between tabs and writes one object. It leaves out empty
//! columns and columns that the model does not read. The self-describing JSON of `unstruct_event`,
//! `contexts` and `derived_contexts` gets keys made of its schemas. It is copied unchecked, because
//! the decoder checks the whole object.

use std::fmt::Write;

use crate::decode::json::{
    JsonSpan,
    walk::{first_value, items, member},
};

/// The content of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SnowplowColumn {
    Text,
    /// `1` or `0`.
    Boolean,
    /// Self-describing JSON with one body.
    Body,
    /// Self-describing JSON with a list of entities.
    Entities,
}

/// The columns in their order. **Source**: the enriched event of Snowplow's analytics SDKs.
pub(super) const COLUMNS: [&str; 131] = [
    "app_id",
    "platform",
    "etl_tstamp",
    "collector_tstamp",
    "dvce_created_tstamp",
    "event",
    "event_id",
    "txn_id",
    "name_tracker",
    "v_tracker",
    "v_collector",
    "v_etl",
    "user_id",
    "user_ipaddress",
    "user_fingerprint",
    "domain_userid",
    "domain_sessionidx",
    "network_userid",
    "geo_country",
    "geo_region",
    "geo_city",
    "geo_zipcode",
    "geo_latitude",
    "geo_longitude",
    "geo_region_name",
    "ip_isp",
    "ip_organization",
    "ip_domain",
    "ip_netspeed",
    "page_url",
    "page_title",
    "page_referrer",
    "page_urlscheme",
    "page_urlhost",
    "page_urlport",
    "page_urlpath",
    "page_urlquery",
    "page_urlfragment",
    "refr_urlscheme",
    "refr_urlhost",
    "refr_urlport",
    "refr_urlpath",
    "refr_urlquery",
    "refr_urlfragment",
    "refr_medium",
    "refr_source",
    "refr_term",
    "mkt_medium",
    "mkt_source",
    "mkt_term",
    "mkt_content",
    "mkt_campaign",
    "contexts",
    "se_category",
    "se_action",
    "se_label",
    "se_property",
    "se_value",
    "unstruct_event",
    "tr_orderid",
    "tr_affiliation",
    "tr_total",
    "tr_tax",
    "tr_shipping",
    "tr_city",
    "tr_state",
    "tr_country",
    "ti_orderid",
    "ti_sku",
    "ti_name",
    "ti_category",
    "ti_price",
    "ti_quantity",
    "pp_xoffset_min",
    "pp_xoffset_max",
    "pp_yoffset_min",
    "pp_yoffset_max",
    "useragent",
    "br_name",
    "br_family",
    "br_version",
    "br_type",
    "br_renderengine",
    "br_lang",
    "br_features_pdf",
    "br_features_flash",
    "br_features_java",
    "br_features_director",
    "br_features_quicktime",
    "br_features_realplayer",
    "br_features_windowsmedia",
    "br_features_gears",
    "br_features_silverlight",
    "br_cookies",
    "br_colordepth",
    "br_viewwidth",
    "br_viewheight",
    "os_name",
    "os_family",
    "os_manufacturer",
    "os_timezone",
    "dvce_type",
    "dvce_ismobile",
    "dvce_screenwidth",
    "dvce_screenheight",
    "doc_charset",
    "doc_width",
    "doc_height",
    "tr_currency",
    "tr_total_base",
    "tr_tax_base",
    "tr_shipping_base",
    "ti_currency",
    "ti_price_base",
    "base_currency",
    "geo_timezone",
    "mkt_clickid",
    "mkt_network",
    "etl_tags",
    "dvce_sent_tstamp",
    "refr_domain_userid",
    "refr_device_tstamp",
    "derived_contexts",
    "domain_sessionid",
    "derived_tstamp",
    "event_vendor",
    "event_name",
    "event_format",
    "event_version",
    "event_fingerprint",
    "true_tstamp",
];

/// The kind of a column, by its name.
pub(super) fn column_kind(name: &str) -> SnowplowColumn {
    match name {
        "unstruct_event" => SnowplowColumn::Body,
        "contexts" | "derived_contexts" => SnowplowColumn::Entities,
        "br_cookies" | "dvce_ismobile" => SnowplowColumn::Boolean,
        _ if name.starts_with("br_features_") => SnowplowColumn::Boolean,
        _ => SnowplowColumn::Text,
    }
}

/// The kind of each wanted column. JSON columns are always wanted, because they may be broken; text
/// cannot be.
#[derive(Debug)]
pub(in crate::decode) struct WantedColumns([Option<SnowplowColumn>; COLUMNS.len()]);

impl WantedColumns {
    /// The columns whose names are wanted, and all JSON columns.
    pub(in crate::decode) fn new(wanted: impl Fn(&str) -> bool) -> WantedColumns {
        WantedColumns(COLUMNS.map(|name| match column_kind(name) {
            json @ (SnowplowColumn::Body | SnowplowColumn::Entities) => Some(json),
            text => wanted(name).then_some(text),
        }))
    }
}

/// Writes the wanted columns of a row as an object; `false` if the row does not have 131 columns.
pub(in crate::decode) fn write_object(row: &str, columns: &WantedColumns, out: &mut String) -> bool {
    out.clear();
    let row = row.strip_suffix('\r').unwrap_or(row);
    if memchr::memchr_iter(b'\t', row.as_bytes()).count() + 1 != COLUMNS.len() {
        return false;
    }
    let mut entities: Vec<(String, Vec<&str>)> = Vec::new();
    let cells = COLUMNS.iter().zip(&columns.0).zip(row.split('\t'));
    for ((name, column), cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
        let Some(column) = column else { continue };
        match column {
            SnowplowColumn::Text => text(out, name, cell),
            SnowplowColumn::Boolean => match cell {
                "1" => entry(out, name, "true"),
                "0" => entry(out, name, "false"),
                _ => text(out, name, cell),
            },
            SnowplowColumn::Body => body(out, cell),
            SnowplowColumn::Entities => gather(cell, &mut entities),
        }
    }
    for (key, of_schema) in &entities {
        entry(out, key, &format!("[{}]", of_schema.join(",")));
    }
    out.push_str(if out.is_empty() { "{}" } else { "}" });
    true
}

/// Writes the beginning of an entry, up to its value.
fn key(out: &mut String, key: &str) {
    out.push(if out.is_empty() { '{' } else { ',' });
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

fn entry(out: &mut String, name: &str, value: &str) {
    key(out, name);
    out.push_str(value);
}

fn text(out: &mut String, name: &str, cell: &str) {
    key(out, name);
    out.push('"');
    let mut rest = cell;
    while let Some(at) = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ') {
        out.push_str(&rest[..at]);
        let character = rest.as_bytes()[at];
        // Writing to a string cannot fail.
        let _ = match character {
            b'"' | b'\\' => write!(out, "\\{}", char::from(character)),
            _ => write!(out, "\\u{character:04x}"),
        };
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Writes the body of a self-describing event under the key of its schema. Any other text is
/// copied, so that the decoder finds it broken.
fn body(out: &mut String, cell: &str) {
    let inner = first_value(cell).map(|top| member(cell, top, "data")).unwrap_or_default();
    match schema_key("unstruct_event", cell, inner) {
        Some(key) => entry(out, &key, member(cell, inner, "data").slice(cell)),
        None => entry(out, "unstruct_event", cell),
    }
}

/// Groups the entities of one column by the key of their schema.
fn gather<'c>(cell: &'c str, entities: &mut Vec<(String, Vec<&'c str>)>) {
    let list = first_value(cell).map(|top| member(cell, top, "data")).unwrap_or_default();
    let before = entities.len();
    for entity in items(cell, list) {
        let Some(key) = schema_key("contexts", cell, entity) else { continue };
        let data = member(cell, entity, "data").slice(cell);
        match entities.iter_mut().find(|(known, _)| *known == key) {
            Some((_, of_schema)) => of_schema.push(data),
            None => entities.push((key, vec![data])),
        }
    }
    // A column without a readable list is copied, so that the decoder finds it broken.
    if list.is_null_or_missing() && entities.len() == before {
        entities.push(("contexts".to_owned(), vec![cell]));
    }
}

/// `contexts_com_acme_organization_1` for `iglu:com.acme/Organization/jsonschema/1-0-2`; none
/// without such a schema or without data.
///
/// **Source**: the key names of Snowplow's analytics SDKs.
fn schema_key(prefix: &str, cell: &str, of: JsonSpan) -> Option<String> {
    if member(cell, of, "data").is_null_or_missing() {
        return None;
    }
    let schema = member(cell, of, "schema").text(cell)?;
    schema_name(&schema).map(|name| format!("{prefix}_{name}"))
}

/// `com_acme_organization_1` for `iglu:com.acme/Organization/jsonschema/1-0-2`; none if the text is
/// not such a schema.
pub(super) fn schema_name(schema: &str) -> Option<String> {
    let mut parts = schema.strip_prefix("iglu:")?.split('/');
    let (vendor, name, _, version) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let major = version.split('-').next()?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if ![vendor, name, major].into_iter().all(plain) {
        return None;
    }
    let mut key = format!("{}_", vendor.replace(['.', '-'], "_").to_lowercase());
    let mut before = '_';
    for character in name.chars() {
        if character.is_ascii_uppercase() && before != '_' && !before.is_ascii_uppercase() {
            key.push('_');
        }
        key.push(if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' });
        before = character;
    }
    let _ = write!(key, "_{major}");
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> WantedColumns {
        WantedColumns::new(|_| true)
    }

    fn row(cells: &[(&str, &str)]) -> String {
        let cell = |name: &&str| cells.iter().find(|(known, _)| known == name).map_or("", |(_, cell)| *cell);
        COLUMNS.iter().map(cell).collect::<Vec<&str>>().join("\t")
    }

    #[test]
    fn a_row_becomes_the_object_of_the_analytics_sdk() {
        let unstruct = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.acme-corp/reportExported/jsonschema/2-0-1","data":{"format":"csv"}}}"#;
        let contexts = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[{"schema":"iglu:com.acme/organization/jsonschema/1-0-0","data":{"id":"a"}},{"schema":"iglu:com.acme/organization/jsonschema/1-0-1","data":{"id":"b"}}]}"#;
        let row = row(&[
            ("event_id", "7b1e"),
            ("user_id", "say \"hi\"\\"),
            ("dvce_ismobile", "1"),
            ("unstruct_event", unstruct),
            ("contexts", contexts),
        ]) + "\r";
        let mut out = String::new();
        assert!(write_object(&row, &all(), &mut out));
        let object: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let expected = serde_json::json!({
            "event_id": "7b1e",
            "user_id": "say \"hi\"\\",
            "dvce_ismobile": true,
            "unstruct_event_com_acme_corp_report_exported_2": { "format": "csv" },
            "contexts_com_acme_organization_1": [{ "id": "a" }, { "id": "b" }],
        });
        assert_eq!(object, expected);
        assert!(!write_object(&row[1..].replacen('\t', "", 1), &all(), &mut out), "a row with a column less");
    }

    #[test]
    fn what_is_no_json_in_a_row_is_not_json_after_it() {
        for broken in ["{", "{\"data\":", "nonsense", "{\"schema\":\"iglu:a/b/jsonschema/1-0-0\",\"data\":{\"schema\":"]
        {
            for column in ["unstruct_event", "contexts"] {
                let mut out = String::new();
                assert!(write_object(
                    &row(&[("event_id", "1"), (column, broken)]),
                    &WantedColumns::new(|_| false),
                    &mut out
                ));
                assert!(serde_json::from_str::<serde_json::Value>(&out).is_err(), "{column} {broken}: {out}");
            }
        }
    }
}
