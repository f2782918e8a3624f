//! Parses the SQL expressions of a model into a tree.

use super::value::{Value, date_text};

/// A node of an expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A name, split at dots outside of double quotes.
    Name(Vec<String>),
    Literal(Value),
    Minus(Box<Expr>),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// One of `= <> < <= > >=`.
    Compare(String, Box<Expr>, Box<Expr>),
    /// One of `+ - * /`.
    Arithmetic(char, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    Like(Box<Expr>, String),
    IsNull(Box<Expr>),
    Case(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    Call(String, Vec<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Number(f64),
    Text(String),
    Symbol(String),
}

/// Parses one expression. The test models are valid, so any error panics.
pub fn parse(source: &str) -> Expr {
    let mut parser = Parser { tokens: tokens(source), at: 0 };
    let expr = parser.or();
    assert!(parser.at == parser.tokens.len(), "trailing words in {source}");
    expr
}

fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c.is_whitespace() {
            at += 1;
        } else if c == '\'' || c == '"' {
            let (text, next) = quoted(&chars, at);
            tokens.push(if c == '"' { Token::Quoted(text) } else { Token::Text(text) });
            at = next;
        } else if c.is_ascii_digit() {
            let mut end = at;
            while end < chars.len() && (chars[end].is_ascii_digit() || chars[end] == '.') {
                end += 1;
            }
            let number: String = chars[at..end].iter().collect();
            tokens.push(Token::Number(number.parse().expect("a number")));
            at = end;
        } else if c.is_alphabetic() || c == '_' {
            let mut end = at;
            while end < chars.len() && (chars[end].is_alphanumeric() || chars[end] == '_' || chars[end] == '.') {
                end += 1;
            }
            tokens.push(Token::Word(chars[at..end].iter().collect()));
            at = end;
        } else {
            let two: String = chars[at..chars.len().min(at + 2)].iter().collect();
            let symbol = if ["<=", ">=", "<>"].contains(&two.as_str()) { two } else { c.to_string() };
            at += symbol.len();
            tokens.push(Token::Symbol(symbol));
        }
    }
    tokens
}

/// The text between quotes and the index after it. A doubled quote stands for one.
fn quoted(chars: &[char], open: usize) -> (String, usize) {
    let quote = chars[open];
    let mut text = String::new();
    let mut at = open + 1;
    loop {
        if chars[at] != quote {
            text.push(chars[at]);
            at += 1;
        } else if chars.get(at + 1) == Some(&quote) {
            text.push(quote);
            at += 2;
        } else {
            return (text, at + 1);
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn word(&mut self, word: &str) -> bool {
        let hit = matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(hit);
        hit
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let hit = matches!(self.tokens.get(self.at), Some(Token::Symbol(s)) if s == symbol);
        self.at += usize::from(hit);
        hit
    }

    fn need(&mut self, found: bool, what: &str) {
        assert!(found, "{what} expected at token {} of {:?}", self.at, self.tokens);
    }

    fn need_word(&mut self, word: &str) {
        let found = self.word(word);
        self.need(found, word);
    }

    fn need_symbol(&mut self, symbol: &str) {
        let found = self.symbol(symbol);
        self.need(found, symbol);
    }

    fn or(&mut self) -> Expr {
        let mut left = self.and();
        while self.word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()));
        }
        left
    }

    fn and(&mut self) -> Expr {
        let mut left = self.not();
        while self.word("and") {
            left = Expr::And(Box::new(left), Box::new(self.not()));
        }
        left
    }

    fn not(&mut self) -> Expr {
        if self.word("not") { Expr::Not(Box::new(self.not())) } else { self.comparison() }
    }

    fn comparison(&mut self) -> Expr {
        let left = self.sum();
        for symbol in ["=", "<>", "<=", ">=", "<", ">"] {
            if self.symbol(symbol) {
                return Expr::Compare(symbol.into(), Box::new(left), Box::new(self.sum()));
            }
        }
        if self.word("is") {
            let negated = self.word("not");
            self.need_word("null");
            return negate(negated, Expr::IsNull(Box::new(left)));
        }
        let negated = self.word("not");
        if self.word("in") {
            self.need_symbol("(");
            let list = self.list();
            return negate(negated, Expr::In(Box::new(left), list));
        }
        if self.word("between") {
            let low = self.sum();
            self.need_word("and");
            let high = self.sum();
            return negate(negated, Expr::Between(Box::new(left), Box::new(low), Box::new(high)));
        }
        if self.word("like") {
            let Some(Token::Text(pattern)) = self.tokens.get(self.at).cloned() else {
                panic!("like needs a pattern");
            };
            self.at += 1;
            return negate(negated, Expr::Like(Box::new(left), pattern));
        }
        self.need(!negated, "in, between or like after not");
        left
    }

    fn sum(&mut self) -> Expr {
        let mut left = self.product();
        loop {
            let operator = if self.symbol("+") {
                '+'
            } else if self.symbol("-") {
                '-'
            } else {
                return left;
            };
            left = Expr::Arithmetic(operator, Box::new(left), Box::new(self.product()));
        }
    }

    fn product(&mut self) -> Expr {
        let mut left = self.unary();
        loop {
            let operator = if self.symbol("*") {
                '*'
            } else if self.symbol("/") {
                '/'
            } else {
                return left;
            };
            left = Expr::Arithmetic(operator, Box::new(left), Box::new(self.unary()));
        }
    }

    fn unary(&mut self) -> Expr {
        if self.symbol("-") { Expr::Minus(Box::new(self.unary())) } else { self.primary() }
    }

    /// The rest of a list in parentheses.
    fn list(&mut self) -> Vec<Expr> {
        let mut list = vec![self.or()];
        while self.symbol(",") {
            list.push(self.or());
        }
        self.need_symbol(")");
        list
    }

    fn primary(&mut self) -> Expr {
        if self.symbol("(") {
            let inner = self.or();
            self.need_symbol(")");
            return inner;
        }
        if self.word("case") {
            return self.case();
        }
        for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
            if self.word(word) {
                return Expr::Literal(value);
            }
        }
        let token = self.tokens.get(self.at).cloned().expect("an expression goes on");
        self.at += 1;
        match token {
            Token::Number(n) => Expr::Literal(Value::Num(n)),
            Token::Text(s) => Expr::Literal(Value::Text(s)),
            Token::Quoted(name) => Expr::Name(vec![name]),
            Token::Symbol(s) => panic!("unexpected {s}"),
            Token::Word(word) => {
                if word.eq_ignore_ascii_case("date")
                    && let Some(Token::Text(text)) = self.tokens.get(self.at).cloned()
                {
                    self.at += 1;
                    Expr::Literal(Value::Date(date_text(&text).expect("a date")))
                } else if self.symbol("(") {
                    Expr::Call(word.to_ascii_lowercase(), self.list())
                } else {
                    Expr::Name(word.split('.').map(str::to_owned).collect())
                }
            }
        }
    }

    fn case(&mut self) -> Expr {
        let mut branches = Vec::new();
        while self.word("when") {
            let condition = self.or();
            self.need_word("then");
            branches.push((condition, self.or()));
        }
        let otherwise = if self.word("else") { Some(Box::new(self.or())) } else { None };
        self.need_word("end");
        Expr::Case(branches, otherwise)
    }
}

fn negate(negated: bool, expr: Expr) -> Expr {
    if negated { Expr::Not(Box::new(expr)) } else { expr }
}
