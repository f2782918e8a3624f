//! A tree to a typed program: every name found, every operand of a fitting type, or every problem told.

#[cfg(test)]
mod tests;

use std::{cmp::Ordering, ops::Range};

use super::{
    ExprError, Node, NodeKind, Program, Type, Value,
    eval::Pattern,
    tree::{Arithmetic, Comparison, Function},
};

/// What a name stands for where an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The slot that a scope is asked for.
    pub slot: u32,
    /// The type of what is in it.
    pub kind: Type,
}

/// The names that exist where an expression stands.
pub trait Names {
    /// Finds a name; the error says what to write instead.
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<Resolved, ExprError>;
}

/// Types a tree.
///
/// **Errors**: all problems of names and types in it.
pub fn compile(text: &str, node: &Node, names: &mut dyn Names) -> Result<(Program, Type), Vec<ExprError>> {
    let mut compiler = Compiler { text, names, errors: Vec::new() };
    let result = compiler.node(node);
    match result {
        Some((program, kind)) if compiler.errors.is_empty() => Ok((program.shortened(), kind)),
        _ => Err(compiler.errors),
    }
}

/// Types a tree that must be a condition.
///
/// **Errors**: as [`compile`], and if it is no condition.
pub fn condition(text: &str, node: &Node, names: &mut dyn Names) -> Result<Program, Vec<ExprError>> {
    let mut compiler = Compiler { text, names, errors: Vec::new() };
    let result = compiler.condition(node);
    match result {
        Some(program) if compiler.errors.is_empty() => Ok(program.shortened()),
        _ => Err(compiler.errors),
    }
}

struct Compiler<'t, 'n> {
    text: &'t str,
    names: &'n mut dyn Names,
    errors: Vec<ExprError>,
}

/// None where an error has been recorded.
type Typed = Option<(Program, Type)>;

/// The type that two operands meet in.
fn meet(a: Type, b: Type) -> Option<Type> {
    match (a, b) {
        _ if a == b => Some(a),
        (Type::Null, other) | (other, Type::Null) | (Type::Json, other) | (other, Type::Json) => Some(other),
        _ => None,
    }
}

/// A program whose value has the wanted type.
fn coerce(program: Program, from: Type, to: Type) -> Program {
    if from != Type::Json {
        return program;
    }
    match to {
        Type::Number => Program::AsNumber(Box::new(program)),
        Type::Text => Program::AsText(Box::new(program)),
        Type::Boolean => Program::AsBoolean(Box::new(program)),
        Type::Date => Program::AsDate(Box::new(program)),
        Type::Json | Type::Null => program,
    }
}

impl Compiler<'_, '_> {
    fn error<T>(&mut self, error: ExprError) -> Option<T> {
        self.errors.push(error);
        None
    }

    /// The words of a part, for messages.
    fn words(&self, node: &Node) -> String {
        self.text.get(node.span.clone()).unwrap_or("this").to_owned()
    }

    fn node(&mut self, node: &Node) -> Typed {
        match &node.kind {
            NodeKind::Null => Some((Program::Constant(Value::Null), Type::Null)),
            NodeKind::Number(number) => Some((Program::Constant(Value::Number(*number)), Type::Number)),
            NodeKind::Text(text) => Some((Program::Constant(Value::Text(text.clone().into())), Type::Text)),
            NodeKind::Boolean(truth) => Some((Program::Constant(Value::Boolean(*truth)), Type::Boolean)),
            NodeKind::Date(day) => Some((Program::Constant(Value::Date(*day)), Type::Date)),
            NodeKind::Name(path) => match self.names.resolve(path, &node.span) {
                Ok(resolved) => Some((Program::Slot(resolved.slot), resolved.kind)),
                Err(error) => self.error(error),
            },
            NodeKind::Not(a) => Some((Program::Not(Box::new(self.condition(a)?)), Type::Boolean)),
            NodeKind::And(all) => Some((Program::And(self.conditions(all)?), Type::Boolean)),
            NodeKind::Or(all) => Some((Program::Or(self.conditions(all)?), Type::Boolean)),
            NodeKind::Negate(a) => Some((Program::Negate(Box::new(self.wanted(a, Type::Number)?)), Type::Number)),
            NodeKind::Arithmetic(operator, a, b) => self.arithmetic(node, *operator, a, b),
            NodeKind::Compare(operator, a, b) => Some((self.compare(*operator, a, b)?, Type::Boolean)),
            NodeKind::In(a, all, negated) => self.within(a, all, *negated),
            NodeKind::Between(a, low, high, negated) => {
                let low = self.compare(Comparison::GreaterEqual, a, low);
                let high = self.compare(Comparison::LessEqual, a, high);
                Some((negate(Program::And(vec![low?, high?]), *negated), Type::Boolean))
            }
            NodeKind::Like(a, pattern, negated) => self.like(a, pattern, *negated),
            NodeKind::IsNull(a, negated) => {
                let (a, _) = self.node(a)?;
                Some((Program::IsNull(Box::new(a), *negated), Type::Boolean))
            }
            NodeKind::Case(arms, otherwise) => self.case(arms, otherwise.as_deref()),
            NodeKind::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn conditions(&mut self, all: &[Node]) -> Option<Vec<Program>> {
        // Every part is looked at before the first failure counts, so that all problems are told.
        let programs: Vec<Option<Program>> = all.iter().map(|node| self.condition(node)).collect();
        programs.into_iter().collect()
    }

    /// A part that must be a condition.
    fn condition(&mut self, node: &Node) -> Option<Program> {
        let (program, kind) = self.node(node)?;
        if meet(kind, Type::Boolean) == Some(Type::Boolean) {
            return Some(coerce(program, kind, Type::Boolean));
        }
        let words = self.words(node);
        let error = ExprError::new(
            node.span.clone(),
            format!("`{words}` is {kind}, not a condition"),
            "a condition is true or false",
        );
        let help = match kind {
            Type::Number => format!("compare it, for example {words} > 0"),
            _ => format!("compare it, for example {words} is not null"),
        };
        self.error(error.help(help))
    }

    /// A part that must have a type.
    fn wanted(&mut self, node: &Node, wanted: Type) -> Option<Program> {
        let (program, kind) = self.node(node)?;
        if meet(kind, wanted) == Some(wanted) {
            return Some(coerce(program, kind, wanted));
        }
        let message = format!("`{}` is {kind}, not {wanted}", self.words(node));
        self.error(ExprError::new(node.span.clone(), message, format!("expected {wanted}")))
    }

    fn arithmetic(&mut self, node: &Node, operator: Arithmetic, a: &Node, b: &Node) -> Typed {
        let (left, right) = (self.node(a), self.node(b));
        let ((left, left_kind), (right, right_kind)) = (left?, right?);
        if left_kind == Type::Date || right_kind == Type::Date {
            let both = meet(left_kind, right_kind) == Some(Type::Date);
            if operator == Arithmetic::Subtract && both {
                let days = Program::DaysBetween(
                    Box::new(coerce(left, left_kind, Type::Date)),
                    Box::new(coerce(right, right_kind, Type::Date)),
                );
                return Some((days, Type::Number));
            }
            let error = ExprError::new(node.span.clone(), "a date in arithmetic", "only date - date, which is days");
            return self.error(error.help("to compare with a date some days away, write today - the_date <= 14"));
        }
        for (part, kind) in [(a, left_kind), (b, right_kind)] {
            if meet(kind, Type::Number) != Some(Type::Number) {
                let message = format!("`{}` is {kind}, and arithmetic is done on numbers", self.words(part));
                return self.error(ExprError::new(part.span.clone(), message, "expected a number"));
            }
        }
        let (left, right) = (coerce(left, left_kind, Type::Number), coerce(right, right_kind, Type::Number));
        Some((Program::Arithmetic(operator, Box::new(left), Box::new(right)), Type::Number))
    }

    fn compare(&mut self, operator: Comparison, a: &Node, b: &Node) -> Option<Program> {
        let (left, right) = (self.node(a), self.node(b));
        let ((left, left_kind), (right, right_kind)) = (left?, right?);
        let Some(kind) = meet(left_kind, right_kind) else {
            let error = self.mismatch(a, left_kind, b, right_kind);
            return self.error(error);
        };
        if kind == Type::Boolean && !matches!(operator, Comparison::Equal | Comparison::NotEqual) {
            let span = a.span.start..b.span.end;
            return self.error(ExprError::new(span, "true and false have no order", "only = and <> compare them"));
        }
        let left = Box::new(coerce(left, left_kind, kind));
        let right = Box::new(coerce(right, right_kind, kind));
        Some(if kind == Type::Json {
            Program::CompareJson(operator, left, right)
        } else {
            Program::Compare(operator, left, right)
        })
    }

    /// The error for two operands whose types never meet.
    fn mismatch(&self, a: &Node, a_kind: Type, b: &Node, b_kind: Type) -> ExprError {
        let (left, right) = (self.words(a), self.words(b));
        let message = format!("`{left}` is {a_kind}, and `{right}` is {b_kind}");
        let error = ExprError::new(a.span.start..b.span.end, message, "these two are never equal, smaller or larger");
        match (&a.kind, a_kind, &b.kind, b_kind) {
            (_, Type::Text, NodeKind::Number(_), _) => error.help(format!("as text it is '{right}'")),
            (_, Type::Number, NodeKind::Text(text), _) if crate::clock::is_numeric(text) => {
                error.help(format!("as a number it is {text}"))
            }
            (_, Type::Date, NodeKind::Text(_), _) => error.help(format!("as a date it is date {right}")),
            (_, Type::Boolean, NodeKind::Number(_), _) => error.help("write = true or = false, or nothing"),
            _ => error,
        }
    }

    fn within(&mut self, a: &Node, all: &[Node], negated: bool) -> Typed {
        let equals: Vec<Option<Program>> = all.iter().map(|item| self.compare(Comparison::Equal, a, item)).collect();
        let equals: Option<Vec<Program>> = equals.into_iter().collect();
        Some((negate(Program::Or(equals?), negated), Type::Boolean))
    }

    fn like(&mut self, a: &Node, pattern: &Node, negated: bool) -> Typed {
        let a = self.wanted(a, Type::Text);
        let NodeKind::Text(text) = &pattern.kind else {
            return self.error(ExprError::new(
                pattern.span.clone(),
                "a pattern that is no text",
                "a text in quotes, such as 'vp %'",
            ));
        };
        if text.contains('\\') {
            let error = ExprError::new(
                pattern.span.clone(),
                "a backslash in a pattern",
                "only % (any text) and _ (one character) are special",
            );
            return self.error(error);
        }
        Some((Program::Like(Box::new(a?), Pattern::new(text), negated), Type::Boolean))
    }

    fn case(&mut self, arms: &[(Node, Node)], otherwise: Option<&Node>) -> Typed {
        let conditions: Vec<Option<Program>> = arms.iter().map(|(when, _)| self.condition(when)).collect();
        let mut values: Vec<&Node> = arms.iter().map(|(_, then)| then).collect();
        values.extend(otherwise);
        let (mut programs, kind) = self.alike(&values)?;
        let otherwise = if otherwise.is_some() { programs.pop() } else { None };
        let conditions: Option<Vec<Program>> = conditions.into_iter().collect();
        let arms = conditions?.into_iter().zip(programs).collect();
        Some((Program::Case(arms, Box::new(otherwise.unwrap_or(Program::Constant(Value::Null)))), kind))
    }

    /// Parts that must meet in one type.
    fn alike(&mut self, nodes: &[&Node]) -> Option<(Vec<Program>, Type)> {
        let typed: Vec<Typed> = nodes.iter().map(|node| self.node(node)).collect();
        let typed: Option<Vec<(Program, Type)>> = typed.into_iter().collect();
        let typed = typed?;
        let mut kind = Type::Null;
        for (index, (_, other)) in typed.iter().enumerate() {
            match meet(kind, *other) {
                // A property among nulls stays a property, and becomes what a typed sibling is.
                Some(met) => kind = if kind == Type::Json && *other == Type::Null { Type::Json } else { met },
                None => {
                    let message = format!("`{}` is {other}, and those before it are {kind}", self.words(nodes[index]));
                    return self.error(ExprError::new(nodes[index].span.clone(), message, format!("expected {kind}")));
                }
            }
        }
        Some((typed.into_iter().map(|(program, from)| coerce(program, from, kind)).collect(), kind))
    }

    fn call(&mut self, function: Function, arguments: &[Node]) -> Typed {
        let all: Vec<&Node> = arguments.iter().collect();
        match function {
            Function::Coalesce => {
                let (programs, kind) = self.alike(&all)?;
                Some((Program::Coalesce(programs), kind))
            }
            Function::Least | Function::Greatest => {
                let (programs, kind) = self.alike(&all)?;
                // Properties without a typed sibling are compared as numbers: text has no use for a largest.
                let wanted = if kind == Type::Json { Type::Number } else { kind };
                let programs = programs.into_iter().map(|program| coerce(program, kind, wanted)).collect();
                let side = if function == Function::Least { Ordering::Less } else { Ordering::Greater };
                Some((Program::Extreme(side, programs), wanted))
            }
            Function::NullIf => {
                let [a, b] = arguments else { return None };
                let equal = self.compare(Comparison::Equal, a, b)?;
                let (value, kind) = self.node(a)?;
                Some((Program::NullIf(Box::new(equal), Box::new(value)), kind))
            }
            Function::Lower => {
                let program = self.wanted(arguments.first()?, Type::Text)?;
                Some((Program::Lower(Box::new(program)), Type::Text))
            }
        }
    }
}

fn negate(program: Program, negated: bool) -> Program {
    if negated { Program::Not(Box::new(program)) } else { program }
}
