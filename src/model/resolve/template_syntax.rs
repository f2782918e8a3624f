//! The form of templates: text with facts in `{ }` and optional parts in `[ ]`.
//!
//! `[[`, `]]`, `{{` and `}}` are read first and stand for one bracket each. Parts do not nest, and
//! brackets inside `{ }` are text.

use std::ops::Range;

/// A piece of a template, as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TemplateNode {
    /// Constant text.
    Text(String),
    /// A fact in braces.
    Fact(FactNode),
    /// A part in brackets with at least one fact.
    Optional(Vec<TemplateNode>),
}

/// A fact in braces, as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FactNode {
    /// The place of its name in the template.
    pub(super) name: Range<usize>,
    /// How it is printed.
    pub(super) form: FactForm,
}

/// How a fact in braces is printed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FactForm {
    /// Its value; the text if it is null.
    Value { fallback: String },
    /// The first text for 1 or true, else the second.
    Choice { one: String, other: String },
}

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TemplateError {
    pub(super) span: Range<usize>,
    pub(super) message: &'static str,
    pub(super) label: &'static str,
}

/// Reads the pieces of a template.
pub(super) fn read(source: &str) -> Result<Vec<TemplateNode>, TemplateError> {
    TemplateReader { source, at: 0 }.whole()
}

struct TemplateReader<'t> {
    source: &'t str,
    at: usize,
}

impl TemplateReader<'_> {
    fn whole(mut self) -> Result<Vec<TemplateNode>, TemplateError> {
        let mut nodes = Vec::new();
        while let Some(next) = self.next() {
            match next {
                TemplateToken::Text(c) => push_text(&mut nodes, c),
                TemplateToken::OpenBrace => nodes.push(TemplateNode::Fact(self.fact()?)),
                TemplateToken::OpenBracket => self.part(&mut nodes)?,
                TemplateToken::CloseBrace => {
                    return Err(self.last("a closing brace without an opening one", "write }} for a brace"));
                }
                TemplateToken::CloseBracket => {
                    return Err(self.last("a closing bracket without an opening one", "write ]] for a bracket"));
                }
            }
        }
        Ok(nodes)
    }

    /// A part after its opening bracket. A part without a fact is text, brackets included.
    fn part(&mut self, nodes: &mut Vec<TemplateNode>) -> Result<(), TemplateError> {
        let start = self.at - 1;
        let mut inner = Vec::new();
        loop {
            match self.next() {
                Some(TemplateToken::Text(c)) => push_text(&mut inner, c),
                Some(TemplateToken::OpenBrace) => inner.push(TemplateNode::Fact(self.fact()?)),
                Some(TemplateToken::CloseBracket) => break,
                Some(TemplateToken::OpenBracket) => {
                    return Err(self.last("an optional part within another", "write [[ for a bracket"));
                }
                Some(TemplateToken::CloseBrace) => {
                    return Err(self.last("a closing brace without an opening one", "write }} for a brace"));
                }
                None => {
                    return Err(TemplateError {
                        span: start..self.source.len(),
                        message: "an optional part that is never closed",
                        label: "expected a closing ]; write [[ for a bracket",
                    });
                }
            }
        }
        if inner.iter().any(|node| matches!(node, TemplateNode::Fact(_))) {
            nodes.push(TemplateNode::Optional(inner));
            return Ok(());
        }
        push_text(nodes, '[');
        for node in inner {
            if let TemplateNode::Text(text) = node {
                text.chars().for_each(|c| push_text(nodes, c));
            }
        }
        push_text(nodes, ']');
        Ok(())
    }

    /// A fact after its opening brace.
    fn fact(&mut self) -> Result<FactNode, TemplateError> {
        let start = self.at;
        let rest = &self.source[start..];
        let Some(length) = rest.find(['}', '|', '?']) else { return Err(self.unclosed(start)) };
        let name = trimmed(self.source, start..start + length);
        if name.is_empty() {
            return Err(TemplateError {
                span: start - 1..start + length + 1,
                message: "braces around nothing",
                label: "expected the name of a fact",
            });
        }
        let end = rest.as_bytes()[length];
        self.at = start + length + 1;
        let form = match end {
            b'}' => FactForm::Value { fallback: String::new() },
            b'|' => FactForm::Value { fallback: self.until_brace(start)? },
            _ => self.choice(start)?,
        };
        Ok(FactNode { name, form })
    }

    /// The two texts of a choice.
    fn choice(&mut self, start: usize) -> Result<FactForm, TemplateError> {
        let both = self.until_brace(start)?;
        match both.split_once(':') {
            Some((one, other)) => Ok(FactForm::Choice { one: one.to_owned(), other: other.to_owned() }),
            None => Err(TemplateError {
                span: start - 1..self.at,
                message: "a choice of one text",
                label: "expected {fact?one:other}, with a colon between the two texts",
            }),
        }
    }

    /// The text up to the closing brace.
    fn until_brace(&mut self, start: usize) -> Result<String, TemplateError> {
        let mut text = String::new();
        while let Some(next) = self.next() {
            match next {
                TemplateToken::Text(c) => text.push(c),
                TemplateToken::OpenBracket => text.push('['),
                TemplateToken::CloseBracket => text.push(']'),
                TemplateToken::OpenBrace => {
                    return Err(self.last("a fact within the braces of another", "write {{ for a brace"));
                }
                TemplateToken::CloseBrace => return Ok(text),
            }
        }
        Err(self.unclosed(start))
    }

    fn next(&mut self) -> Option<TemplateToken> {
        let rest = &self.source[self.at..];
        let first = rest.chars().next()?;
        let doubled = ["{{", "}}", "[[", "]]"].iter().any(|double| rest.starts_with(double));
        self.at += if doubled { 2 } else { first.len_utf8() };
        Some(match first {
            _ if doubled => TemplateToken::Text(first),
            '{' => TemplateToken::OpenBrace,
            '}' => TemplateToken::CloseBrace,
            '[' => TemplateToken::OpenBracket,
            ']' => TemplateToken::CloseBracket,
            text => TemplateToken::Text(text),
        })
    }

    /// A problem with the bracket that was just read.
    fn last(&self, message: &'static str, label: &'static str) -> TemplateError {
        TemplateError { span: self.at - 1..self.at, message, label }
    }

    fn unclosed(&self, start: usize) -> TemplateError {
        TemplateError {
            span: start - 1..self.source.len(),
            message: "a brace that is never closed",
            label: "expected {fact}, {fact|fallback} or {fact?one:other}",
        }
    }
}

enum TemplateToken {
    Text(char),
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
}

fn push_text(nodes: &mut Vec<TemplateNode>, c: char) {
    if let Some(TemplateNode::Text(text)) = nodes.last_mut() {
        text.push(c);
    } else {
        nodes.push(TemplateNode::Text(c.to_string()));
    }
}

/// A range without the white space at either end.
fn trimmed(source: &str, range: Range<usize>) -> Range<usize> {
    let text = &source[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}
