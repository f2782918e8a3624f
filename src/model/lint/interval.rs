//! The possible values of an expression whose names have bounds in place of values: intervals of numbers, sets of texts, three-valued truth,
//! each with or without null.
//!
//! **Law**: if every name's value is within what the scope says, the value of the program is within what is given here. So what is ruled
//! out here cannot happen; what is not ruled out may still be impossible, because each name is looked at as if it had nothing to do with
//! the others.

use std::{borrow::Cow, cmp::Ordering};

use crate::{
    expr::{ArithmeticOp, ComparisonOp, EvalScope, Program, Value, ValueType},
    units::EPSILON,
};

/// The values that a name or an expression can have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AbstractValue<'m> {
    /// Whether it can be null.
    pub(super) null: bool,
    /// What it can be beside.
    pub(super) known: NonNullValues<'m>,
}

/// Values that are not null.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NonNullValues<'m> {
    /// No value: it is null.
    Empty,
    /// From the first to the second, both included.
    Number(f64, f64),
    /// Days since 1970-01-01, likewise.
    Date(f64, f64),
    /// Whether it can be true, and whether it can be false.
    Truth { yes: bool, no: bool },
    /// These texts, and if `other` also texts that the model does not name.
    Text { of: Vec<Cow<'m, str>>, other: bool },
    /// Anything at all.
    Any,
}

/// Borrowed or owned values.
#[derive(Debug)]
pub(super) enum AbstractRef<'m> {
    Borrowed(&'m AbstractValue<'m>),
    Owned(AbstractValue<'m>),
}

impl<'m> AbstractRef<'m> {
    pub(super) fn get(&self) -> &AbstractValue<'m> {
        match self {
            AbstractRef::Borrowed(abs) => abs,
            AbstractRef::Owned(abs) => abs,
        }
    }
}

use NonNullValues::{Any, Date, Empty, Number, Text, Truth};

/// What names can stand for.
pub(super) trait AbstractScope<'m> {
    /// The values of a slot.
    fn get(&self, slot: u32) -> Cow<'_, AbstractValue<'m>>;

    /// The values of a slot that has no type, under one. Facts have types.
    fn cast(&self, _: u32, kind: ValueType) -> Cow<'_, AbstractValue<'m>> {
        Cow::Owned(AbstractValue::any(kind))
    }

    /// Whether a text that the model does not name may be one that it names but for its capitals. Of facts there is a text that the model is taken
    /// to name for each such case (`constants`), so that no question about `lower` is left open.
    fn may_differ_in_case(&self) -> bool {
        false
    }
}

impl<'m> AbstractValue<'m> {
    pub(super) const NULL: AbstractValue<'m> = AbstractValue { null: true, known: Empty };

    pub(super) fn number(low: f64, high: f64) -> AbstractValue<'m> {
        AbstractValue { null: false, known: Number(low, high) }
    }

    pub(super) fn truth(yes: bool, no: bool, null: bool) -> AbstractValue<'m> {
        AbstractValue { null, known: if yes || no { Truth { yes, no } } else { Empty } }
    }

    /// Anything of a type.
    pub(super) fn any(kind: ValueType) -> AbstractValue<'m> {
        let known = match kind {
            ValueType::Number => Number(f64::NEG_INFINITY, f64::INFINITY),
            ValueType::Date => Date(f64::NEG_INFINITY, f64::INFINITY),
            ValueType::Boolean => Truth { yes: true, no: true },
            ValueType::Text | ValueType::Json => Any,
            ValueType::Null => Empty,
        };
        AbstractValue { null: true, known }
    }

    pub(super) fn from_value(value: &'m Value<'static>) -> AbstractValue<'m> {
        let known = match value {
            Value::Null => return AbstractValue::NULL,
            Value::Number(number) => Number(*number, *number),
            Value::Text(text) => Text { of: vec![Cow::Borrowed(text)], other: false },
            Value::Boolean(truth) => Truth { yes: *truth, no: !*truth },
            Value::Date(day) => Date(f64::from(*day), f64::from(*day)),
            Value::Digits(digits) => Text { of: vec![Cow::Borrowed(digits)], other: false },
        };
        AbstractValue { null: false, known }
    }

    /// Whether it is one value for sure.
    pub(super) fn is_singleton(&self) -> bool {
        match &self.known {
            Empty => true,
            Any => false,
            _ if self.null => false,
            Number(low, high) | Date(low, high) => low == high,
            Truth { yes, no } => yes != no,
            Text { of, other } => of.len() == 1 && !other,
        }
    }

    /// Whether it can be null, or a text that is none of some.
    pub(super) fn can_be_beside(&self, is_one: &dyn Fn(&str) -> bool) -> bool {
        self.null
            || match &self.known {
                Text { of, other } => *other || of.iter().any(|text| !is_one(text)),
                Empty | Number(..) | Date(..) | Truth { .. } => false,
                Any => true,
            }
    }

    /// Whether it can be true.
    pub(super) fn can_hold(&self) -> bool {
        matches!(self.known, Truth { yes: true, .. })
    }

    /// Whether it can be false.
    pub(super) fn can_be_false(&self) -> bool {
        matches!(self.known, Truth { no: true, .. })
    }

    /// Whether it can be false or null.
    pub(super) fn can_fail(&self) -> bool {
        self.null || !matches!(self.known, Truth { no: false, .. })
    }

    /// The bounds of numbers; none if it is null.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        match self.known {
            Number(low, high) => Some((low, high)),
            _ => None,
        }
    }

    /// All values of both.
    pub(super) fn join(self, other: AbstractValue<'m>) -> AbstractValue<'m> {
        let null = self.null || other.null;
        let known = match (self.known, other.known) {
            (Empty, known) | (known, Empty) => known,
            (Number(a, b), Number(c, d)) => Number(a.min(c), b.max(d)),
            (Date(a, b), Date(c, d)) => Date(a.min(c), b.max(d)),
            (Truth { yes: a, no: b }, Truth { yes: c, no: d }) => Truth { yes: a || c, no: b || d },
            (Text { mut of, other: a }, Text { of: more, other: b }) => {
                more.into_iter().for_each(|text| push_new(&mut of, text));
                Text { of, other: a || b }
            }
            // Typed programs never join two types.
            _ => Any,
        };
        AbstractValue { null, known }
    }

    fn or_null(mut self, null: bool) -> AbstractValue<'m> {
        self.null |= null;
        self
    }
}

fn push_new<'m>(of: &mut Vec<Cow<'m, str>>, text: Cow<'m, str>) {
    if !of.contains(&text) {
        of.push(text);
    }
}

/// The same as [`eval`], without a copy of the values of a slot.
fn operand<'s, 'm>(program: &'m Program, scope: &'s dyn AbstractScope<'m>) -> Cow<'s, AbstractValue<'m>> {
    match program {
        Program::Slot(slot) => scope.get(*slot),
        Program::AsNumber(a) | Program::AsText(a) | Program::AsBoolean(a) | Program::AsDate(a) => {
            match (&**a, program) {
                (Program::Slot(slot), Program::AsNumber(_)) => scope.cast(*slot, ValueType::Number),
                (Program::Slot(slot), Program::AsText(_)) => scope.cast(*slot, ValueType::Text),
                _ => Cow::Owned(eval(program, scope)),
            }
        }
        _ => Cow::Owned(eval(program, scope)),
    }
}

/// A property under a type.
fn cast<'m>(program: &'m Program, kind: ValueType, scope: &dyn AbstractScope<'m>) -> AbstractValue<'m> {
    match program {
        Program::Slot(slot) => scope.cast(*slot, kind).into_owned(),
        Program::Constant(Value::Null) => AbstractValue::NULL,
        _ => AbstractValue::any(kind),
    }
}

/// Whether a text is one of some.
fn one_of<'m>(a: &AbstractValue<'_>, texts: &[Box<str>]) -> AbstractValue<'m> {
    let (yes, no) = match &a.known {
        Text { of, other } => {
            let among = of.iter().filter(|text| texts.iter().any(|one| **one == ***text)).count();
            (among > 0, *other || among < of.len())
        }
        Empty => (false, false),
        _ => (true, true),
    };
    AbstractValue::truth(yes, no, a.null)
}

/// Without its capitals, another text may equal a text of the model.
fn add_lowercase_literals<'m>(side: &mut AbstractValue<'m>, beside: &AbstractValue<'m>) {
    let (Text { of, other: true }, Text { of: named, .. }) = (&mut side.known, &beside.known) else { return };
    let small = named
        .iter()
        .filter(|text| text.bytes().any(|b| b.is_ascii_lowercase()) && !text.bytes().any(|b| b.is_ascii_uppercase()));
    small.for_each(|text| push_new(of, text.clone()));
}

/// Whether capitals become small letters anywhere in it.
fn lowers(program: &Program) -> bool {
    match program {
        Program::Lower(_) => true,
        Program::Coalesce(all) | Program::Extreme(_, all) => all.iter().any(lowers),
        Program::NullIf(_, a) => lowers(a),
        Program::Case(arms, otherwise) => lowers(otherwise) || arms.iter().any(|(_, then)| lowers(then)),
        _ => false,
    }
}

/// One name with one text.
struct SingleTextScope<'o>(&'o str);

impl EvalScope for SingleTextScope<'_> {
    fn get(&self, _: u32) -> Value<'_> {
        Value::Text(Cow::Borrowed(self.0))
    }
}

/// The possible values of a program. **Cost**: one step a node, and one step a text.
pub(super) fn eval<'m>(program: &'m Program, scope: &dyn AbstractScope<'m>) -> AbstractValue<'m> {
    match program {
        Program::Constant(value) => AbstractValue::from_value(value),
        Program::Slot(slot) => scope.get(*slot).into_owned(),
        // Facts have types, so these stand in conditions on events only.
        Program::AsNumber(a) => cast(a, ValueType::Number, scope),
        Program::AsText(a) => cast(a, ValueType::Text, scope),
        Program::AsBoolean(a) => cast(a, ValueType::Boolean, scope),
        Program::AsDate(a) => cast(a, ValueType::Date, scope),
        Program::IsOneOf(slot, texts) => one_of(&scope.cast(*slot, ValueType::Text), texts),
        Program::CompareJson(..) => AbstractValue::any(ValueType::Boolean),
        Program::Not(a) => match eval(a, scope) {
            AbstractValue { null, known: Truth { yes, no } } => AbstractValue::truth(no, yes, null),
            other => other,
        },
        Program::Negate(a) => match eval(a, scope) {
            AbstractValue { null, known: Number(low, high) } => AbstractValue { null, known: Number(-high, -low) },
            other => other,
        },
        Program::And(all) => junction(all, scope, false),
        Program::Or(all) => junction(all, scope, true),
        Program::Arithmetic(operator, a, b) => arithmetic(*operator, &eval(a, scope), &eval(b, scope)),
        Program::DaysBetween(a, b) => match (eval(a, scope), eval(b, scope)) {
            (AbstractValue { null: x, known: Date(a, b) }, AbstractValue { null: y, known: Date(c, d) }) => {
                AbstractValue { null: x || y, known: Number(defined(a - d, true), defined(b - c, false)) }
            }
            _ => AbstractValue::NULL,
        },
        Program::Compare(operator, a, b) => compare_operands(*operator, (a, b), scope),
        Program::CompareNumber(operator, slot, number) => {
            compare(*operator, &scope.get(*slot), &AbstractValue::number(*number, *number))
        }
        Program::IsNull(a, negated) => {
            let a = operand(a, scope);
            let (null, known) = (a.null, a.known != Empty);
            if *negated { AbstractValue::truth(known, null, false) } else { AbstractValue::truth(null, known, false) }
        }
        Program::Like(a, pattern, negated) => {
            let probe = Program::Like(Box::new(Program::Slot(0)), pattern.clone(), *negated);
            like(&operand(a, scope), &probe)
        }
        Program::Case(arms, otherwise) => case(arms, otherwise, scope),
        Program::Coalesce(parts) => coalesce(parts, scope),
        Program::NullIf(equal, value) => {
            let equal = eval(equal, scope);
            let value = if equal.can_fail() { eval(value, scope) } else { AbstractValue::NULL };
            value.or_null(equal.can_hold())
        }
        Program::Extreme(side, parts) => extreme(*side, parts, scope),
        Program::Lower(a) => lower(eval(a, scope)),
    }
}

/// A comparison of two expressions.
fn compare_operands<'m>(
    operator: ComparisonOp,
    (a, b): (&'m Program, &'m Program),
    scope: &dyn AbstractScope<'m>,
) -> AbstractValue<'m> {
    let mut left = operand(a, scope);
    let low = |program: &Program| scope.may_differ_in_case() && lowers(program);
    if let (Program::Constant(Value::Text(text)), Text { of, other }, false) = (b, &left.known, low(a)) {
        return ordered(operator, possible_text_orders(of, *other, &[Cow::Borrowed(text)], false), left.null);
    }
    let mut right = operand(b, scope);
    // The model may compare a text with one fact and not with another.
    let constant = matches!(a, Program::Constant(_)) || matches!(b, Program::Constant(_));
    if !constant && matches!(left.known, Text { .. }) {
        left.to_mut().known = Any;
    }
    if low(a) {
        add_lowercase_literals(left.to_mut(), &right);
    }
    if low(b) {
        add_lowercase_literals(right.to_mut(), &left);
    }
    compare(operator, &left, &right)
}

/// Whether a text is `like` a pattern; the evaluator itself says so of each text, by a `probe` of one name.
fn like<'m>(a: &AbstractValue<'_>, probe: &Program) -> AbstractValue<'m> {
    let (of, other) = match &a.known {
        Text { of, other } => (of.as_slice(), *other),
        Any => (&[][..], true),
        _ => return AbstractValue::NULL,
    };
    let (mut yes, mut no) = (other, other);
    for text in of {
        let holds = probe.holds(&SingleTextScope(text));
        yes |= holds;
        no |= !holds;
    }
    AbstractValue::truth(yes, no, a.null)
}

/// The first arm whose condition holds.
fn case<'m>(
    arms: &'m [(Program, Program)],
    otherwise: &'m Program,
    scope: &dyn AbstractScope<'m>,
) -> AbstractValue<'m> {
    let mut all = AbstractValue { null: false, known: Empty };
    for (when, then) in arms {
        let when = eval(when, scope);
        if when.can_hold() {
            all = all.join(eval(then, scope));
        }
        if !when.can_fail() {
            return all;
        }
    }
    all.join(eval(otherwise, scope))
}

/// The first part that is not null.
fn coalesce<'m>(parts: &'m [Program], scope: &dyn AbstractScope<'m>) -> AbstractValue<'m> {
    let mut all = AbstractValue { null: false, known: Empty };
    for part in parts {
        let part = eval(part, scope);
        let null = part.null;
        all = all.join(AbstractValue { null: false, known: part.known });
        if !null {
            return all;
        }
    }
    all.or_null(true)
}

/// Texts with small letters in place of capitals.
fn lower(a: AbstractValue<'_>) -> AbstractValue<'_> {
    let AbstractValue { null, known: Text { of, other } } = a else { return a };
    let mut small: Vec<Cow<'_, str>> = Vec::with_capacity(of.len());
    for text in of {
        let lower = Program::Lower(Box::new(Program::Slot(0)));
        let text = match lower.eval(&SingleTextScope(&text)).to_text() {
            Some(lowered) if lowered != text => Cow::Owned(lowered.into_owned()),
            _ => text,
        };
        push_new(&mut small, text);
    }
    AbstractValue { null, known: Text { of: small, other } }
}

/// `or` if true decides, `and` if false does.
fn junction<'m>(all: &'m [Program], scope: &dyn AbstractScope<'m>, decides: bool) -> AbstractValue<'m> {
    // Whether one part can decide, whether all parts can leave it open with a known value, whether one can be null.
    let (mut one_decides, mut all_pass, mut null) = (false, true, false);
    for part in all {
        let part = eval(part, scope);
        let (can_decide, can_pass) =
            if decides { (part.can_hold(), part.can_be_false()) } else { (part.can_be_false(), part.can_hold()) };
        if can_decide && !can_pass && !part.null {
            return AbstractValue::truth(decides, !decides, false);
        }
        one_decides |= can_decide;
        all_pass &= can_pass;
        null |= part.null;
    }
    if decides {
        AbstractValue::truth(one_decides, all_pass, null)
    } else {
        AbstractValue::truth(all_pass, one_decides, null)
    }
}

/// An end of an interval. An end that is no number (an infinity less itself) is no bound.
fn defined(end: f64, low: bool) -> f64 {
    match (end.is_nan(), low) {
        (false, _) => end,
        (true, true) => f64::NEG_INFINITY,
        (true, false) => f64::INFINITY,
    }
}

fn arithmetic<'m>(operator: ArithmeticOp, a: &AbstractValue<'m>, b: &AbstractValue<'m>) -> AbstractValue<'m> {
    let (Some((a_low, a_high)), Some((b_low, b_high))) = (a.range(), b.range()) else { return AbstractValue::NULL };
    let mut null = a.null || b.null;
    let (low, high) = match operator {
        ArithmeticOp::Add => (a_low + b_low, a_high + b_high),
        ArithmeticOp::Subtract => (a_low - b_high, a_high - b_low),
        ArithmeticOp::Multiply => {
            ends(&[(a_low, b_low), (a_low, b_high), (a_high, b_low), (a_high, b_high)], |a, b| {
                // An unbounded number times nothing is nothing.
                if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
            })
        }
        ArithmeticOp::Divide => {
            if b_low == 0.0 && b_high == 0.0 {
                return AbstractValue::NULL;
            }
            let has_zero = b_low <= 0.0 && b_high >= 0.0;
            null |= has_zero;
            if b_low < 0.0 && b_high > 0.0 {
                (f64::NEG_INFINITY, f64::INFINITY)
            } else {
                // Beside zero the divisor has one sign; what is next to zero gives no bound.
                let signed = if b_high > 0.0 { 1.0 } else { -1.0 };
                let quotient = move |a: f64, b: f64| match (a == 0.0, b == 0.0) {
                    (true, _) => 0.0,
                    (false, true) => signed * a.signum() * f64::INFINITY,
                    (false, false) if a.is_infinite() && b.is_infinite() => f64::NAN,
                    (false, false) => a / b,
                };
                let corners = [(a_low, b_low), (a_low, b_high), (a_high, b_low), (a_high, b_high)];
                let (low, high) = ends(&corners, quotient);
                // A number over an unbounded one comes as near to zero as one likes.
                let far = b_low.is_infinite() || b_high.is_infinite();
                if far { (low.min(0.0), high.max(0.0)) } else { (low, high) }
            }
        }
    };
    AbstractValue { null, known: Number(defined(low, true), defined(high, false)) }
}

/// The smallest and the largest over the corners of two intervals.
fn ends(corners: &[(f64, f64)], f: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    corners.iter().map(|(a, b)| f(*a, *b)).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| {
        if end.is_nan() { (low, high) } else { (low.min(end), high.max(end)) }
    })
}

fn compare<'m>(operator: ComparisonOp, a: &AbstractValue<'m>, b: &AbstractValue<'m>) -> AbstractValue<'m> {
    let orders = match (&a.known, &b.known) {
        (Number(a_low, a_high), Number(b_low, b_high)) => (
            b_high - a_low >= EPSILON,
            !(a_low - b_high >= EPSILON || b_low - a_high >= EPSILON),
            a_high - b_low >= EPSILON,
        ),
        (Date(a_low, a_high), Date(b_low, b_high)) => {
            (a_low < b_high, a_low <= b_high && b_low <= a_high, a_high > b_low)
        }
        (Truth { yes: a, no: b }, Truth { yes: c, no: d }) => (*b && *c, *a && *c || *b && *d, *a && *d),
        (Text { of: a, other: x }, Text { of: b, other: y }) => possible_text_orders(a, *x, b, *y),
        (Empty, _) | (_, Empty) => return AbstractValue::NULL,
        _ => (true, true, true),
    };
    ordered(operator, orders, a.null || b.null)
}

/// The possible results of a comparison, given the possible orders of its sides.
fn ordered<'m>(operator: ComparisonOp, (less, equal, greater): (bool, bool, bool), null: bool) -> AbstractValue<'m> {
    let (yes, no) = match operator {
        ComparisonOp::Equal => (equal, less || greater),
        ComparisonOp::NotEqual => (less || greater, equal),
        ComparisonOp::Less => (less, equal || greater),
        ComparisonOp::LessEqual => (less || equal, greater),
        ComparisonOp::Greater => (greater, less || equal),
        ComparisonOp::GreaterEqual => (greater || equal, less),
    };
    AbstractValue::truth(yes, no, null)
}

/// The possible orders of two texts. A text that the model does not name differs from all texts that it names.
fn possible_text_orders(a: &[Cow<'_, str>], a_other: bool, b: &[Cow<'_, str>], b_other: bool) -> (bool, bool, bool) {
    let (mut less, mut equal, mut greater) = (false, a_other && b_other, false);
    if a_other || b_other {
        (less, greater) = (true, true);
    }
    for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (x, y))) {
        match x.as_bytes().cmp(y.as_bytes()) {
            Ordering::Less => less = true,
            Ordering::Equal => equal = true,
            Ordering::Greater => greater = true,
        }
    }
    (less, equal, greater)
}

fn extreme<'m>(side: Ordering, parts: &'m [Program], scope: &dyn AbstractScope<'m>) -> AbstractValue<'m> {
    let mut all: Option<AbstractValue<'m>> = None;
    for part in parts {
        let part = eval(part, scope);
        let Some(best) = all else {
            all = Some(part);
            continue;
        };
        let null = best.null || part.null;
        let pick = |a: f64, b: f64| if side == Ordering::Less { a.min(b) } else { a.max(b) };
        let known = match (best.known, part.known) {
            (Empty, _) | (_, Empty) => return AbstractValue::NULL,
            (Number(a, b), Number(c, d)) => Number(pick(a, c), pick(b, d)),
            (Date(a, b), Date(c, d)) => Date(pick(a, c), pick(b, d)),
            // One of them, which is all that is needed of texts and truths.
            (a, b) => AbstractValue { null: false, known: a }.join(AbstractValue { null: false, known: b }).known,
        };
        all = Some(AbstractValue { null, known });
    }
    all.unwrap_or(AbstractValue::NULL)
}
