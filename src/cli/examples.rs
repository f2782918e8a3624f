//! The examples in the help of commands. Those of `score` and `diff` stand beside the numbers of `--fail-if`, in `score/expected.rs` and `diff.rs`.
//! A test runs all of them.

pub(super) const CHECK: &str = "Examples:
  List the problems of a model:
    pql check scoring.toml
  Show what it asks for and the events do not have:
    pql check scoring.toml --events events.ndjson --users users.csv --accounts accounts.csv";

pub(super) const RULE: &str = "Examples:
  Explain a code:
    pql rule M032
  List all codes:
    pql rule --all";

pub(super) const INSPECT: &str = "Examples:
  Look into an export:
    pql inspect export.zip
  Show what a model misses in it:
    pql inspect export.zip --model scoring.toml";

pub(super) const INIT: &str = "Examples:
  Write scoring.toml:
    pql init export.zip
  Say that two events are sign-ups:
    pql init export.zip --set signup_completed=signup_completed,workspace_created --force
  Write the model under another name, over the one from before:
    pql init export.zip --output first.toml --force";

pub(super) const EXPLAIN: &str = "Examples:
  Explain the score of a user:
    pql explain user:u033 events.ndjson
  List the events behind one of its signals, with file and line:
    pql explain user:u033 events.ndjson --as-of 2026-10-31 --signal premium_features";

pub(super) const TEST: &str = "Examples:
  Run the cases of a model:
    pql test cases.toml
  Run those with `invit` in their names, and list what no case reaches:
    pql test cases.toml --run invit --coverage";

pub(super) const CHANGES: &str = "Examples:
  Show who changed since yesterday's lists:
    pql changes monday tuesday
  Write the accounts that changed, for a spreadsheet:
    pql changes monday/accounts.csv tuesday/accounts.csv --out changes.csv";

pub(super) const REPLAY: &str = "Examples:
  Write what daily runs in October would have said:
    pql replay export.zip -m scoring.toml --from 2026-10-01 --to 2026-10-31 --out october
  See how many accounts entered each tier, month by month:
    pql replay export.zip --from 2026-01-01 --to 2026-10-31 --every month --out months";

pub(super) const BACKTEST: &str = "Examples:
  Show whether high scores bought:
    pql backtest export.zip -m scoring.toml --outcomes deals.csv
  Compare with the model as it was, on the same rows:
    pql backtest export.zip -m scoring.toml --outcomes deals.csv --against old.toml --capacity 20/1w";

pub(super) const RECORD: &str = "Examples:
  Show the runs of a record:
    pql record show record
  Check that all of its files are as they were written:
    pql record verify record";

pub(super) const RECORD_SHOW: &str = "Examples:
  Show the runs of a record:
    pql record show record
  The same for a program:
    pql record show record --format json";

pub(super) const RECORD_VERIFY: &str = "Examples:
  Check a record:
    pql record verify record
  Check a backup before it is needed:
    pql record verify backup/record";

pub(super) const RECORD_UNDO: &str = "Examples:
  Go back to the run before:
    pql record undo record
  Wait up to a minute for a run that is writing:
    pql record undo other-record --wait 60";

pub(super) const SCHEMA: &str = "Examples:
  Let an editor complete the keys of a model:
    pql schema model > scoring.schema.json
  Let it complete the keys of a file of cases:
    pql schema cases > cases.schema.json";

pub(super) const COMPLETIONS: &str = "Examples:
  Complete commands in bash (the file goes to ~/.local/share/bash-completion/completions):
    pql completions bash > pql
  Complete them in zsh (the file goes into a folder of $fpath):
    pql completions zsh > _pql";

pub(super) const MAN: &str = "Examples:
  Write the page of the program (the file goes to ~/.local/share/man/man1):
    pql man > pql.1
  Write the page of a command:
    pql man score > pql-score.1";
