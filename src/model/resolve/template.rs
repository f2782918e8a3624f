//! Templates: text with `{fact}` and `{fact|fallback}` in it; `{{` and `}}` are single braces.

use super::{ModelResolver, PhaseLimit, fact_resolver};
use crate::{
    EntityKind, codes,
    expr::{ExprError, NameResolver},
    resolved::{TemplatePart, TextTemplate},
    toml_reader::SpannedText,
};

impl ModelResolver<'_, '_> {
    /// Compiles a template; any fact may be in it.
    pub(super) fn template(&mut self, side: EntityKind, text: &SpannedText) -> Option<TextTemplate> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut at = 0;
        let mut good = true;
        let source = text.value.as_str();
        while let Some(c) = source[at..].chars().next() {
            let rest = &source[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                plain.push(c);
                at += 2;
            } else if c == '{' {
                let Some(length) = rest.find('}') else {
                    self.bad_template(
                        text,
                        at..source.len(),
                        "a brace that is never closed",
                        "expected {fact} or {fact|fallback}",
                    );
                    return None;
                };
                if !plain.is_empty() {
                    pieces.push(TemplatePart::Text(std::mem::take(&mut plain)));
                }
                match self.template_fact(side, text, at + 1, &rest[1..length]) {
                    Some(piece) => pieces.push(piece),
                    None => good = false,
                }
                at += length + 1;
            } else if c == '}' {
                self.bad_template(text, at..at + 1, "a closing brace without an opening one", "write }} for a brace");
                return None;
            } else {
                plain.push(c);
                at += c.len_utf8();
            }
        }
        if !plain.is_empty() {
            pieces.push(TemplatePart::Text(plain));
        }
        good.then_some(TextTemplate(pieces))
    }

    fn bad_template(&mut self, text: &SpannedText, part: std::ops::Range<usize>, message: &str, label: &str) {
        let span = self.place(text, &part);
        self.error(codes::BAD_TEMPLATE, &span, message, label, None);
    }

    /// The fact between two braces, `start` being where it stands in the template.
    fn template_fact(
        &mut self,
        side: EntityKind,
        text: &SpannedText,
        start: usize,
        inside: &str,
    ) -> Option<TemplatePart> {
        let (name, fallback) = inside.split_once('|').unwrap_or((inside, ""));
        let span = start..start + name.len();
        if name.trim().is_empty() {
            self.bad_template(text, span, "braces around nothing", "expected the name of a fact");
            return None;
        }
        let path: Vec<String> = name.trim().split('.').map(str::to_owned).collect();
        let resolved = fact_resolver::FactResolver::new(self, side, PhaseLimit::NONE).resolve(&path, &span);
        match resolved {
            Ok(resolved) => {
                Some(TemplatePart::Fact { slot: resolved.slot, kind: resolved.kind, fallback: fallback.to_owned() })
            }
            Err(error) => {
                self.expression_errors(text, vec![ExprError { span, ..error }]);
                None
            }
        }
    }
}
