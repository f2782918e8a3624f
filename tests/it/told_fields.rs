//! The fields of users, accounts and names of events where names of fields mislead or say nothing: files of users and accounts decide, then values.

use crate::run::Folder;

/// Which keys a dump has for the name, the user, the account and the time of an event, and for its id.
type FieldKeys = [&'static str; 5];

const LAYOUTS: [&str; 2] = ["e.ndjson", "e.csv"];

/// Events of twelve people of three companies, whose ids are numbers from 1 on.
fn dump(layout: &str, [name, user, account, time, id]: FieldKeys) -> Folder {
    let names = ["order_placed", "order_packed", "label_printed", "stock_counted", "pallet_moved"];
    let mut text = String::new();
    if layout == "e.csv" {
        text = format!("{id},{time},{user},{account},{name}\n");
    }
    for number in 0..240_u32 {
        let (person, day) = (number % 12 + 1, number / 12 + 1);
        let (company, what) = (person % 3 + 1, names[((number * 7 + person) % 5) as usize]);
        let at = format!("2026-10-{day:02}T08:{person:02}:00Z");
        text += &match layout {
            "e.csv" => format!("r{number},{at},{person},{company},{what}\n"),
            _ => format!(
                "{{\"head\":{{\"topic\":\"t\"}},\"body\":{{\"{id}\":\"r{number}\",\"{time}\":\"{at}\",\"{user}\":{person},\"{account}\":{company},\"{name}\":\"{what}\",\"more\":{{\"weight\":{number}}}}}}}\n"
            ),
        };
    }
    let folder = Folder::in_memory();
    folder.write(layout, text);
    let rows = |count: u32, rest: &str| (1..=count).map(|n| format!("{n},{rest}{n}\n")).collect::<String>();
    folder.write("people.csv", "No,Job Title\n".to_owned() + &rows(12, "Clerk "));
    folder.write("companies.csv", "No,Sector\n".to_owned() + &rows(3, "Sector "));
    folder.write("strangers.csv", "No,Job Title\n901,Clerk\n902,Clerk\n");
    folder.write("head.csv", "No,Job Title\n");
    folder.write("void.csv", "");
    folder
}

/// The paths of fields of a model: name, user, account, time, id.
fn fields(folder: &Folder, arguments: &str) -> Vec<String> {
    let outcome = folder.pql(&format!("init {arguments} -o -"));
    assert_eq!(outcome.code, 0, "{arguments}: {outcome:?}");
    let line = outcome.stdout.lines().find(|line| line.starts_with("fields = ")).unwrap_or_default().to_owned();
    let path = |part: &str| {
        let text = line.split(&format!("{part} = \"")).nth(1).unwrap_or_default();
        text.split('"').next().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned()
    };
    ["event", "user", "account", "time", "id"].map(path).to_vec()
}

#[test]
fn files_of_users_and_accounts_decide_which_field_is_whose() {
    // The names say the contrary.
    let keys = ["eventName", "team_ref", "member_ref", "occurredAt", "recordId"];
    for layout in LAYOUTS {
        let folder = dump(layout, keys);
        let options = "--users people.csv --users-key No --accounts companies.csv --accounts-key No";
        assert_eq!(fields(&folder, &format!("{layout} {options}")), keys, "{layout}");
        assert_eq!(fields(&folder, &format!("{layout} --users people.csv --accounts companies.csv")), keys, "{layout}");
        let model = folder.pql(&format!("init {layout} {options} -o -")).stdout;
        let said = "team_ref is user: 12 of its 12 values are ids in the column No of people.csv\n";
        assert!(model.contains(said), "{layout}: {model}");
    }
}

#[test]
fn fields_are_found_under_words_of_other_tongues_and_trades() {
    for keys in [
        ["ereignis", "benutzer_id", "mandant_id", "zeitpunkt", "ereignis_id"],
        ["tapahtuma", "staffId", "practiceId", "happenedAt", "eventUid"],
        ["action", "operatorId", "fleetId", "loggedAt", "uid"],
    ] {
        for layout in LAYOUTS {
            // Without a known word, an id is left out in one case; it is never somebody.
            let found = fields(&dump(layout, keys), layout);
            assert_eq!(found[..4], keys[..4], "{layout} {keys:?}");
            assert!(found[4] == keys[4] || found[4].is_empty(), "{layout} {keys:?}: {found:?}");
        }
    }
}

#[test]
fn the_properties_lie_beside_the_parts_and_not_around_them() {
    let folder = dump("e.ndjson", ["action", "operatorId", "fleetId", "loggedAt", "uid"]);
    let model = folder.pql("init e.ndjson -o -").stdout;
    assert!(model.contains("properties = \"body.more\""), "{model}");
}

#[test]
fn a_file_that_says_nothing_of_the_events_is_refused() {
    let empty = |file: &str| {
        format!(
            "error: `{file}` holds no rows, so there is no trait of users to read; export it again with its rows, or leave --users out\n"
        )
    };
    let strangers = "error: none of the 2 values in the column `No` of `strangers.csv` is the id of one of the users in the events; --users-key COLUMN names the column with these ids, --fields user=FIELD names the field of the user in the events, or leave --users out\n";
    for layout in LAYOUTS {
        let folder = dump(layout, ["action", "user_id", "account_id", "timestamp", "event_id"]);
        for (file, message) in
            [("head.csv", empty("head.csv")), ("void.csv", empty("void.csv")), ("strangers.csv", strangers.to_owned())]
        {
            let outcome = folder.pql(&format!("init {layout} --users {file} --users-key No -o m.toml"));
            assert!(outcome.code == 2 && outcome.stderr == message, "{layout} {file}: {outcome:?}");
            assert!(!folder.path().join("m.toml").exists(), "{layout} {file}");
        }
        let outcome = folder.pql(&format!("init {layout} --users people.csv --users-key No -o m.toml"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
}
