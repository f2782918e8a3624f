//! The problems of a document, each reported once.

use std::collections::HashSet;

use crate::diag::Diagnostic;

/// The most problems of a document that are kept. Further ones are reported after these are mended.
const PROBLEMS_MAX: usize = 10_000;

/// Words of a document in a message are cut where the message gets longer than this. **Units**: bytes.
const MESSAGE_LENGTH_MAX: usize = 1_000;

/// Cuts a text that nobody would read to its end, as where a name is a megabyte.
fn shorten(text: &mut String) {
    if text.len() > MESSAGE_LENGTH_MAX {
        let at = (0..=MESSAGE_LENGTH_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(at);
        text.push('…');
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub struct DiagnosticSink {
    pub list: Vec<Diagnostic>,
    /// The place and the message of each problem, so that none is reported twice.
    reported: HashSet<(&'static str, usize, usize, String)>,
    /// Keys that tables were asked for, so that a test can hold the description of the language against them.
    #[cfg(test)]
    pub(crate) requested_keys: Vec<(String, Vec<&'static str>)>,
}

impl DiagnosticSink {
    pub fn add(&mut self, mut problem: Diagnostic) {
        if self.list.len() >= PROBLEMS_MAX {
            return;
        }
        for text in [Some(&mut problem.message), Some(&mut problem.label), problem.help.as_mut()].into_iter().flatten()
        {
            shorten(text);
        }
        let key = (problem.code, problem.span.start, problem.span.end, problem.message.clone());
        if self.reported.insert(key) {
            self.list.push(problem);
        }
    }
}
