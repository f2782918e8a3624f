//! Tables with the fields of a vendor's lines as columns, as warehouses and loaders hand them out.

use super::{columns, folder_with, score};

/// A table of one event, the group type of the account, and the title of the format.
const TABLES: [(&str, &str, &str); 11] = [
    (
        r#"type,event,messageId,userId,anonymousId,timestamp,properties,context
track,Report Exported,m1,u-1,a-1,2026-03-02T09:14:07.622Z,"{""format"":""csv""}","{""groupId"":""acme"",""traits"":{""role"":""vp""}}""#,
        "",
        "Segment calls",
    ),
    (
        r#"type,event,messageId,userId,rudderId,originalTimestamp,properties,context
track,Report Exported,m1,u-1,r,2026-03-02T09:14:07.622Z,"{""format"":""csv""}","{""groupId"":""acme"",""traits"":{""role"":""vp""}}""#,
        "",
        "RudderStack calls",
    ),
    (
        r#"id,received_at,event,event_text,user_id,anonymous_id,context_group_id,timestamp,format,role
m1,2026-03-02 09:14:08,report_exported,Report Exported,u-1,a-1,acme,2026-03-02 09:14:07.622,csv,vp"#,
        "",
        "native lines",
    ),
    (
        r#"ID,RECEIVED_AT,EVENT,USER_ID,CONTEXT_GROUP_ID,TIMESTAMP,FORMAT,ROLE
m1,2026-03-02 09:14:08,report_exported,u-1,acme,2026-03-02 09:14:07.622,csv,vp"#,
        "",
        "native lines",
    ),
    (
        r#"$insert_id,amplitude_id,device_id,event_properties,event_time,event_type,groups,user_id,user_properties
5e1f,4400123,d-1,"{""format"":""csv""}",2026-03-02 09:14:07.622000,Report Exported,"{""org id"":[""acme""]}",u-1,"{""role"":""vp""}""#,
        "",
        "an Amplitude export",
    ),
    (
        r#"_INSERT_ID,AMPLITUDE_ID,DEVICE_ID,EVENT_PROPERTIES,EVENT_TIME,EVENT_TYPE,GROUPS,USER_ID,USER_PROPERTIES
5e1f,4400123,d-1,"{""format"":""csv""}",2026-03-02T09:14:07.622,Report Exported,"{""org id"":[""acme""]}",u-1,"{""role"":""vp""}""#,
        "",
        "an Amplitude export",
    ),
    (
        r#"event,properties
Report Exported,"{""time"":1772442847,""distinct_id"":""u-1"",""$user_id"":""u-1"",""$insert_id"":""k3"",""format"":""csv"",""company_id"":[""acme""],""role"":""vp""}""#,
        "company_id",
        "Mixpanel's raw export",
    ),
    (
        r#"event_name,distinct_id,device_id,user_id,insert_id,time,properties
Report Exported,u-1,d-1,u-1,k3,2026-03-02 09:14:07,"{""format"":""csv"",""company_id"":""acme"",""role"":""vp""}""#,
        "company_id",
        "Mixpanel's JSON pipeline",
    ),
    (
        r#"uuid,event,distinct_id,person_id,properties,person_properties,timestamp,created_at
0195,report exported,u-1,9d1c,"{""$device_id"":""d"",""$groups"":{""organization"":""acme""},""format"":""csv""}","{""role"":""vp""}",2026-03-02 09:14:07.622000+00:00,2026-03-02 09:14:08"#,
        "",
        "a PostHog batch export",
    ),
    (
        r#"event_date,event_timestamp,event_name,event_params,user_id,user_pseudo_id,user_properties
20260302,1772442847622000,report_exported,"[{""key"":""format"",""value"":{""string_value"":""csv""}},{""key"":""org"",""value"":{""string_value"":""acme""}}]",u-1,18.1,"[{""key"":""role"",""value"":{""string_value"":""vp""}}]""#,
        "org",
        "a GA4 export from BigQuery",
    ),
    (
        r#"collector_tstamp,derived_tstamp,event,event_id,event_name,user_id,domain_userid,unstruct_event_com_acme_report_exported_1,contexts_com_acme_organization_1
2026-03-02 09:14:08.402,2026-03-02 09:14:07.622,unstruct,7b,report_exported,u-1,d,"{""format"":""csv"",""role"":""vp""}","[{""id"":""acme""}]""#,
        "com_acme_organization_1",
        "Snowplow's enriched events as JSON",
    ),
];

#[test]
fn a_table_of_a_vendors_fields_is_read_as_its_lines_are() {
    for (table, group_type, title) in TABLES {
        let input = format!("[input]\ngroup_type = \"{group_type}\"\n");
        let folder = folder_with(if group_type.is_empty() { "" } else { &input }, table);
        let outcome = score(&folder, "");
        assert!(outcome.stderr.contains(&format!("read as {title}")), "{title}: {outcome:?}");
        let found = columns(&folder, "out/users.csv", &["user_id", "account_id", "formats", "role", "first_seen"]);
        assert_eq!(found[0][..4], ["u-1", "acme", "csv", "vp"], "{title}");
        assert!(found[0][4].starts_with("2026-03-02T09:14:07"), "{title}: {found:?}");
    }
}

#[test]
fn names_in_capitals_that_the_model_names_stay_as_they_are() {
    let table = "EVENT,WHO,TIMESTAMP\na,u-1,2026-03-02 09:14:07\n";
    let folder = folder_with("[input]\nfields = { user = \"WHO\", event = \"EVENT\", time = \"TIMESTAMP\" }\n", table);
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events"]), [["u-1", "1"]]);
}
