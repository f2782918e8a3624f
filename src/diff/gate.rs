//! Conditions over the summary of a diff, in the expression language of models: typed before anything is read, decided afterwards.

use std::ops::Range;

use super::{Diff, Quantity, Vocabulary, codes, summary::Found};
use crate::{
    diag::{Diagnostic, Document, Problems, list},
    expr::{self, ExprError, Names, Program, Resolved, Scope, Type, Value},
};

/// A condition that ends the run with a no if it holds.
#[derive(Debug)]
pub struct Gate {
    text: String,
    program: Program,
    /// By slot: the number and its full name.
    slots: Vec<(Quantity, String)>,
}

/// What became of a condition.
#[derive(Debug)]
pub struct Verdict {
    /// As it was written.
    pub text: String,
    /// None if it is null, which a division by 0 makes it.
    pub holds: Option<bool>,
    /// The numbers that it names, each once.
    pub known: Vec<(String, f64)>,
}

/// The names that are found while a condition is read.
struct Finder<'v> {
    vocabulary: &'v Vocabulary,
    slots: Vec<(Quantity, String)>,
}

/// What an unknown name begins its message with.
const NO_NUMBER: &str = "no number";

impl Names for Finder<'_> {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<Resolved, ExprError> {
        let written = path.join(".");
        let error = |message: String, label: &str, help: String| {
            Err(ExprError { span: span.clone(), message, label: label.to_owned(), help: Some(help) })
        };
        match self.vocabulary.find(path) {
            Found::One(quantity, name) => {
                let known = self.slots.iter().position(|(known, _)| *known == quantity);
                let slot = known.unwrap_or_else(|| {
                    self.slots.push((quantity, name));
                    self.slots.len() - 1
                });
                Ok(Resolved { slot: slot as u32, kind: Type::Number })
            }
            Found::Many(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let message = format!("{NO_NUMBER} is meant by `{written}` alone");
                error(message, "more than one number has this name", format!("write which: {}", list(&names)))
            }
            Found::None(near) => {
                let help = near.map_or_else(
                    || "names are TIER_old, TIER_new, TIER_entered and TIER_left, the same of routes, FROM_to_TO, and totals such as user.moved; `pql diff --help` lists them".to_owned(),
                    |near| format!("a name that exists is `{near}`"),
                );
                error(format!("{NO_NUMBER} `{written}` in the summary"), "nothing has this name", help)
            }
        }
    }
}

impl Gate {
    /// Reads a condition.
    ///
    /// **Errors**: every problem of names and types, or the first one of form.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Gate, Problems> {
        let mut finder = Finder { vocabulary, slots: Vec::new() };
        let program =
            expr::parse(text).map_err(|error| vec![error]).and_then(|node| expr::condition(text, &node, &mut finder));
        match program {
            Ok(program) => Ok(Gate { text: text.to_owned(), program, slots: finder.slots }),
            Err(errors) => {
                let document = Document { name: "--fail-if".to_owned(), text: text.to_owned() };
                Err(Problems { document, list: errors.into_iter().map(|error| diagnostic(error, text)).collect() })
            }
        }
    }

    /// Decides it.
    pub fn decide(&self, diff: &Diff) -> Verdict {
        let numbers = Numbers(self.slots.iter().map(|(quantity, _)| quantity.of(diff)).collect());
        let holds = match self.program.eval(&numbers) {
            Value::Boolean(truth) => Some(truth),
            _ => None,
        };
        let known = self.slots.iter().zip(&numbers.0).map(|((_, name), number)| (name.clone(), *number)).collect();
        Verdict { text: self.text.clone(), holds, known }
    }
}

fn diagnostic(error: ExprError, text: &str) -> Diagnostic {
    let code = if error.message.starts_with(NO_NUMBER) { codes::UNKNOWN_NAME } else { codes::BAD_EXPRESSION };
    let help = error.help.filter(|_| !text.trim().is_empty());
    // The end of an expression has no width; its last character is marked.
    let start = error.span.start.min(text.len().saturating_sub(1));
    let span = start..error.span.end.max(start + 1);
    Diagnostic::error(code, span, error.message, error.label).maybe_help(help)
}

/// Numbers by slot.
struct Numbers(Vec<f64>);

impl Scope for Numbers {
    fn get(&self, slot: u32) -> Value<'_> {
        self.0.get(slot as usize).map_or(Value::Null, |number| Value::Number(*number))
    }
}
