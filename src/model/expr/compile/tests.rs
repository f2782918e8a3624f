//! Compiles expressions from text and evaluates them.

use super::super::{EvalScope, parse};
use super::*;

/// `n` is 3, `t` is 'vp', `b` is true, `d` is 2026-01-31, `u` is a null number. `j` is the JSON
/// number 12, `k` the JSON text "12.0".
struct EvalTestScope;

impl NameResolver for EvalTestScope {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let known = [
            ("n", ValueType::Number),
            ("t", ValueType::Text),
            ("b", ValueType::Boolean),
            ("d", ValueType::Date),
            ("u", ValueType::Number),
            ("j", ValueType::Json),
            ("k", ValueType::Json),
        ];
        let found = known.iter().position(|(name, _)| path == [*name]);
        let found = found.ok_or_else(|| ExprError::new(span.clone(), "no such name", ""))?;
        Ok(ResolvedName { slot: found as u32, kind: known[found].1 })
    }
}

impl EvalScope for EvalTestScope {
    fn get(&self, slot: u32) -> Value<'_> {
        match slot {
            0 => Value::Number(3.0),
            1 => Value::Text("vp".into()),
            2 => Value::Boolean(true),
            3 => Value::Date(20_484),
            5 => Value::Digits("12"),
            6 => Value::Text("12.0".into()),
            _ => Value::Null,
        }
    }
}

fn check(text: &str, expected: &str) {
    let outcome = parse(text).map_err(|error| vec![error]).and_then(|node| compile(text, &node, &mut EvalTestScope));
    let shown = match outcome {
        Ok((program, _)) => program.eval(&EvalTestScope).to_text().map_or("null".to_owned(), |text| text.into_owned()),
        Err(errors) => errors.iter().map(|e| format!("{:?} {}", e.span, e.message)).collect::<Vec<_>>().join("; "),
    };
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn expressions_mean_what_they_mean_in_sql() {
    for (text, expected) in [
        ("n + 2 * 3 - 1", "8"),
        ("-n - -n", "0"),
        ("n / 0", "null"),
        ("(n + 1) / 8", "0.5"),
        ("n = 3", "true"),
        ("n <> 3 or t = 'vp'", "true"),
        ("not n > 3", "true"),
        ("u > 1", "null"),
        ("u > 1 or b", "true"),
        ("u > 1 and b", "null"),
        ("u > 1 and not b", "false"),
        ("u is null", "true"),
        ("n is not null", "true"),
        ("t in ('cto', 'vp')", "true"),
        ("t not in ('cto', null)", "null"),
        ("n in (1, null, 3)", "true"),
        ("n between 1 and 3", "true"),
        ("n not between 1 and 3", "false"),
        ("t like 'v%'", "true"),
        ("t not like '_'", "true"),
        ("lower('ÄVP')", "Ävp"),
        ("coalesce(u, n, 5)", "3"),
        ("nullif(n, 3)", "null"),
        ("nullif(n, 4)", "3"),
        ("least(4, n, 5)", "3"),
        ("greatest(4, n)", "4"),
        ("greatest(4, u)", "null"),
        ("case when n > 5 then 'a' when b then 'b' else 'c' end", "b"),
        ("case when n > 5 then 1 end", "null"),
        ("d - date '2026-01-01'", "30"),
        ("d >= date '2026-01-31'", "true"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("null", "null"),
        ("b", "true"),
        ("b = true", "true"),
        ("b <> false", "true"),
        ("'it''s'", "it's"),
        ("NOT FALSE AND TRUE", "true"),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_property_becomes_what_it_is_compared_with() {
    for (text, expected) in [
        ("j = 12", "true"),
        ("k = 12", "true"),
        ("j = '12'", "true"),
        ("k = '12'", "false"),
        ("j = k", "true"),
        ("j + k", "24"),
        ("j", "12"),
        ("coalesce(j, 'x')", "12"),
        ("j is null", "false"),
        ("j in ('12')", "true"),
        ("greatest(j, k)", "12"),
    ] {
        check(text, expected);
    }
}

#[test]
fn problems_are_told_with_their_place() {
    for (text, expected) in [
        ("t > 3", "0..5 `t` is text, and `3` is a number"),
        ("n and b", "0..1 `n` is a number, not a condition"),
        ("n > 'a' or t > 1", "0..7 `n` is a number, and `'a'` is text; 11..16 `t` is text, and `1` is a number"),
        ("x = 1 and y = 2", "0..1 no such name; 10..11 no such name"),
        ("n >", "3..3 the expression ends too early"),
        ("n = 1 = 2", "6..7 `=` after a comparison"),
        ("n == 1", "2..4 `==` is no operator of this language"),
        ("foo(n)", "0..3 no function `foo`"),
        ("t like 'a\\%'", "7..12 a backslash in a pattern"),
        ("d + 1", "0..5 a date in arithmetic"),
        ("date '2026-02-30'", "5..17 '2026-02-30' is no date"),
        ("", "0..0 an empty expression"),
        ("'abc", "0..4 a quote ' that is never closed"),
        ("1x", "0..2 `1x` is no number"),
        ("b < true", "0..8 true and false have no order"),
        ("(n", "2..2 the expression ends too early"),
    ] {
        check(text, expected);
    }
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}n{}", "(".repeat(5000), ")".repeat(5000));
    assert!(parse(&deep).is_err());
    let long = vec!["n"; 5000].join(" + ");
    assert!(parse(&long).is_err());
    let wide = vec!["b"; 5000].join(" and ");
    assert!(parse(&wide).is_ok());
}
