//! The schema of a model, table by table.

use serde_json::{Value as Json, json};

use super::{
    choice, days, duration, name, name_keyed_table, number, one_or_more,
    outcomes::{outcome, outcomes},
    refer, schema, table, tables, text, texts, truth, whole,
};
use crate::{ModelKeywords, model_keywords};

/// The schema of a model.
pub fn model() -> Json {
    let words = model_keywords();
    let root = table(
        "A scoring model of pql",
        &["schema"],
        vec![
            ("schema", json!({ "const": 1, "description": "version of this format" })),
            ("name", text("appears in the record of every run")),
            ("time_zone", text("IANA name of the zone that cuts days and weeks; default UTC")),
            ("week_start", choice("first day of a week; default monday", &words.weekdays)),
            ("start_event", text("the age of an entity counts from here; default signup_completed")),
            ("input", refer("input")),
            ("identity", refer("identity")),
            ("activity", refer("activity")),
            ("check", refer("check")),
            ("expect", tables("what a run must look like", "expectation")),
            ("holdout", refer("holdout")),
            ("outcomes", refer("outcomes")),
            ("events", events()),
            ("metrics", name_keyed_table("values folded from the events of one user or one account", refer("metric"))),
            ("user", refer("user")),
            ("account", refer("account")),
            ("output", refer("output")),
            ("report", refer("report")),
        ],
    );
    let definitions = vec![
        ("input", input(&words)),
        ("identity", identity()),
        (
            "activity",
            table(
                "what is no use of the product",
                &[],
                vec![
                    ("ignore", texts("events that are no activity")),
                    (
                        "ignore_noise",
                        truth("whether what a vendor's own code sends by itself is no activity; default true"),
                    ),
                ],
            ),
        ),
        ("check", check()),
        ("ignored", ignored()),
        ("expectation", expectation(&words)),
        ("holdout", holdout()),
        ("outcomes", outcomes(&words)),
        ("outcome", outcome()),
        ("event", event()),
        ("trait", traits(&words)),
        ("metric", metric(&words)),
        ("rollup", rollup(&words)),
        ("user", level(true)),
        ("account", level(false)),
        ("signal", signal()),
        ("rung", rung()),
        ("decay", decay()),
        ("bounds", bounds()),
        ("tier", tier()),
        ("milestone", milestone()),
        ("suppression", suppression()),
        ("segment", segment()),
        ("route", route(&words)),
        ("alert", alert(&words)),
        ("member", member()),
        ("output", output()),
        ("list", list(&words)),
        ("report", report()),
    ];
    schema("pql model", root, definitions)
}

fn input(words: &ModelKeywords) -> Json {
    let own = || -> Vec<(&str, Json)> {
        let path =
            "a path with dots, or several of which the first that holds anything counts; `.` is the record itself";
        words.fields.iter().map(|field| (*field, one_or_more(path))).collect()
    };
    let mut fields = own();
    let formats = words.formats.iter().filter(|format| **format != "auto");
    fields.extend(formats.map(|format| (*format, table("the same in files of this format", &[], own()))));
    table(
        "how a record becomes an event",
        &[],
        vec![
            ("format", choice("the format of events; default auto", &words.formats)),
            ("fields", table("where the parts of an event are, if not in the format's own place", &[], fields)),
            ("group_type", text("which of several group types is the account")),
            ("time_zone", text("IANA name of the zone of times written without one; default UTC")),
            ("dedupe", truth("whether an event that was delivered twice counts once; default true")),
        ],
    )
}

fn identity() -> Json {
    table(
        "who is who",
        &[],
        vec![
            (
                "email_domain",
                truth("users without an account belong to the account of their e-mail's domain; default true"),
            ),
            ("free_mail", texts("domains that make no account, beside the built-in ones")),
            ("exclude_domains", texts("domains of internal users, who are set aside")),
            ("exclude_users", texts("ids of internal users; * is any text")),
            ("service_users", texts("ids of machines; what they do is nobody's activity")),
        ],
    )
}

fn check() -> Json {
    table("what `pql check` is told", &[], vec![("ignore", tables("warnings that are meant", "ignored"))])
}

fn ignored() -> Json {
    table(
        "a warning that is meant",
        &["code", "because"],
        vec![
            (
                "code",
                json!({ "type": "string", "pattern": "^M[0-9]{3}$", "description": "its code; `pql rule --all` lists them" }),
            ),
            ("because", json!({ "type": "string", "pattern": "[^ ]", "description": "why what it warns of is meant" })),
            ("name", text("only where it is about the entry of this name")),
        ],
    )
}

fn report() -> Json {
    let share = json!({ "type": "number", "minimum": 0, "maximum": 1 });
    let what = "the usual share of those who come from one moment to the next; default 0.3 to 0.6";
    let band = json!({ "type": "array", "items": share, "minItems": 2, "maxItems": 2, "description": what });
    table(
        "what is shown of a run beside its rows",
        &[],
        vec![("moments", texts("milestones as a chain of success moments; default setup, aha, habit")), ("band", band)],
    )
}

fn expectation(words: &ModelKeywords) -> Json {
    table(
        "a condition that a run must meet",
        &["that"],
        vec![
            ("that", text("over the numbers of the run, such as `stale_hours <= 36`")),
            (
                "otherwise",
                choice(
                    "whether the run fails without a result or goes on with a warning; default fail",
                    &words.unmet_actions,
                ),
            ),
            ("say", text("what it means if it is not met, for people")),
        ],
    )
}

fn holdout() -> Json {
    let share = json!({
        "type": "string",
        "pattern": "^[0-9]{1,2}(\\.[0-9]{1,4})?%$",
        "description": "the share of accounts, such as 5%",
    });
    table(
        "accounts that sales leaves alone, where conditions ask `not holdout`",
        &["share"],
        vec![("share", share), ("salt", text("another text holds out other accounts; default empty"))],
    )
}

fn events() -> Json {
    json!({
        "type": "object",
        "description": "the tracking plan, and names for filtered events",
        "additionalProperties": refer("event"),
    })
}

fn event() -> Json {
    table(
        "an event",
        &[],
        vec![
            ("event", one_or_more("the events that this name stands for; without it, the event of this name")),
            ("where", text("a condition over the event's properties")),
            ("properties", texts("properties that it should have")),
        ],
    )
}

fn traits(words: &ModelKeywords) -> Json {
    table(
        "what is known of an entity beside its events",
        &["type"],
        vec![
            ("type", choice("its type", &words.types)),
            (
                "format",
                choice("how its numbers or dates are written, if not as 1234.5 or 2026-01-31", &words.value_formats),
            ),
            ("from", one_or_more("names to look under, the first that is known counts; default its own name")),
            ("pick", choice("which of several values counts; default last", &["last", "first"])),
            ("event", one_or_more("take it from the properties of these events only")),
        ],
    )
}

fn metric(words: &ModelKeywords) -> Json {
    let mut metric = table(
        "a value folded from events",
        &["measure"],
        vec![
            ("measure", choice("what is measured", &words.measures)),
            ("event", one_or_more("events that count; without it, any activity")),
            ("where", text("a condition over the event's properties")),
            (
                "last",
                json!({
                    "description": "the window: the last days (28d, 4w), or month",
                    "anyOf": [{ "const": "month" }, days("whole days or weeks")],
                }),
            ),
            ("ago", days("moves the window of `last` back")),
            ("first", days("the window: the first days of the entity")),
            ("value", text("an expression over the event's properties, usually a name")),
            ("key", text("a property; `sum_latest` takes the last value of each of its values")),
            ("type", choice("the type of the value of earliest and latest; default text", &words.types)),
            ("k", whole("how many values `top` names; default 1", 1, 1000)),
            ("from", one_or_more("events that begin something")),
            ("to", one_or_more("events that end it")),
            ("unit", choice("the unit of `elapsed`; default h", &words.units)),
            ("timeout", duration("after so long without `to` it counts as open")),
            ("same", text("a property in which `from` and `to` agree")),
            ("by", choice("what a week is worth; default count", &words.weekly)),
            ("recent", whole("weeks that are compared; default 2", 1, 12)),
            ("base", whole("weeks before them; default 4", 1, 12)),
            ("min_base", number("below this mean of the base weeks the trend is null; default 1")),
        ],
    );
    let needs = |measures: &[&str], keys: &[&str]| json!({ "if": { "properties": { "measure": { "enum": measures } }, "required": ["measure"] }, "then": { "required": keys } });
    metric["allOf"] = json!([
        needs(&["distinct", "sum", "min", "max", "avg", "earliest", "latest", "top"], &["value"]),
        needs(&["sum_latest"], &["key", "value"]),
        needs(&["elapsed", "open"], &["from", "to"]),
        needs(&["open"], &["timeout"]),
    ]);
    metric
}

fn rollup(words: &ModelKeywords) -> Json {
    table(
        "something gathered over the members of an account",
        &["measure"],
        vec![
            ("measure", choice("how it gathers", &words.rollups)),
            ("value", text("an expression over the facts of users")),
            ("where", text("a condition over the facts of users: which members count")),
            ("k", whole("how many `top_sum` adds; default 1", 1, 1_000_000)),
        ],
    )
}

/// The table `[user]` or `[account]`.
fn level(users: bool) -> Json {
    let mut keys = vec![
        ("traits", name_keyed_table("what is known beside events", refer("trait"))),
        ("facts", name_keyed_table("named expressions over facts", text("an expression over facts"))),
    ];
    if users {
        keys.push(("champion", text("a condition: who may be an account's champion; default anybody")));
        keys.push(("buyer", text("a condition: who decides")));
    } else {
        keys.push(("rollups", name_keyed_table("gathered over the members, by their facts", refer("rollup"))));
        keys.push(("segments", tables("kinds of account; the first that holds", "segment")));
    }
    keys.extend([
        ("signals", tables("conditions over facts that pay points, or take them", "signal")),
        ("categories", name_keyed_table("bounds on what categories of signals give", refer("bounds"))),
        ("score", refer("bounds")),
        ("tiers", tables("bands of the score, from the top; the first that holds", "tier")),
        ("milestones", tables("states reached at an instant", "milestone")),
        ("routes", tables("what happens next; the first that holds", "route")),
        ("alerts", tables("what a person should act on today; fired by runs with a record", "alert")),
        ("suppress", tables("whom to leave out of qualified counts and lists; the first that holds", "suppression")),
    ]);
    table(if users { "people" } else { "accounts" }, &[], keys)
}

fn signal() -> Json {
    let mut signal = table(
        "a condition that pays points: `when` and `points`; `value` and `ladder`; `per` and `points`; or a count of an `event`",
        &["name"],
        vec![
            ("name", name("its name, unique among the signals of the level")),
            ("category", name("the group whose bounds it shares; default other")),
            ("exclusive", name("of the signals of one group only the first that fires pays")),
            ("when", text("a condition over facts; beside the other forms a further one")),
            ("points", number("what it pays; at most three decimals")),
            ("value", text("a number over facts, for the ladder")),
            (
                "ladder",
                json!({ "type": "array", "minItems": 1, "items": refer("rung"), "description": "thresholds that rise; the highest reached pays" }),
            ),
            ("per", text("a number over facts; each of it pays the points")),
            ("max", number("bounds the amount of `per` without its sign")),
            ("event", one_or_more("events that are counted")),
            ("where", text("a condition over the event's properties")),
            (
                "last",
                json!({
                    "description": "count the last days (28d, 4w), or month",
                    "anyOf": [{ "const": "month" }, days("whole days or weeks")],
                }),
            ),
            ("first", days("count the first days of the entity")),
            ("at_least", number("how many events it takes; default 1")),
            ("decay", refer("decay")),
            ("say", text("the sentence that a seller sees; {fact|fallback} is filled in")),
        ],
    );
    signal["anyOf"] = json!([
        { "required": ["when", "points"] },
        { "required": ["value", "ladder"] },
        { "required": ["per", "points"] },
        { "required": ["event"] },
    ]);
    signal
}

fn rung() -> Json {
    let keys = vec![
        ("at_least", number("reached from here on")),
        ("above", number("reached beyond this")),
        ("points", number("what it pays")),
    ];
    let mut rung = table("a rung of a ladder", &["points"], keys);
    rung["oneOf"] = json!([{ "required": ["at_least"] }, { "required": ["above"] }]);
    rung
}

fn decay() -> Json {
    let keys = vec![
        ("since", text("days, a number over facts")),
        (
            "half_life_days",
            json!({ "type": "number", "exclusiveMinimum": 0, "description": "the points halve in this number of days" }),
        ),
        (
            "linear_days",
            json!({ "type": "number", "exclusiveMinimum": 0, "description": "the points fall to 0 in this number of days" }),
        ),
    ];
    let mut decay = table("how points fall with time", &["since"], keys);
    decay["oneOf"] = json!([{ "required": ["half_life_days"] }, { "required": ["linear_days"] }]);
    decay
}

fn bounds() -> Json {
    table("what a sum may be", &[], vec![("min", number("at least")), ("max", number("at most"))])
}

fn tier() -> Json {
    table(
        "a band of the score; the last has no condition",
        &["name"],
        vec![
            ("name", name("its name")),
            ("label", text("for people")),
            ("at_least", number("from this score on")),
            ("above", number("beyond this score")),
            ("stay_at_least", number("from this score on, for whoever was in the tier or above it at the run before")),
            ("stay_above", number("beyond this score, for whoever was in the tier or above it at the run before")),
            ("when", text("a further condition over facts")),
            ("qualified", truth("whether it makes a PQL, or PQA")),
        ],
    )
}

fn milestone() -> Json {
    table(
        "a state reached at an instant: an `event`, as often as `times` says; `steps` in order; or `all` of other milestones",
        &["name"],
        vec![
            ("name", name("its name, a fact")),
            ("event", one_or_more("events that count; without it, any activity")),
            ("where", text("a condition over the event's properties")),
            ("times", whole("how often; default 1", 1, 1_000_000)),
            ("count_by", choice("what is counted; default events", &["events", "days"])),
            (
                "steps",
                json!({ "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 8, "description": "events in order" }),
            ),
            ("same", text("a property in which all steps agree")),
            ("different_users", truth("no user takes two steps")),
            (
                "all",
                json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "description": "other milestones" }),
            ),
            ("within", duration("the time from the first event or step to the last")),
            ("deadline", duration("the time from the start of the user or account; what comes later does not count")),
            ("min_users", whole("of accounts: how many users must each get there alone", 1, 1_000_000)),
            ("together", duration("the time from the first of the `min_users` to the last")),
            ("who", text("a condition over traits: which users count towards `min_users`")),
            ("target", duration("time to value that is aimed at, for the median")),
        ],
    )
}

fn segment() -> Json {
    let keys = vec![("name", name("its name")), ("when", text("a condition over facts; without it, whatever is left"))];
    table("a kind of account", &["name"], keys)
}

fn suppression() -> Json {
    let keys =
        vec![("name", name("its name, shown in the column `suppressed`")), ("when", text("a condition over facts"))];
    table("a reason to leave somebody out of lists", &["name", "when"], keys)
}

fn route(words: &ModelKeywords) -> Json {
    table(
        "what happens next; the last has no condition",
        &["name"],
        vec![
            ("name", name("its name")),
            ("motion", choice("who acts", &words.motions)),
            ("to", text("to whom it goes; {fact|fallback} is filled in")),
            ("pool", pool()),
            ("away", texts("members of the pool who get nothing new")),
            ("action", text("what to do; {fact|fallback} is filled in")),
            ("sla_hours", number("how soon, in hours")),
            ("when", text("a condition over facts")),
            ("because", text("why, for the seller; {fact|fallback} is filled in")),
            ("message", text("a first draft to the person; {fact|fallback} is filled in")),
        ],
    )
}

fn alert(words: &ModelKeywords) -> Json {
    table(
        "what a person should act on today; due where the condition holds and did not at the run before",
        &["name", "when"],
        vec![
            ("name", name("its name")),
            ("when", text("a condition over all facts")),
            ("cooldown", days("the days after which it may fire again for the same entity")),
            ("limit", whole("the most that fire in one run", 1, 1_000_000_000)),
            ("limit_each", whole("the most that one member of the pool gets in one run", 1, 1_000_000_000)),
            ("expires", days("the days after which what waits is dropped")),
            (
                "order",
                texts(
                    "who fires first: columns or facts, the largest and latest first; default score, last_seen; waiting_days may stand first",
                ),
            ),
            ("to", text("to whom it goes; {fact|fallback} is filled in")),
            ("pool", pool()),
            ("away", texts("members of the pool who get nothing new")),
            ("message", text("what they read; {fact|fallback} is filled in")),
            (
                "existing",
                choice(
                    "whether those for whom a new alert holds already are noted or due; default note",
                    &words.existing,
                ),
            ),
        ],
    )
}

/// The people among whom accounts are shared out.
fn pool() -> Json {
    let member = json!({ "anyOf": [text("a name, of weight 1"), refer("member")] });
    json!({
        "type": "array",
        "minItems": 1,
        "maxItems": 1000,
        "items": member,
        "description": "people among whom accounts are shared out, if `to` names nobody",
    })
}

fn member() -> Json {
    let weight = json!({
        "type": "number",
        "minimum": 0.001,
        "maximum": 1000,
        "description": "the member's part beside those of the others; default 1",
    });
    table("a member of a pool", &["name"], vec![("name", text("the name, as it stands in rows")), ("weight", weight)])
}

fn output() -> Json {
    table(
        "what runs write beside the columns that every row has",
        &[],
        vec![
            ("user_columns", texts("facts of users to add as columns")),
            ("account_columns", texts("facts of accounts to add as columns")),
            ("stamp", truth("whether rows have the columns as_of, model and model_hash; default false")),
            ("files", tables("files for others, in the folder of --out", "list")),
        ],
    )
}

fn list(words: &ModelKeywords) -> Json {
    let source = "a column of the level, a fact, or `=` and an expression";
    let columns = json!({
        "description": "headers and what they show; default all columns of the level",
        "anyOf": [
            { "type": "object", "additionalProperties": text(source) },
            { "type": "array", "items": text("a column of the level or a fact") },
        ],
    });
    let name = json!({
        "type": "string",
        "pattern": "^[^./\\\\:*?\"<>|][^/\\\\:*?\"<>|]*\\.([cC][sS][vV]|[jJ][sS][oO][nN]|[nN][dD][jJ][sS][oO][nN]|[mM][dD])$",
        "description": "a plain file name; its ending says the form: .csv .json .ndjson .md",
    });
    table(
        "a file for others",
        &["name", "level"],
        vec![
            ("name", name),
            ("level", choice("what a row is about", &words.list_levels)),
            ("when", text("a condition over facts; only rows for which it holds")),
            ("order", texts("columns or facts, the largest and latest first; default score, last_seen")),
            ("limit", whole("the most rows that it may have", 1, 1_000_000_000)),
            ("unique", text("a column or fact; of rows that share its value only the best")),
            ("rows", choice("all rows, or those that differ from the run before; default all", &words.list_rows)),
            ("columns", columns),
        ],
    )
}
