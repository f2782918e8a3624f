//! What is left means what was written.

use std::ops::Range;

use super::{
    super::{EvalScope, NameResolver, Program, ResolvedName, ValueType, compile, parse},
    *,
};

fn reduced(text: &str) -> String {
    let known = |path: &[String]| match path.join(".").as_str() {
        "gone" => Some(KnownName::Constant(ExprConstant::Number(0.0))),
        "null_one" => Some(KnownName::Constant(ExprConstant::Null)),
        "never" => Some(KnownName::Constant(ExprConstant::Boolean(false))),
        "segment" => Some(KnownName::OneOf(vec!["small".to_owned()])),
        "feature" => Some(KnownName::Expression("event".to_owned())),
        _ => None,
    };
    match reduce(text, ReductionGoal::Condition, &known).expect("an expression") {
        ReducedExpression::Same => "same".to_owned(),
        ReducedExpression::Constant(value) => format!("{value:?}"),
        ReducedExpression::Text(text) => text,
    }
}

#[test]
fn what_is_known_leaves_an_expression() {
    for (text, left) in [
        ("a >= 1 and b", "same"),
        ("gone >= 1 or a >= 1", "a >= 1"),
        ("gone >= 1 or never", "Boolean(false)"),
        ("null_one > 3 and a", "Null"),
        ("not (never and a) and (b or null_one = 'x' or c)", "b or c"),
        ("(b or null_one = 'x' or c) and a", "(b or c) and a"),
        ("gone + a + b >= 1", "a + b >= 1"),
        ("greatest(gone, a)", "greatest(0, a)"),
        ("greatest(0, a - gone)", "greatest(0, a)"),
        ("coalesce(segment, 'unknown') = 'enterprise' or a", "a"),
        ("segment <> 'large' and a", "segment is not null and a"),
        ("segment in ('small', 'large') and a", "segment in ('small') and a"),
        ("lower(feature) = 'x''y' and a", "lower(event) = 'x''y' and a"),
        ("status is null or null_one is null", "Boolean(true)"),
        ("case when never then 1 when a then 2 else 3 end", "case when a then 2 else 3 end"),
        ("null_one between 1 and 3", "Null"),
        ("a * (gone + 1)", "a * 1"),
        ("-gone < a - (b - gone)", "0 < a - b"),
        ("not (a and never) ", "Boolean(true)"),
        ("gone = 0 and a", "Null"),
        ("gone in (0, 1) and a", "Null"),
        ("gone between 0 and 1 and a", "Null"),
        ("gone not between 1 and 2 and a", "Null"),
        ("not (gone >= 1) and a", "a"),
        ("not (null_one > 3 and a)", "not a"),
        ("not (null_one > 3 or a)", "Null"),
        ("coalesce(null_one > 3 and a, false)", "coalesce(a and null, false)"),
        ("coalesce(null_one, gone) = 0", "Null"),
        ("not (segment = 'large')", "not segment is null"),
        ("segment = 'large' or a", "a"),
        ("segment not in ('large', 'huge')", "segment is not null"),
        ("lower(segment) like 'l%' or a", "a"),
        ("not (gone + 1e-10 > 0) and a", "a"),
        ("5 in (1, null_one) or a", "a"),
        ("5 not in (1, null_one) and a", "Null"),
        ("nullif(gone, 1e-12) is null", "Boolean(true)"),
        ("a / gone > 1 or b", "a / 0 > 1 or b"),
        ("\"Odd name\" = null_one or \"Odd name\" like '%x'", "\"Odd name\" like '%x'"),
    ] {
        assert_eq!(reduced(text), left, "{text}");
    }
}

/// The names of random expressions, with their types; those after the first four are known.
const NAMES: [(&str, ValueType); 8] = [
    ("n", ValueType::Number),
    ("t", ValueType::Text),
    ("b", ValueType::Boolean),
    ("segment", ValueType::Text),
    ("gone", ValueType::Number),
    ("two", ValueType::Number),
    ("null_one", ValueType::Number),
    ("never", ValueType::Boolean),
];

struct RandomNames;

impl NameResolver for RandomNames {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let found = NAMES.iter().position(|(name, _)| path == [*name]);
        let found = found.ok_or_else(|| ExprError::new(span.clone(), "no such name", ""))?;
        Ok(ResolvedName { slot: found as u32, kind: NAMES[found].1 })
    }
}

/// Values of all names.
struct RandomScope([Value<'static>; 8]);

impl EvalScope for RandomScope {
    fn get(&self, slot: u32) -> Value<'_> {
        self.0[slot as usize].as_borrowed()
    }
}

/// Numbers of a linear congruential generator: the same in every run.
struct NumberStream(u64);

impl NumberStream {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    fn number(&mut self, depth: usize) -> String {
        let leaf = ["n", "gone", "two", "null_one", "0", "1", "2", "0.5", "-1", "2.0000000001", "null"];
        if depth == 0 {
            return self.pick(&leaf).to_owned();
        }
        let (a, b) = (self.number(depth - 1), self.number(depth - 1));
        match self.below(9) {
            0 => format!("({a} {} {b})", self.pick(&["+", "-", "*", "/"])),
            1 => format!("coalesce({a}, {b})"),
            2 => format!("{}({a}, {b})", self.pick(&["least", "greatest"])),
            3 => format!("nullif({a}, {b})"),
            4 => format!("case when {} then {a} else {b} end", self.condition(depth - 1)),
            5 => format!("-({a})"),
            _ => self.pick(&leaf).to_owned(),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        let leaf = ["t", "segment", "'small'", "'large'", "'Mid'"];
        match self.below(4) {
            0 if depth > 0 => format!("coalesce({}, {})", self.text(depth - 1), self.text(depth - 1)),
            1 if depth > 0 => format!("lower({})", self.text(depth - 1)),
            _ => self.pick(&leaf).to_owned(),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        let leaf = ["b", "never", "true", "false", "null"];
        if depth == 0 {
            return self.pick(&leaf).to_owned();
        }
        let not = self.pick(&["", "not "]);
        match self.below(13) {
            0 | 1 => format!("({} and {})", self.condition(depth - 1), self.condition(depth - 1)),
            2 | 3 => format!("({} or {})", self.condition(depth - 1), self.condition(depth - 1)),
            4 => format!("not ({})", self.condition(depth - 1)),
            5 => format!("coalesce({}, {})", self.condition(depth - 1), self.condition(depth - 1)),
            6 => format!("{} is {not}null", self.number(depth - 1)),
            7 => {
                let [a, b, c] = [0, 1, 2].map(|_| self.number(depth - 1));
                format!("{a} {not}between {b} and {c}")
            }
            8 => {
                let [a, b, c] = [0, 1, 2].map(|_| self.number(depth - 1));
                format!("{a} {not}in ({b}, {c})")
            }
            9 => {
                let [a, b] = [0, 1].map(|_| self.text(depth - 1));
                format!("{a} {} {b}", self.pick(&["=", "<>", "<", ">="]))
            }
            10 => format!("{} {not}in ('small', 'large')", self.text(depth - 1)),
            11 => format!("{} {not}like '{}'", self.text(depth - 1), self.pick(&["l%", "%a%", "x"])),
            _ => {
                let [a, b] = [0, 1].map(|_| self.number(depth - 1));
                format!("{a} {} {b}", self.pick(&["=", "<>", "<", "<=", ">", ">="]))
            }
        }
    }

    fn scope(&mut self) -> RandomScope {
        let numbers = [Value::Null, Value::Number(0.0), Value::Number(1.0), Value::Number(2.0), Value::Number(-1.0)];
        let texts = [Value::Null, Value::Text("small".into()), Value::Text("large".into()), Value::Text("Mid".into())];
        let truths = [Value::Null, Value::Boolean(true), Value::Boolean(false)];
        let segments = [Value::Null, Value::Text("small".into())];
        RandomScope([
            numbers[self.below(5)].clone(),
            texts[self.below(4)].clone(),
            truths[self.below(3)].clone(),
            segments[self.below(2)].clone(),
            Value::Number(0.0),
            Value::Number(2.0),
            Value::Null,
            Value::Boolean(false),
        ])
    }
}

/// What is known of the names of random expressions.
fn known_of_random(path: &[String]) -> Option<KnownName> {
    let value = match path.join(".").as_str() {
        "segment" => return Some(KnownName::OneOf(vec!["small".to_owned()])),
        "gone" => ExprConstant::Number(0.0),
        "two" => ExprConstant::Number(2.0),
        "null_one" => ExprConstant::Null,
        "never" => ExprConstant::Boolean(false),
        _ => return None,
    };
    Some(KnownName::Constant(value))
}

fn compiled(text: &str) -> Option<Program> {
    compile(text, &parse(text).ok()?, &mut RandomNames).ok().map(|(program, _)| program)
}

/// The program of what is left of a text.
fn compiled_rest(text: &str, goal: ReductionGoal) -> Option<Program> {
    let rest = match reduce(text, goal, &known_of_random).expect("an expression") {
        ReducedExpression::Same => text.to_owned(),
        ReducedExpression::Constant(value) => print::to_text(&ExprNode { kind: value.into(), span: 0..0 }),
        ReducedExpression::Text(rest) => rest,
    };
    compiled(&rest)
}

fn are_same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Number(a), Value::Number(b)) => (a - b).abs() < 1e-9,
        (a, b) => compare_values(a, b).is_some_and(Ordering::is_eq),
    }
}

#[test]
fn what_is_left_comes_to_what_was_written() {
    let mut numbers = NumberStream(11);
    let mut compared = 0;
    for round in 0..12_000 {
        let text = if round % 3 == 0 { numbers.number(3) } else { numbers.condition(3) };
        let (Some(whole), Some(exact)) = (compiled(&text), compiled_rest(&text, ReductionGoal::Value)) else {
            continue;
        };
        let asked = compiled_rest(&text, ReductionGoal::Condition);
        let unseen = text.contains("gone") || text.contains("two");
        for _ in 0..6 {
            let scope = numbers.scope();
            let (value, left) = (whole.eval(&scope), exact.eval(&scope));
            assert!(are_same(&value, &left), "{text}: {value:?}, and what is left, {exact:?}, is {left:?}");
            if let (true, Some(asked)) = (round % 3 > 0, &asked) {
                let (holds, left) = (whole.holds(&scope), asked.holds(&scope));
                assert!(holds || !left, "{text} does not hold, and {asked:?} does");
                assert!(unseen || holds == left, "{text} holds, and {asked:?} does not");
            }
            compared += 1;
        }
    }
    assert!(compared > 40_000, "only {compared} were compared");
}
