//! `[[expect]]`: what a run must look like.

use super::{
    super::{
        resolved::UnmetAction,
        toml_reader::{DiagnosticSink, SpannedText, TableReader},
    },
    choice,
};

/// An expectation as written.
#[derive(Debug)]
pub(crate) struct ExpectationSyntax {
    pub(crate) that: SpannedText,
    pub(crate) otherwise: UnmetAction,
    pub(crate) say: Option<SpannedText>,
}

/// The words of `otherwise`.
pub(super) const UNMET_ACTIONS: [(&str, UnmetAction); 2] = [("fail", UnmetAction::Fail), ("warn", UnmetAction::Warn)];

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<ExpectationSyntax> {
    let that = table.required_text("that", found);
    let otherwise = choice(&mut table, "otherwise", &UNMET_ACTIONS, found);
    let say = table.text("say", found);
    table.finish(found);
    Some(ExpectationSyntax { that: that?, otherwise: otherwise.map_or(UnmetAction::Fail, |word| word.value), say })
}
