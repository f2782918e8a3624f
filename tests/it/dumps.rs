//! Five dumps of products that do not exist, each in a layout of its own: thirty names of events, forty users, ten accounts, ninety days.
//!
//! Everything is decided by numbers that follow from each other, so the dumps are the same in every run.

use serde_json::{Map, Value as Json, json};

/// A product and what its people do.
pub(crate) struct Dump {
    pub(crate) name: &'static str,
    /// The name of its file.
    pub(crate) file: &'static str,
    /// The fields of time, user, account, name and id.
    pub(crate) fields: [&'static str; 5],
    /// The names of events, with how many of a hundred users ever do it, and how often.
    events: &'static [(&'static str, u32, u32)],
    write: fn(&[DumpEvent]) -> String,
}

/// One event before it is written.
pub(crate) struct DumpEvent {
    number: u32,
    name: &'static str,
    /// Minutes from the beginning.
    minute: u32,
    user: u32,
}

impl DumpEvent {
    fn account(&self) -> u32 {
        self.user % 10
    }

    /// `2026-07-01T09:30:00Z` and later.
    fn time(&self) -> String {
        let (day, minute) = (self.minute / 1440, self.minute % 1440);
        let (month, day) = if day < 31 {
            (7, day + 1)
        } else if day < 62 {
            (8, day - 30)
        } else {
            (9, day - 61)
        };
        format!("2026-{month:02}-{day:02}T{:02}:{:02}:00Z", minute / 60, minute % 60)
    }
}

/// The next of numbers that look like chance.
fn next(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 8
}

impl Dump {
    /// The text of its file.
    pub(crate) fn text(&self) -> String {
        (self.write)(&self.happenings())
    }

    fn happenings(&self) -> Vec<DumpEvent> {
        let mut state = self.name.len() as u32;
        let mut all = Vec::new();
        for user in 0..40 {
            for (place, (name, share, times)) in self.events.iter().enumerate() {
                if (user * 37 + place as u32 * 11) % 100 >= *share {
                    continue;
                }
                for _ in 0..=next(&mut state) % times {
                    // Sign-up comes first, the rest is spread.
                    let minute =
                        if place == 0 { user * 700 } else { user * 700 + 30 + next(&mut state) % (90 * 1440 - 29_000) };
                    all.push(DumpEvent { number: 0, name, minute, user });
                }
            }
        }
        all.sort_by_key(|event| (event.minute, event.user, event.name));
        all.iter_mut().zip(0..).for_each(|(event, number)| event.number = number);
        all
    }
}

fn pick(user: u32, of: [&str; 3]) -> &str {
    of[user as usize % 3]
}

fn lines(events: &[DumpEvent], line: fn(&DumpEvent) -> Json) -> String {
    events.iter().map(|event| format!("{}\n", line(event))).collect()
}

/// SaaS analytics: NDJSON, nested fields in camelCase.
fn analytics(event: &DumpEvent) -> Json {
    json!({
        "eventName": event.name, "occurredAt": event.time(), "ingestedAt": "2026-10-01T03:00:00Z", "eventUuid": format!("0d7a1c2e-0000-4000-8000-{:012}", event.number),
        "actor": {"memberId": format!("mem_{}", event.user), "jobTitle": pick(event.user, ["Analyst", "VP Data", "Engineer"])},
        "organization": {"id": format!("org_{}", event.account())},
        "data": {"dashboardId": format!("d{}", event.number % 25), "rows": event.number % 1000, "jobTitle": pick(event.user, ["Analyst", "VP Data", "Engineer"])}
    })
}

/// A developer API: a table of a warehouse, columns in upper case.
fn developer(events: &[DumpEvent]) -> String {
    let row = |event: &DumpEvent| {
        let DumpEvent { number, name, user, .. } = event;
        let status = if number % 9 == 0 { 500 } else { 200 };
        let company = event.account();
        format!(
            "req-{number},{name},{},DEV{user:04},T{company},{status},v{},2026-10-01 02:00:00\n",
            event.time(),
            number % 3
        )
    };
    let header = "REQUEST_UUID,ACTION_NAME,CREATED_AT,DEVELOPER_ID,TENANT_ID,STATUS,SDK_VERSION,_LOADED_AT\n";
    [header.to_owned()].into_iter().chain(events.iter().map(row)).collect()
}

/// Collaborative design: one list of objects.
fn design(event: &DumpEvent) -> Json {
    json!({
        "id": 900_000 + event.number, "action": event.name, "ts": 1_782_896_400 + event.minute * 60, "designer_id": event.user + 70, "workspace_id": format!("ws-{}", event.account()),
        "board_id": event.number % 17, "plan": "free", "role": pick(event.user, ["designer", "Head of Design", "pm"])
    })
}

/// E-learning: records in the envelope of a connector.
fn learning(event: &DumpEvent) -> Json {
    let record = json!({
        "activity": event.name, "happened_at": event.time(), "learner_id": format!("L{}", event.user), "school_id": format!("S{}", event.account()),
        "activity_id": format!("a{}", event.number), "details": {"course": format!("c{}", event.number % 12), "minutes": event.number % 50}
    });
    json!({"_airbyte_raw_id": format!("raw{}", event.number), "_airbyte_extracted_at": 1_790_000_000_000_u64 + u64::from(event.number / 500), "_airbyte_meta": {}, "_airbyte_data": record})
}

/// Bookkeeping: lines as Segment writes them.
fn bookkeeping(event: &DumpEvent) -> Json {
    let mut properties = Map::new();
    properties.insert("documents".to_owned(), json!(event.number % 7));
    json!({
        "type": "track", "event": event.name, "messageId": format!("ajs-{}", event.number), "timestamp": event.time(), "receivedAt": "2026-10-01T00:00:00Z",
        "userId": format!("u{}", event.user), "anonymousId": format!("v{}", event.user), "context": {"groupId": format!("firm{}", event.account())}, "properties": properties
    })
}

pub(crate) const DUMPS: [Dump; 5] = [
    Dump {
        name: "analytics",
        file: "analytics.ndjson",
        fields: ["occurredAt", "actor.memberId", "organization.id", "eventName", "eventUuid"],
        events: &[
            ("User Signed Up", 100, 1),
            ("Onboarding Completed", 80, 1),
            ("Dashboard Created", 75, 6),
            ("Dashboard Viewed", 95, 20),
            ("Dashboard Shared", 40, 4),
            ("Query Run", 90, 25),
            ("Query Saved", 50, 6),
            ("Alert Configured", 30, 3),
            ("Data Source Connected", 60, 3),
            ("Slack Integration Enabled", 25, 1),
            ("Report Exported", 45, 5),
            ("Teammate Invited", 50, 5),
            ("Invitation Accepted", 30, 1),
            ("Plans Page Viewed", 35, 4),
            ("Upgrade Button Clicked", 20, 2),
            ("Subscription Started", 10, 1),
            ("Row Limit Reached", 25, 3),
            ("SSO Settings Viewed", 12, 2),
            ("Audit Log Requested", 8, 1),
            ("Billing Ticket Opened", 9, 1),
            ("Chart Pinned", 40, 5),
            ("Comment Added", 55, 9),
            ("Filter Applied", 70, 12),
            ("Segment Built", 45, 4),
            ("Funnel Built", 35, 4),
            ("Cohort Built", 30, 3),
            ("Login", 100, 20),
            ("Password Reset", 8, 1),
            ("Weekly Digest Email Sent", 90, 8),
            ("Help Article Read", 30, 3),
        ],
        write: |events| lines(events, analytics),
    },
    Dump {
        name: "developer",
        file: "developer.csv",
        fields: ["CREATED_AT", "DEVELOPER_ID", "TENANT_ID", "ACTION_NAME", "REQUEST_UUID"],
        events: &[
            ("account_created", 100, 1),
            ("first_api_key_created", 85, 1),
            ("api_request", 90, 40),
            ("webhook_created", 40, 2),
            ("webhook_failed", 20, 4),
            ("sandbox_call", 80, 15),
            ("docs_viewed", 95, 10),
            ("quickstart_finished", 60, 1),
            ("team_member_invited", 35, 4),
            ("rate_limit_exceeded", 30, 5),
            ("pricing_viewed", 30, 3),
            ("checkout_started", 18, 2),
            ("checkout_completed", 9, 1),
            ("plan_upgraded", 8, 1),
            ("invoice_question_sent", 7, 1),
            ("saml_setup_viewed", 9, 2),
            ("logs_exported", 25, 3),
            ("key_rotated", 30, 3),
            ("deployment_created", 70, 9),
            ("deployment_promoted", 45, 6),
            ("build_failed", 50, 8),
            ("build_succeeded", 65, 12),
            ("environment_created", 50, 3),
            ("function_deployed", 60, 8),
            ("domain_added", 35, 2),
            ("secret_added", 40, 4),
            ("cli_login", 90, 15),
            ("password_changed", 10, 1),
            ("usage_email_sent", 80, 6),
            ("status_page_viewed", 15, 2),
        ],
        write: developer,
    },
    Dump {
        name: "design",
        file: "design.json",
        fields: ["ts", "designer_id", "workspace_id", "action", "id"],
        events: &[
            ("signup", 100, 1),
            ("board.created", 85, 5),
            ("board.opened", 95, 25),
            ("board.shared_externally", 30, 3),
            ("board.exported", 40, 4),
            ("shape.drawn", 90, 40),
            ("sticky.added", 85, 20),
            ("comment.posted", 70, 10),
            ("template.used", 60, 4),
            ("library.published", 20, 2),
            ("member.invited", 55, 5),
            ("member.joined", 30, 1),
            ("cursor.followed", 40, 5),
            ("prototype.played", 45, 5),
            ("version.restored", 15, 2),
            ("plugin.installed", 35, 3),
            ("integration.connected", 20, 2),
            ("limit.boards_reached", 30, 3),
            ("plans.viewed", 35, 4),
            ("checkout.abandoned", 12, 1),
            ("checkout.started", 15, 2),
            ("subscription.created", 8, 1),
            ("scim.requested", 7, 1),
            ("support.billing_question", 6, 1),
            ("tour.completed", 65, 1),
            ("login", 100, 20),
            ("avatar.changed", 20, 1),
            ("mail.delivered", 90, 6),
            ("search.performed", 50, 6),
            ("vote.started", 25, 3),
        ],
        write: |events| serde_json::to_string(&events.iter().map(design).collect::<Vec<Json>>()).expect("JSON"),
    },
    Dump {
        name: "learning",
        file: "learning.ndjson",
        fields: [
            "_airbyte_data.happened_at",
            "_airbyte_data.learner_id",
            "_airbyte_data.school_id",
            "_airbyte_data.activity",
            "_airbyte_data.activity_id",
        ],
        events: &[
            ("Registered", 100, 1),
            ("Profile Setup Finished", 75, 1),
            ("Course Started", 90, 4),
            ("Course Completed", 50, 3),
            ("Lesson Watched", 95, 30),
            ("Quiz Submitted", 70, 12),
            ("Quiz Passed", 60, 8),
            ("Certificate Downloaded", 30, 2),
            ("Certificate Shared", 25, 2),
            ("Classmate Invited", 35, 4),
            ("Discussion Posted", 45, 6),
            ("Note Taken", 55, 10),
            ("Bookmark Added", 50, 6),
            ("Playlist Created", 30, 3),
            ("Instructor Followed", 25, 2),
            ("Search Performed", 70, 8),
            ("Pricing Page Visited", 30, 3),
            ("Seat Limit Hit", 20, 2),
            ("Upgrade Started", 14, 2),
            ("Plan Purchased", 8, 1),
            ("LMS Integration Installed", 15, 1),
            ("API Token Used", 12, 5),
            ("SSO Question Asked", 6, 1),
            ("Invoice Support Requested", 6, 1),
            ("Progress Report Exported", 25, 3),
            ("Reminder Email Opened", 70, 6),
            ("Logged In", 100, 20),
            ("App Opened", 90, 20),
            ("Live Session Joined", 35, 4),
            ("Goal Set", 40, 2),
        ],
        write: |events| lines(events, learning),
    },
    Dump {
        name: "bookkeeping",
        file: "bookkeeping.ndjson",
        fields: ["timestamp", "userId", "context.groupId", "event", "messageId"],
        events: &[
            ("Account Registered", 100, 1),
            ("Bank Account Connected", 70, 2),
            ("Invoice Created", 90, 20),
            ("Invoice Sent", 85, 18),
            ("Invoice Paid", 60, 10),
            ("Receipt Uploaded", 80, 20),
            ("Receipt Matched", 70, 14),
            ("Expense Categorised", 75, 20),
            ("Report Generated", 50, 5),
            ("Tax Return Exported", 30, 2),
            ("Accountant Invited", 40, 2),
            ("Colleague Invited", 30, 3),
            ("Report Shared With Accountant", 25, 2),
            ("Setup Checklist Completed", 60, 1),
            ("Rule Created", 35, 3),
            ("Payroll Run", 20, 3),
            ("Customer Added", 60, 8),
            ("Supplier Added", 50, 6),
            ("Document Quota Reached", 20, 2),
            ("Pricing Opened", 25, 3),
            ("Upgrade Initiated", 12, 2),
            ("Subscription Activated", 8, 1),
            ("Billing Help Requested", 6, 1),
            ("Audit Trail Requested", 7, 1),
            ("Reminder Mail Sent", 60, 5),
            ("Signed In", 100, 20),
            ("Period Closed", 40, 3),
            ("VAT Calculated", 45, 4),
            ("Statement Imported", 55, 6),
            ("Currency Changed", 10, 1),
        ],
        write: |events| lines(events, bookkeeping),
    },
];
