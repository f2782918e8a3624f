//! Evaluates an expression with a function that gives the values of names.

use super::clock::days_between;
use super::expr::Expr;
use super::value::{Kind, Value, compare};
use std::cmp::Ordering;

/// The function that gives the value of a name.
pub type Names<'a> = dyn Fn(&[String]) -> Value + 'a;

/// True if the condition is true; false if it is false or null.
pub fn holds(expr: &Expr, names: &Names) -> bool {
    truth(expr, names) == Some(true)
}

fn truth(expr: &Expr, names: &Names) -> Option<bool> {
    eval(expr, names).boolean()
}

pub fn eval(expr: &Expr, names: &Names) -> Value {
    match expr {
        Expr::Name(parts) => names(parts),
        Expr::Literal(value) => value.clone(),
        Expr::Minus(inner) => number(eval(inner, names).num().map(|n| -n)),
        Expr::Not(inner) => boolean(truth(inner, names).map(|b| !b)),
        Expr::And(a, b) => boolean(and(truth(a, names), truth(b, names))),
        Expr::Or(a, b) => boolean(or(truth(a, names), truth(b, names))),
        Expr::Compare(operator, a, b) => boolean(test(operator, &eval(a, names), &eval(b, names))),
        Expr::Arithmetic(operator, a, b) => arithmetic(*operator, &eval(a, names), &eval(b, names)),
        Expr::In(a, list) => {
            let a = eval(a, names);
            let found = list.iter().map(|item| test("=", &a, &eval(item, names))).fold(Some(false), or);
            boolean(found)
        }
        Expr::Between(a, low, high) => {
            let a = eval(a, names);
            boolean(and(test(">=", &a, &eval(low, names)), test("<=", &a, &eval(high, names))))
        }
        Expr::Like(a, pattern) => boolean(eval(a, names).text().map(|text| {
            let text: Vec<char> = text.chars().collect();
            let pattern: Vec<char> = pattern.chars().collect();
            like(&text, &pattern)
        })),
        Expr::IsNull(a) => Value::Bool(eval(a, names).is_null()),
        Expr::Case(branches, otherwise) => {
            for (condition, result) in branches {
                if holds(condition, names) {
                    return eval(result, names).settle(kind(expr));
                }
            }
            otherwise.as_ref().map_or(Value::Null, |e| eval(e, names).settle(kind(expr)))
        }
        Expr::Call(function, arguments) => call(expr, function, arguments, names),
    }
}

fn call(expr: &Expr, function: &str, arguments: &[Expr], names: &Names) -> Value {
    let mut values = arguments.iter().map(|a| eval(a, names).settle(kind(expr)));
    match function {
        "coalesce" => values.find(|v| !v.is_null()).unwrap_or(Value::Null),
        "least" => choose(values.collect(), Ordering::Less),
        "greatest" => choose(values.collect(), Ordering::Greater),
        "nullif" => {
            let (a, b) = (eval(&arguments[0], names), eval(&arguments[1], names));
            if test("=", &a, &b) == Some(true) { Value::Null } else { a }
        }
        "lower" => eval(&arguments[0], names).text().map_or(Value::Null, |t| Value::Text(t.to_ascii_lowercase())),
        other => panic!("unknown function {other}"),
    }
}

/// The least or the greatest value; null if any value is null.
fn choose(values: Vec<Value>, wanted: Ordering) -> Value {
    if values.iter().any(Value::is_null) {
        return Value::Null;
    }
    let mut best = values[0].clone();
    for value in &values[1..] {
        let order = match (value, &best) {
            (Value::Num(a), Value::Num(b)) => a.total_cmp(b),
            (a, b) => compare(a, b).expect("neither is null"),
        };
        if order == wanted {
            best = value.clone();
        }
    }
    best
}

/// The type of an expression, as far as its text shows. Names of properties have none.
fn kind(expr: &Expr) -> Option<Kind> {
    match expr {
        Expr::Name(parts) if parts == &["event"] => Some(Kind::Text),
        Expr::Name(_) => None,
        Expr::Literal(Value::Num(_)) | Expr::Minus(_) | Expr::Arithmetic(..) => Some(Kind::Num),
        Expr::Literal(Value::Text(_)) => Some(Kind::Text),
        Expr::Literal(Value::Date(_)) => Some(Kind::Date),
        Expr::Literal(Value::Null | Value::Prop(_)) => None,
        Expr::Literal(Value::Bool(_))
        | Expr::Not(_)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Compare(..)
        | Expr::In(..)
        | Expr::Between(..)
        | Expr::Like(..)
        | Expr::IsNull(_) => Some(Kind::Bool),
        Expr::Case(branches, otherwise) => {
            let results = branches.iter().map(|(_, result)| result);
            results.chain(otherwise.as_deref()).find_map(kind)
        }
        Expr::Call(function, arguments) => match function.as_str() {
            "lower" => Some(Kind::Text),
            "nullif" => kind(&arguments[0]),
            _ => arguments.iter().find_map(kind),
        },
    }
}

fn test(operator: &str, a: &Value, b: &Value) -> Option<bool> {
    let order = compare(a, b)?;
    Some(match operator {
        "=" => order == Ordering::Equal,
        "<>" => order != Ordering::Equal,
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        other => panic!("unknown operator {other}"),
    })
}

fn arithmetic(operator: char, a: &Value, b: &Value) -> Value {
    if let (Value::Date(a), '-', Value::Date(b)) = (a, operator, b) {
        return Value::Num(days_between(*b, *a) as f64);
    }
    let (Some(x), Some(y)) = (a.num(), b.num()) else {
        return Value::Null;
    };
    number(match operator {
        '+' => Some(x + y),
        '-' => Some(x - y),
        '*' => Some(x * y),
        '/' if y == 0.0 => None,
        '/' => Some(x / y),
        other => panic!("unknown operator {other}"),
    })
}

fn number(n: Option<f64>) -> Value {
    n.filter(|n| n.is_finite()).map_or(Value::Null, Value::Num)
}

fn boolean(b: Option<bool>) -> Value {
    b.map_or(Value::Null, Value::Bool)
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Matches a pattern: `%` stands for any text, `_` for one character.
fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        Some((c, rest)) => {
            text.split_first().is_some_and(|(first, others)| (*c == '_' || c == first) && like(others, rest))
        }
    }
}
