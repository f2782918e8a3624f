//! Exports of CRMs and of Stripe: recognised by their columns, and mapped by `pql init --outcomes`.

use crate::run::{Folder, rows};

/// An export: what it is, its file and bytes, and the section that reads it.
struct Export {
    name: &'static str,
    file: &'static str,
    text: &'static str,
    section: &'static str,
}

const EXPORTS: [Export; 6] = [
    Export {
        name: "deals of HubSpot",
        file: "deals.csv",
        text: "Record ID,Deal Name,Deal Stage,Close Date,Create Date,Deal owner,Amount,Currency,Closed Lost Reason,Associated Company IDs (Primary)\n\
               1,One,Closed Won (Sales Pipeline),2026-09-05 14:33,2026-09-01 10:00,Ann,1200.5,EUR,,K1\n\
               2,Two,Proposal,2026-12-20 14:33,2026-09-02 10:00,Ann,50,EUR,,K2\n",
        section: "fields = { key = \"Associated Company IDs (Primary)\", deal = \"Record ID\", amount = \"Amount\", currency = \"Currency\", owner = \"Deal owner\", reason = \"Closed Lost Reason\" }\n\
                  opportunity = { at = \"Create Date\" }\n\
                  won = { at = \"Close Date\", where = \"lower(\\\"Deal Stage\\\") like 'closed won%'\" }\n\
                  lost = { at = \"Close Date\", where = \"lower(\\\"Deal Stage\\\") like 'closed lost%'\" }\n",
    },
    Export {
        name: "deals of HubSpot",
        file: "deals.ndjson",
        text: "{\"id\":\"1\",\"properties\":{\"dealstage\":\"closedwon\",\"createdate\":\"2026-09-01T10:00:00Z\",\"closedate\":\"2026-09-05T14:33:00Z\",\"amount\":\"1200.5\",\"hs_object_id\":\"1\",\"hs_primary_associated_company\":\"K1\"}}\n\
               {\"id\":\"2\",\"properties\":{\"dealstage\":\"qualifiedtobuy\",\"createdate\":\"2026-09-02T10:00:00Z\",\"closedate\":null,\"amount\":\"50\",\"hs_object_id\":\"2\",\"hs_primary_associated_company\":\"K2\"}}\n",
        section: "fields = { key = \"properties.hs_primary_associated_company\", deal = \"properties.hs_object_id\", amount = \"properties.amount\" }\n\
                  opportunity = { at = \"properties.createdate\" }\n\
                  won = { at = \"properties.closedate\", where = \"properties.dealstage = 'closedwon'\" }\n\
                  lost = { at = \"properties.closedate\", where = \"properties.dealstage = 'closedlost'\" }\n",
    },
    Export {
        name: "opportunities of Salesforce",
        file: "report.csv",
        text: "Opportunity ID,Account ID,Opportunity Owner,Stage,Close Date,Created Date,Amount\n\
               006A,K1,Ann,Closed Won,9/5/2026,9/1/2026,\"1,200.50\"\n006B,K2,Ann,Prospecting,12/25/2026,9/22/2026,\"50.00\"\n",
        section: "fields = { key = \"Account ID\", deal = \"Opportunity ID\", amount = \"Amount\", owner = \"Opportunity Owner\" }\n\
                  date_format = \"MM/DD/YYYY\"\namount_format = \"1,234.5\"\n\
                  opportunity = { at = \"Created Date\" }\n\
                  won = { at = \"Close Date\", where = \"Stage = 'Closed Won'\" }\n\
                  lost = { at = \"Close Date\", where = \"Stage = 'Closed Lost'\" }\n",
    },
    Export {
        name: "opportunities of Salesforce",
        file: "opportunity.csv",
        text: "Id,AccountId,OwnerId,StageName,CloseDate,CreatedDate,Amount,CurrencyIsoCode\n\
               006A,K1,005,Closed Won,2026-09-05,2026-09-01T10:00:00.000Z,1200.5,EUR\n\
               006B,K2,005,Prospecting,2026-12-25,2026-09-02T10:00:00.000Z,50,EUR\n",
        section: "fields = { key = \"AccountId\", deal = \"Id\", amount = \"Amount\", currency = \"CurrencyIsoCode\", owner = \"OwnerId\" }\n\
                  opportunity = { at = \"CreatedDate\" }\n\
                  won = { at = \"CloseDate\", where = \"StageName = 'Closed Won'\" }\n\
                  lost = { at = \"CloseDate\", where = \"StageName = 'Closed Lost'\" }\n",
    },
    Export {
        name: "subscriptions of Stripe",
        file: "subscriptions.csv",
        text: "id,Customer ID,Customer Email,Status,Created (UTC),Canceled At (UTC),Ended At (UTC),Amount,Currency\n\
               sub_1,K1,x@acme.example,active,2026-09-01 10:00,,,49.00,usd\n\
               sub_2,K2,y@beta.example,canceled,2026-08-01 10:00,2026-09-02 10:00,2026-09-05 10:00,9.00,usd\n",
        section: "fields = { key = \"Customer ID\", deal = \"id\", amount = \"Amount\", currency = \"Currency\" }\n\
                  self_serve = { at = \"Created (UTC)\", where = \"Status not in ('incomplete', 'incomplete_expired', 'trialing')\" }\n\
                  churned = { at = \"Ended At (UTC)\" }\n",
    },
    Export {
        name: "subscriptions of Stripe",
        file: "subscriptions.ndjson",
        text: "{\"id\":\"sub_1\",\"object\":\"subscription\",\"customer\":\"K1\",\"status\":\"active\",\"created\":1788258000,\"canceled_at\":null,\"ended_at\":null,\"currency\":\"usd\",\"plan\":{\"amount\":4900}}\n\
               {\"id\":\"sub_2\",\"object\":\"subscription\",\"customer\":\"K2\",\"status\":\"canceled\",\"created\":1785579600,\"canceled_at\":1788343200,\"ended_at\":1788602400,\"currency\":\"usd\",\"plan\":{\"amount\":900}}\n",
        section: "fields = { key = \"customer\", deal = \"id\", amount = \"plan.amount\", currency = \"currency\" }\n\
                  self_serve = { at = \"created\", where = \"status not in ('incomplete', 'incomplete_expired', 'trialing')\" }\n\
                  churned = { at = \"ended_at\" }\n",
    },
];

fn folder(export: &Export) -> Folder {
    let folder = Folder::in_memory();
    let line = |(user, account): (&str, &str)| {
        format!(
            "{{\"event\":\"use\",\"timestamp\":\"2026-09-01T08:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"{account}\"}}\n"
        )
    };
    folder.write("e.ndjson", [("a1", "a"), ("b1", "b")].map(line).concat());
    folder.write("acc.csv", "account_id,name,Company Key\na,Acme,K1\nb,Beta,K2\n");
    folder.write(export.file, export.text);
    folder
}

#[test]
fn init_maps_a_known_export_and_finds_the_column_that_its_rows_are_matched_by() {
    for export in &EXPORTS {
        let folder = folder(export);
        let told = folder.pql(&format!("init e.ndjson --accounts acc.csv --outcomes {} -y", export.file));
        assert_eq!(told.code, 0, "{}", told.stderr);
        let model = folder.read("scoring.toml");
        let trait_and_key = "[account.traits.crm_id]\ntype = \"text\"\nfrom = [\"Company Key\"]\n\n[outcomes]";
        assert!(model.contains(trait_and_key) && model.contains("key = \"crm_id\"\n"), "{model}");
        assert!(model.contains(export.section), "{}\n{model}", export.section);
        let line = format!("{}: {}, matched by the trait `crm_id`, read from `Company Key`", export.file, export.name);
        assert!(told.stderr.contains(&line), "{}", told.stderr);
        let rows_of = |columns: &str| {
            let run = format!(
                "score e.ndjson --accounts acc.csv --outcomes {} --as-of 2026-09-30 -q --columns {columns}",
                export.file
            );
            let told = folder.pql(&run);
            assert_eq!(told.code, 0, "{}", told.stderr);
            rows(&told.stdout)[1..].iter().map(|row| row.join(" ")).collect::<Vec<String>>()
        };
        let expected = match export.name {
            "subscriptions of Stripe" => ["a self_serve false", "b churned false"],
            _ => ["a won false", "b opportunity true"],
        };
        assert_eq!(rows_of("account_id,last_outcome,open_opportunity"), expected, "{}", export.file);
        let amount = if export.name == "subscriptions of Stripe" { "0" } else { "1200.5" };
        assert_eq!(rows_of("account_id,won_amount")[0], format!("a {amount}"), "{}", export.file);
    }
}

#[test]
fn a_known_export_without_a_map_is_told_with_the_section_to_paste() {
    for export in EXPORTS.iter().filter(|export| !export.section.contains("_format")) {
        let folder = folder(export);
        folder.write("m.toml", "schema = 1\n");
        let told = folder.pql(&format!("score e.ndjson -m m.toml --outcomes {} -q", export.file));
        assert_eq!((told.code, told.stdout.as_str()), (2, ""), "{}", told.stderr);
        let first = format!("`{}` looks like {}. To read it, add this to the model:", export.file, export.name);
        assert!(told.stderr.starts_with(&first) && told.stderr.contains(export.section), "{}", told.stderr);
        let section = told.stderr.split("\n\n").find(|part| part.starts_with("[outcomes]")).expect("the section");
        folder.write("m.toml", format!("schema = 1\n{section}\n"));
        let again = folder.pql(&format!("score e.ndjson -m m.toml --outcomes {} -q --as-of 2026-09-30", export.file));
        assert!(
            again.code == 0 && again.stderr.contains("were compared with ids of accounts and users")
                || again.stderr.contains("was compared with ids of accounts and users"),
            "{}",
            again.stderr
        );
    }
}

#[test]
fn init_matches_by_ids_where_the_values_are_ids_and_by_e_mails_where_they_are_addresses() {
    let export = &EXPORTS[4];
    for (from, to, key, line) in [
        ("K1", "a", "", "matched by ids (`Customer ID`)"),
        ("K1,x@acme", "zz,x@acme", "key = \"email\"", "matched by `email` (`Customer Email`)"),
    ] {
        let folder = folder(export);
        folder.write("acc.csv", "account_id,name\na,Acme\nb,Beta\n");
        folder.write(export.file, export.text.replace(from, to));
        let told = folder.pql(&format!("init e.ndjson --accounts acc.csv --outcomes {} -y", export.file));
        let model = folder.read("scoring.toml");
        assert!(told.code == 0 && told.stderr.contains(line), "{}", told.stderr);
        assert!(model.contains(key) && !model.contains("\nkey = \"crm_id\""), "{model}");
    }
}

#[test]
fn init_needs_no_map_for_native_files_and_refuses_unknown_ones() {
    let folder = folder(&EXPORTS[0]);
    folder.write("native.csv", "account_id,outcome,at\na,won,2026-09-05\n");
    let told = folder.pql("init e.ndjson --outcomes native.csv -y");
    assert!(
        told.code == 0 && told.stderr.contains("native.csv: has its outcomes in columns of their own names"),
        "{}",
        told.stderr
    );
    assert!(!folder.read("scoring.toml").contains("[outcomes]"));
    folder.write("other.csv", "a,b\n1,2\n");
    folder.write("list.json", "{\"object\":\"list\",\"data\":[{\"id\":1}],\"has_more\":false}");
    for (file, message) in [
        ("other.csv", "its columns are `a`, `b`; name its columns under [outcomes]"),
        ("list.json", "if its rows lie in a list under `data`, `jq -c '.data[]' FILE` makes lines of them"),
        ("deals.csv --outcomes report.csv", "need different maps, and a model has one"),
    ] {
        folder.write("report.csv", EXPORTS[2].text);
        let told = folder.pql(&format!("init e.ndjson --outcomes {file} -y -o other.toml"));
        assert!(told.code == 2 && told.stderr.contains(message), "{message}\n{}", told.stderr);
        assert!(!folder.path().join("other.toml").exists());
    }
}
