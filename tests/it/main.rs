//! Tests of the program through its binary: its promises, on small cases.
//!
//! [`run`] has the helpers: a `Folder` in which the program runs, and the `Outcome` of a run. A
//! test writes its inputs into a folder, runs `pql` there, and compares output, messages and exit
//! code.
//!
//! - Commands: `backtest`, `check`, `cases` and `case_days` (`pql test`), `diff` and `diff_movers`, `explain` (also
//!   `explain_members`, `explain_query`, `explain_ways`, `history`), `init` (also `init_fields`, `init_kinds`, `init_tables`, `first_model`,
//!   `first_features`, `envelopes`, `sign_ups`, `renamed_events`, `told_fields`),
//!   `inspect`, `schema`, `rules`, `list_changes` (`pql changes`); what `score` expects of a run and gives others: `expectations`,
//!   `lists`, `several_models`; what is no model: `no_model`.
//! - Inputs: `vendors`, `containers`, `layouts`, `times`, `enrichment`, `identity`, `who_is_who`,
//!   `received`, `spelled_ids`, `json_verdicts`, and those that are wrong: `arrival`, `bad_input`, `bad_lines`,
//!   `bad_files`, `causes`, `claimed_sizes`, `damage`, `deliveries`, `changing`, `not_understood`, `rejects`,
//!   `silence`, `mistakes`.
//! - Outcomes: `outcomes`, `outcome_maps`. Outputs: `output`, `publish`, `promises`. The manual: `manual`.
//! - The language: `alerts`, `alert_rules`, `holdout`, `language`, `milestones`, `pools`, `standings`, `suppress`,
//!   `templates`.
//! - Laws: `laws`, `many`, `lint`, `plain_checks`, `wheres`, and `oracle`, which compares with the naive scorer in
//!   `reference`.
//! - Runs that follow on each other: `record`, `recorded_runs`.
//! - Attacks: `fuzz`, `hostile_text`, `untrusted`. Real events: `real_data`.
//! - Inputs that tests share: `dumps`, `parquet_file`, `stored`.
//! - Code: `tidy` checks the imports and the other rules of `src/ARCHITECTURE.md`.

mod alert_rules;
mod alerts;
mod arrival;
mod backtest;
mod bad_files;
mod bad_input;
mod bad_lines;
mod case_days;
mod cases;
mod causes;
mod changing;
mod check;
#[cfg(all(unix, feature = "parquet"))]
mod claimed_sizes;
mod containers;
mod damage;
mod deliveries;
mod diff;
mod diff_movers;
mod dumps;
mod enrichment;
mod envelopes;
mod expectations;
mod explain;
mod explain_members;
mod explain_query;
mod explain_ways;
mod first_features;
mod first_model;
mod fuzz;
mod history;
mod holdout;
mod hostile_text;
mod identity;
mod init;
mod init_fields;
mod init_kinds;
mod init_tables;
mod inspect;
mod json_verdicts;
mod language;
mod laws;
mod layouts;
mod lint;
mod list_changes;
mod lists;
#[cfg(unix)]
mod manual;
mod many;
mod milestones;
mod mistakes;
mod no_model;
mod not_understood;
mod oracle;
mod outcome_maps;
mod outcomes;
mod output;
#[cfg(feature = "parquet")]
mod parquet_file;
mod plain_checks;
mod pools;
mod promises;
mod publish;
mod real_data;
mod received;
mod record;
mod recorded_runs;
mod reference;
mod rejects;
mod renamed_events;
mod rules;
mod run;
mod schema;
mod several_models;
mod sign_ups;
mod silence;
mod spelled_ids;
mod standings;
mod stored;
mod suppress;
mod templates;
mod tidy;
mod times;
mod told_fields;
mod untrusted;
mod vendors;
mod wheres;
mod who_is_who;
