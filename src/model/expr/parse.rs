//! Parses tokens into a tree, by recursive descent with bounded depth.

use std::ops::Range;

use super::{
    ExprError,
    ast::{ArithmeticOp, ComparisonOp, ExprFunction, ExprKind, ExprNode},
    lex::{Token, lex},
    token_cursor::{DEPTH_MAX, TokenCursor},
};
use crate::clock::parse_day;

const FUNCTIONS: [(&str, ExprFunction); 5] = [
    ("coalesce", ExprFunction::Coalesce),
    ("nullif", ExprFunction::NullIf),
    ("least", ExprFunction::Least),
    ("greatest", ExprFunction::Greatest),
    ("lower", ExprFunction::Lower),
];

/// Reserved words, which cannot be bare names.
pub(super) const KEYWORDS: [&str; 16] = [
    "and", "or", "not", "in", "between", "like", "is", "null", "true", "false", "case", "when", "then", "else", "end",
    "date",
];

/// Parses an expression.
///
/// # Errors
///
/// The first syntax error.
pub fn parse(text: &str) -> Result<ExprNode, ExprError> {
    let mut parser = TokenCursor::new(lex(text)?);
    if parser.peek() == &Token::End {
        return Err(ExprError::new(0..text.len(), "an empty expression", "a condition or a value")
            .help("leave the key out if there is no condition"));
    }
    let node = parser.or()?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected("an operator, or the end of the expression")),
    }
}

type ParseResult = Result<ExprNode, ExprError>;

impl TokenCursor {
    fn or(&mut self) -> ParseResult {
        self.nested(|p| p.chain("or", Self::and, ExprKind::Or))
    }

    fn and(&mut self) -> ParseResult {
        self.chain("and", Self::not, ExprKind::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> ParseResult,
        join: fn(Vec<ExprNode>) -> ExprKind,
    ) -> ParseResult {
        let start = self.span().start;
        let mut parts = vec![part(self)?];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        if parts.len() == 1 {
            return parts.pop().ok_or_else(|| self.unexpected("a value"));
        }
        Ok(ExprNode { kind: join(parts), span: start..self.end() })
    }

    fn not(&mut self) -> ParseResult {
        let start = self.span().start;
        if !self.take_word("not") {
            return self.comparison();
        }
        let inner = self.nested(Self::not)?;
        Ok(ExprNode { kind: ExprKind::Not(Box::new(inner)), span: start..self.end() })
    }

    fn comparison(&mut self) -> ParseResult {
        let left = self.sum()?;
        let start = left.span.start;
        let left = Box::new(left);
        let kind = if let Some(operator) = self.comparison_operator() {
            ExprKind::Compare(operator, left, Box::new(self.sum()?))
        } else if self.take_word("is") {
            let negated = self.take_word("not");
            self.expect_word("null")?;
            ExprKind::IsNull(left, negated)
        } else {
            let negated = Self::is_word(self.peek(), "not")
                && ["in", "between", "like"].iter().any(|w| Self::is_word(self.peek_second(), w));
            self.next += usize::from(negated);
            if self.take_word("in") {
                self.expect_mark("(")?;
                ExprKind::In(left, self.arguments()?, negated)
            } else if self.take_word("between") {
                let low = Box::new(self.sum()?);
                self.expect_word("and")?;
                ExprKind::Between(left, low, Box::new(self.sum()?), negated)
            } else if self.take_word("like") {
                ExprKind::Like(left, Box::new(self.sum()?), negated)
            } else {
                return Ok(*left);
            }
        };
        if let Some(operator) = self.peek_comparison() {
            let message = format!("`{operator}` after a comparison");
            return Err(ExprError::new(self.span(), message, "comparisons do not chain")
                .help("join them with `and`: a < b and b < c"));
        }
        Ok(ExprNode { kind, span: start..self.end() })
    }

    fn peek_comparison(&self) -> Option<&'static str> {
        match self.peek() {
            Token::Mark(mark) if ["=", "<>", "<", "<=", ">", ">="].contains(mark) => Some(mark),
            _ => None,
        }
    }

    fn comparison_operator(&mut self) -> Option<ComparisonOp> {
        let operator = match self.peek_comparison()? {
            "=" => ComparisonOp::Equal,
            "<>" => ComparisonOp::NotEqual,
            "<" => ComparisonOp::Less,
            "<=" => ComparisonOp::LessEqual,
            ">" => ComparisonOp::Greater,
            _ => ComparisonOp::GreaterEqual,
        };
        self.next += 1;
        Some(operator)
    }

    fn sum(&mut self) -> ParseResult {
        self.binary(&[("+", ArithmeticOp::Add), ("-", ArithmeticOp::Subtract)], Self::product)
    }

    fn product(&mut self) -> ParseResult {
        self.binary(&[("*", ArithmeticOp::Multiply), ("/", ArithmeticOp::Divide)], Self::unary)
    }

    fn binary(&mut self, operators: &[(&str, ArithmeticOp)], part: fn(&mut Self) -> ParseResult) -> ParseResult {
        let mut left = part(self)?;
        let mut links = 0;
        while let Some((_, operator)) = operators.iter().find(|(mark, _)| self.take_mark(mark)) {
            links += 1;
            if links > DEPTH_MAX {
                return Err(ExprError::new(
                    self.span(),
                    format!("more than {DEPTH_MAX} terms in a row"),
                    "too many here",
                ));
            }
            let right = part(self)?;
            let span = left.span.start..right.span.end;
            left = ExprNode { kind: ExprKind::Arithmetic(*operator, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn unary(&mut self) -> ParseResult {
        let start = self.span().start;
        if !self.take_mark("-") {
            return self.primary();
        }
        let inner = self.nested(Self::unary)?;
        let kind = match inner.kind {
            ExprKind::Number(number) => ExprKind::Number(-number),
            kind => ExprKind::Negate(Box::new(ExprNode { kind, span: inner.span })),
        };
        Ok(ExprNode { kind, span: start..self.end() })
    }

    fn primary(&mut self) -> ParseResult {
        let span = self.span();
        let kind = match self.peek().clone() {
            Token::Number(number) => {
                self.next += 1;
                ExprKind::Number(number)
            }
            Token::Text(text) => {
                self.next += 1;
                ExprKind::Text(text)
            }
            Token::Mark("(") => {
                self.next += 1;
                let inner = self.or()?;
                self.expect_mark(")")?;
                return Ok(ExprNode { kind: inner.kind, span: span.start..self.end() });
            }
            Token::Quoted(_) => return self.name(),
            Token::Word(word) => return self.word_or_call(&word, span),
            Token::Mark(_) | Token::End => return Err(self.unexpected("a value, a name or a condition")),
        };
        Ok(ExprNode { kind, span })
    }

    fn word_or_call(&mut self, word: &str, span: Range<usize>) -> ParseResult {
        let lower = word.to_ascii_lowercase();
        let simple = match lower.as_str() {
            "null" => Some(ExprKind::Null),
            "true" => Some(ExprKind::Boolean(true)),
            "false" => Some(ExprKind::Boolean(false)),
            _ => None,
        };
        if let Some(kind) = simple {
            self.next += 1;
            return Ok(ExprNode { kind, span });
        }
        match lower.as_str() {
            "date" => self.date(span),
            "case" => self.nested(Self::case),
            _ if matches!(self.peek_second(), Token::Mark("(")) => self.nested(|p| p.call(&lower, span)),
            _ if KEYWORDS.contains(&lower.as_str()) => Err(self.unexpected("a value, a name or a condition")),
            _ => self.name(),
        }
    }

    fn date(&mut self, span: Range<usize>) -> ParseResult {
        self.next += 1;
        let text_span = self.span();
        let Token::Text(text) = self.advance() else {
            self.next -= 1;
            return Err(self
                .unexpected("a date in quotes")
                .help("write date '2026-01-31'; a property named date goes in double quotes"));
        };
        match parse_day(&text) {
            Some(day) => Ok(ExprNode { kind: ExprKind::Date(day), span: span.start..self.end() }),
            None => {
                Err(ExprError::new(text_span, format!("'{text}' is no date"), "a date that exists, as 'YYYY-MM-DD'"))
            }
        }
    }

    fn case(&mut self) -> ParseResult {
        let start = self.span().start;
        self.next += 1;
        let mut arms = Vec::new();
        while self.take_word("when") {
            let when = self.or()?;
            self.expect_word("then")?;
            arms.push((when, self.or()?));
        }
        if arms.is_empty() {
            return Err(self.unexpected("`when`").help("write case when CONDITION then VALUE else VALUE end"));
        }
        let otherwise = if self.take_word("else") { Some(Box::new(self.or()?)) } else { None };
        self.expect_word("end")?;
        Ok(ExprNode { kind: ExprKind::Case(arms, otherwise), span: start..self.end() })
    }

    fn call(&mut self, name: &str, span: Range<usize>) -> ParseResult {
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let known = FUNCTIONS.map(|(known, _)| known);
            let error = ExprError::new(span, format!("no function `{name}`"), "a function of this language");
            return Err(match crate::diag::suggest(name, known) {
                Some(help) => error.help(help),
                None => error,
            });
        };
        self.next += 1;
        self.expect_mark("(")?;
        let arguments = self.arguments()?;
        let wanted = match function {
            ExprFunction::Lower => 1..=1,
            ExprFunction::NullIf => 2..=2,
            _ => 1..=64,
        };
        let span = span.start..self.end();
        if !wanted.contains(&arguments.len()) {
            let takes = if wanted.end() == &64 { "at least 1".to_owned() } else { wanted.end().to_string() };
            let given = crate::units::plural(arguments.len() as u64, "argument", "arguments");
            return Err(ExprError::new(span, format!("`{name}` with {given}"), format!("it takes {takes}")));
        }
        Ok(ExprNode { kind: ExprKind::Call(*function, arguments), span })
    }

    /// The values up to the closing bracket.
    fn arguments(&mut self) -> Result<Vec<ExprNode>, ExprError> {
        let mut all = vec![self.or()?];
        while self.take_mark(",") {
            all.push(self.or()?);
        }
        self.expect_mark(")")?;
        Ok(all)
    }

    fn name(&mut self) -> ParseResult {
        let start = self.span().start;
        let mut path = Vec::new();
        loop {
            match self.peek().clone() {
                Token::Word(part) | Token::Quoted(part) => path.push(part),
                _ => return Err(self.unexpected("a name after the dot")),
            }
            self.next += 1;
            if !self.take_mark(".") {
                return Ok(ExprNode { kind: ExprKind::Name(path), span: start..self.end() });
            }
        }
    }
}
