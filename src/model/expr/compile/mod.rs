//! Compiles a tree into a typed program, or reports all its problems.
//!
//! The compiler resolves every name to a slot and checks the type of every operand. It converts
//! properties to the type that they are compared with.

#[cfg(test)]
mod tests;

use std::{cmp::Ordering, ops::Range};

use super::{
    ExprError, ExprKind, ExprNode, Program, Value, ValueType,
    ast::{ArithmeticOp, ComparisonOp, ExprFunction},
    eval::LikePattern,
};

/// The slot and type of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedName {
    /// The slot in the scope.
    pub slot: u32,
    /// The type of the slot's value.
    pub kind: ValueType,
}

/// The names that an expression may use.
pub trait NameResolver {
    /// Resolves a name.
    ///
    /// # Errors
    ///
    /// An unknown name; the error suggests a known one.
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError>;
}

/// Compiles a tree of any type.
///
/// # Errors
///
/// All unknown names and type errors of the tree.
pub fn compile(
    text: &str,
    node: &ExprNode,
    names: &mut dyn NameResolver,
) -> Result<(Program, ValueType), Vec<ExprError>> {
    let mut compiler = ExprCompiler { text, names, errors: Vec::new() };
    let result = compiler.node(node);
    match result {
        Some((program, kind)) if compiler.errors.is_empty() => Ok((program.optimize(), kind)),
        _ => Err(compiler.errors),
    }
}

/// Compiles a tree that must be a condition.
///
/// # Errors
///
/// As [`compile`], and if the tree is not a condition.
pub fn condition(text: &str, node: &ExprNode, names: &mut dyn NameResolver) -> Result<Program, Vec<ExprError>> {
    let mut compiler = ExprCompiler { text, names, errors: Vec::new() };
    let result = compiler.condition(node);
    match result {
        Some(program) if compiler.errors.is_empty() => Ok(program.optimize()),
        _ => Err(compiler.errors),
    }
}

struct ExprCompiler<'t, 'n> {
    text: &'t str,
    names: &'n mut dyn NameResolver,
    errors: Vec<ExprError>,
}

/// None if an error was recorded.
type TypedProgram = Option<(Program, ValueType)>;

/// The common type of two operands.
fn unify(a: ValueType, b: ValueType) -> Option<ValueType> {
    match (a, b) {
        _ if a == b => Some(a),
        (ValueType::Null, other) | (other, ValueType::Null) | (ValueType::Json, other) | (other, ValueType::Json) => {
            Some(other)
        }
        _ => None,
    }
}

/// Converts a program's value to a type.
fn coerce(program: Program, from: ValueType, to: ValueType) -> Program {
    if from != ValueType::Json {
        return program;
    }
    match to {
        ValueType::Number => Program::AsNumber(Box::new(program)),
        ValueType::Text => Program::AsText(Box::new(program)),
        ValueType::Boolean => Program::AsBoolean(Box::new(program)),
        ValueType::Date => Program::AsDate(Box::new(program)),
        ValueType::Json | ValueType::Null => program,
    }
}

impl ExprCompiler<'_, '_> {
    fn error<T>(&mut self, error: ExprError) -> Option<T> {
        self.errors.push(error);
        None
    }

    /// The source text of a node, for messages.
    fn source_text(&self, node: &ExprNode) -> String {
        self.text.get(node.span.clone()).unwrap_or("this").to_owned()
    }

    fn node(&mut self, node: &ExprNode) -> TypedProgram {
        match &node.kind {
            ExprKind::Null => Some((Program::Constant(Value::Null), ValueType::Null)),
            ExprKind::Number(number) => Some((Program::Constant(Value::Number(*number)), ValueType::Number)),
            ExprKind::Text(text) => Some((Program::Constant(Value::Text(text.clone().into())), ValueType::Text)),
            ExprKind::Boolean(truth) => Some((Program::Constant(Value::Boolean(*truth)), ValueType::Boolean)),
            ExprKind::Date(day) => Some((Program::Constant(Value::Date(*day)), ValueType::Date)),
            ExprKind::Name(path) => match self.names.resolve(path, &node.span) {
                Ok(resolved) => Some((Program::Slot(resolved.slot), resolved.kind)),
                Err(error) => self.error(error),
            },
            ExprKind::Not(a) => Some((Program::Not(Box::new(self.condition(a)?)), ValueType::Boolean)),
            ExprKind::And(all) => Some((Program::And(self.conditions(all)?), ValueType::Boolean)),
            ExprKind::Or(all) => Some((Program::Or(self.conditions(all)?), ValueType::Boolean)),
            ExprKind::Negate(a) => {
                Some((Program::Negate(Box::new(self.expect_type(a, ValueType::Number)?)), ValueType::Number))
            }
            ExprKind::Arithmetic(operator, a, b) => self.arithmetic(node, *operator, a, b),
            ExprKind::Compare(operator, a, b) => Some((self.compare(*operator, a, b)?, ValueType::Boolean)),
            ExprKind::In(a, all, negated) => self.compile_in(a, all, *negated),
            ExprKind::Between(a, low, high, negated) => {
                let low = self.compare(ComparisonOp::GreaterEqual, a, low);
                let high = self.compare(ComparisonOp::LessEqual, a, high);
                Some((negate(Program::And(vec![low?, high?]), *negated), ValueType::Boolean))
            }
            ExprKind::Like(a, pattern, negated) => self.like(a, pattern, *negated),
            ExprKind::IsNull(a, negated) => {
                let (a, _) = self.node(a)?;
                Some((Program::IsNull(Box::new(a), *negated), ValueType::Boolean))
            }
            ExprKind::Case(arms, otherwise) => self.case(arms, otherwise.as_deref()),
            ExprKind::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn conditions(&mut self, all: &[ExprNode]) -> Option<Vec<Program>> {
        // Every part is compiled before the first failure counts, so that all problems are
        // reported.
        let programs: Vec<Option<Program>> = all.iter().map(|node| self.condition(node)).collect();
        programs.into_iter().collect()
    }

    /// Compiles a node that must be a condition.
    fn condition(&mut self, node: &ExprNode) -> Option<Program> {
        let (program, kind) = self.node(node)?;
        if unify(kind, ValueType::Boolean) == Some(ValueType::Boolean) {
            return Some(coerce(program, kind, ValueType::Boolean));
        }
        let words = self.source_text(node);
        let error = ExprError::new(
            node.span.clone(),
            format!("`{words}` is {kind}, not a condition"),
            "a condition is true or false",
        );
        let help = match kind {
            ValueType::Number => format!("compare it, for example {words} > 0"),
            _ => format!("compare it, for example {words} is not null"),
        };
        self.error(error.help(help))
    }

    /// Compiles a node that must have a type.
    fn expect_type(&mut self, node: &ExprNode, wanted: ValueType) -> Option<Program> {
        let (program, kind) = self.node(node)?;
        if unify(kind, wanted) == Some(wanted) {
            return Some(coerce(program, kind, wanted));
        }
        let message = format!("`{}` is {kind}, not {wanted}", self.source_text(node));
        self.error(ExprError::new(node.span.clone(), message, format!("expected {wanted}")))
    }

    fn arithmetic(&mut self, node: &ExprNode, operator: ArithmeticOp, a: &ExprNode, b: &ExprNode) -> TypedProgram {
        let (left, right) = (self.node(a), self.node(b));
        let ((left, left_kind), (right, right_kind)) = (left?, right?);
        if left_kind == ValueType::Date || right_kind == ValueType::Date {
            let both = unify(left_kind, right_kind) == Some(ValueType::Date);
            if operator == ArithmeticOp::Subtract && both {
                let days = Program::DaysBetween(
                    Box::new(coerce(left, left_kind, ValueType::Date)),
                    Box::new(coerce(right, right_kind, ValueType::Date)),
                );
                return Some((days, ValueType::Number));
            }
            let error = ExprError::new(node.span.clone(), "a date in arithmetic", "only date - date, which is days");
            return self.error(error.help("to compare with a date some days away, write today - the_date <= 14"));
        }
        for (part, kind) in [(a, left_kind), (b, right_kind)] {
            if unify(kind, ValueType::Number) != Some(ValueType::Number) {
                let message = format!("`{}` is {kind}, and arithmetic is done on numbers", self.source_text(part));
                return self.error(ExprError::new(part.span.clone(), message, "expected a number"));
            }
        }
        let (left, right) = (coerce(left, left_kind, ValueType::Number), coerce(right, right_kind, ValueType::Number));
        Some((Program::Arithmetic(operator, Box::new(left), Box::new(right)), ValueType::Number))
    }

    fn compare(&mut self, operator: ComparisonOp, a: &ExprNode, b: &ExprNode) -> Option<Program> {
        let (left, right) = (self.node(a), self.node(b));
        let ((left, left_kind), (right, right_kind)) = (left?, right?);
        let Some(kind) = unify(left_kind, right_kind) else {
            let error = self.mismatch(a, left_kind, b, right_kind);
            return self.error(error);
        };
        if kind == ValueType::Boolean && !matches!(operator, ComparisonOp::Equal | ComparisonOp::NotEqual) {
            let span = a.span.start..b.span.end;
            return self.error(ExprError::new(span, "true and false have no order", "only = and <> compare them"));
        }
        let left = Box::new(coerce(left, left_kind, kind));
        let right = Box::new(coerce(right, right_kind, kind));
        Some(if kind == ValueType::Json {
            Program::CompareJson(operator, left, right)
        } else {
            Program::Compare(operator, left, right)
        })
    }

    /// The error for two operands without a common type.
    fn mismatch(&self, a: &ExprNode, a_kind: ValueType, b: &ExprNode, b_kind: ValueType) -> ExprError {
        let (left, right) = (self.source_text(a), self.source_text(b));
        let message = format!("`{left}` is {a_kind}, and `{right}` is {b_kind}");
        let error = ExprError::new(a.span.start..b.span.end, message, "these two are never equal, smaller or larger");
        match (&a.kind, a_kind, &b.kind, b_kind) {
            (_, ValueType::Text, ExprKind::Number(_), _) => error.help(format!("as text it is '{right}'")),
            (_, ValueType::Number, ExprKind::Text(text), _) if crate::clock::is_numeric(text) => {
                error.help(format!("as a number it is {text}"))
            }
            (_, ValueType::Date, ExprKind::Text(_), _) => error.help(format!("as a date it is date {right}")),
            (_, ValueType::Boolean, ExprKind::Number(_), _) => error.help("write = true or = false, or nothing"),
            _ => error,
        }
    }

    fn compile_in(&mut self, a: &ExprNode, all: &[ExprNode], negated: bool) -> TypedProgram {
        let equals: Vec<Option<Program>> = all.iter().map(|item| self.compare(ComparisonOp::Equal, a, item)).collect();
        let equals: Option<Vec<Program>> = equals.into_iter().collect();
        Some((negate(Program::Or(equals?), negated), ValueType::Boolean))
    }

    fn like(&mut self, a: &ExprNode, pattern: &ExprNode, negated: bool) -> TypedProgram {
        let a = self.expect_type(a, ValueType::Text);
        let ExprKind::Text(text) = &pattern.kind else {
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
        Some((Program::Like(Box::new(a?), LikePattern::new(text), negated), ValueType::Boolean))
    }

    fn case(&mut self, arms: &[(ExprNode, ExprNode)], otherwise: Option<&ExprNode>) -> TypedProgram {
        let conditions: Vec<Option<Program>> = arms.iter().map(|(when, _)| self.condition(when)).collect();
        let mut values: Vec<&ExprNode> = arms.iter().map(|(_, then)| then).collect();
        values.extend(otherwise);
        let (mut programs, kind) = self.unify_all(&values)?;
        let otherwise = if otherwise.is_some() { programs.pop() } else { None };
        let conditions: Option<Vec<Program>> = conditions.into_iter().collect();
        let arms = conditions?.into_iter().zip(programs).collect();
        Some((Program::Case(arms, Box::new(otherwise.unwrap_or(Program::Constant(Value::Null)))), kind))
    }

    /// Compiles nodes that must have a common type.
    fn unify_all(&mut self, nodes: &[&ExprNode]) -> Option<(Vec<Program>, ValueType)> {
        let typed: Vec<TypedProgram> = nodes.iter().map(|node| self.node(node)).collect();
        let typed: Option<Vec<(Program, ValueType)>> = typed.into_iter().collect();
        let typed = typed?;
        let mut kind = ValueType::Null;
        for (index, (_, other)) in typed.iter().enumerate() {
            match unify(kind, *other) {
                // A property beside nulls remains a property, so that a typed sibling can still
                // convert it.
                Some(met) => {
                    kind = if kind == ValueType::Json && *other == ValueType::Null { ValueType::Json } else { met }
                }
                None => {
                    let message =
                        format!("`{}` is {other}, and those before it are {kind}", self.source_text(nodes[index]));
                    return self.error(ExprError::new(nodes[index].span.clone(), message, format!("expected {kind}")));
                }
            }
        }
        Some((typed.into_iter().map(|(program, from)| coerce(program, from, kind)).collect(), kind))
    }

    fn call(&mut self, function: ExprFunction, arguments: &[ExprNode]) -> TypedProgram {
        let all: Vec<&ExprNode> = arguments.iter().collect();
        match function {
            ExprFunction::Coalesce => {
                let (programs, kind) = self.unify_all(&all)?;
                Some((Program::Coalesce(programs), kind))
            }
            ExprFunction::Least | ExprFunction::Greatest => {
                let (programs, kind) = self.unify_all(&all)?;
                // Properties without a typed sibling are compared as numbers, because the largest
                // text is hardly ever meant.
                let wanted = if kind == ValueType::Json { ValueType::Number } else { kind };
                let programs = programs.into_iter().map(|program| coerce(program, kind, wanted)).collect();
                let side = if function == ExprFunction::Least { Ordering::Less } else { Ordering::Greater };
                Some((Program::Extreme(side, programs), wanted))
            }
            ExprFunction::NullIf => {
                let [a, b] = arguments else { return None };
                let equal = self.compare(ComparisonOp::Equal, a, b)?;
                let (value, kind) = self.node(a)?;
                Some((Program::NullIf(Box::new(equal), Box::new(value)), kind))
            }
            ExprFunction::Lower => {
                let program = self.expect_type(arguments.first()?, ValueType::Text)?;
                Some((Program::Lower(Box::new(program)), ValueType::Text))
            }
        }
    }
}

fn negate(program: Program, negated: bool) -> Program {
    if negated { Program::Not(Box::new(program)) } else { program }
}
