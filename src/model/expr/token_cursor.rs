//! A cursor over the tokens of an expression, with the errors for unexpected tokens.

use std::ops::Range;

use super::{
    ExprError,
    lex::{SpannedToken, Token},
};

/// The limit of nesting, and of the number of terms in a row.
pub(super) const DEPTH_MAX: usize = 50;

/// The tokens, the index of the next one, and the current depth of nesting.
pub(super) struct TokenCursor {
    tokens: Vec<SpannedToken>,
    pub(super) next: usize,
    depth: usize,
}

impl TokenCursor {
    pub(super) fn new(tokens: Vec<SpannedToken>) -> TokenCursor {
        TokenCursor { tokens, next: 0, depth: 0 }
    }

    pub(super) fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |spanned| &spanned.token)
    }

    pub(super) fn peek_second(&self) -> &Token {
        self.tokens.get(self.next + 1).map_or(&Token::End, |spanned| &spanned.token)
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0..0, |spanned| spanned.span.clone())
    }

    /// The end of the last token taken, in bytes.
    pub(super) fn end(&self) -> usize {
        self.next.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(0, |spanned| spanned.span.end)
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    pub(super) fn take_mark(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Token::Mark(m) if *m == mark);
        self.next += usize::from(found);
        found
    }

    pub(super) fn is_word(token: &Token, word: &str) -> bool {
        matches!(token, Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = Self::is_word(self.peek(), word);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect_mark(&mut self, mark: &str) -> Result<(), ExprError> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"))) }
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<(), ExprError> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    pub(super) fn unexpected(&self, expected: &str) -> ExprError {
        let found = match self.peek() {
            Token::End => "the expression ends too early".to_owned(),
            Token::Word(word) => format!("unexpected `{word}`"),
            Token::Quoted(name) => format!("unexpected name \"{name}\""),
            Token::Number(number) => format!("unexpected number {number}"),
            Token::Text(text) => format!("unexpected text '{text}'"),
            Token::Mark(mark) => format!("unexpected `{mark}`"),
        };
        ExprError::new(self.span(), found, format!("expected {expected}"))
    }

    /// Runs a rule one level deeper, up to [`DEPTH_MAX`].
    pub(super) fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        if self.depth >= DEPTH_MAX {
            let message = format!("an expression nested more than {DEPTH_MAX} levels deep");
            return Err(ExprError::new(self.span(), message, "too deep here")
                .help("name its parts under [user.facts] or [account.facts]"));
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        result
    }
}
