//! Scalar values: words, numbers, and the escapes of texts.

use super::{
    JsonError, JsonKind,
    bytes::{BITS, chunk_at},
    scan::JsonScanner,
};
use crate::ids::digits_of_number;

impl JsonScanner<'_> {
    #[inline(never)]
    pub(super) fn word(&mut self, line: &str, at: usize, word: &str, kind: JsonKind) -> usize {
        if !line.as_bytes()[at..].starts_with(word.as_bytes()) {
            return self.fail(JsonError::Syntax(at));
        }
        self.word_end(at + word.len(), kind)
    }

    #[inline(never)]
    pub(super) fn number(&mut self, bytes: &[u8], start: usize, hashed: bool) -> usize {
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let first = start + usize::from(bytes.get(start) == Some(&b'-'));
        let mut at = if bytes.get(first) == Some(&b'0') { first + 1 } else { digits(first) };
        if at == first {
            return self.fail(JsonError::Syntax(first));
        }
        let whole_end = at;
        if bytes.get(at) == Some(&b'.') {
            let fraction = at + 1;
            at = digits(fraction);
            if at == fraction {
                return self.fail(JsonError::Syntax(at));
            }
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let exponent = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            at = digits(exponent);
            if at == exponent {
                return self.fail(JsonError::Syntax(at));
            }
        }
        self.kind = JsonKind::Number;
        if hashed {
            // Equal numbers must hash alike, so other spellings than plain digits are normalised.
            let plain = at == whole_end && (first == start || bytes.get(first) != Some(&b'0'));
            self.value_hash = match chunk_at(bytes, start) {
                _ if !plain => self.hash_of_value(&bytes[start..at]),
                Some(chunk) if at - start < chunk.len() => {
                    self.hash_short(JsonKind::Number, at - start, u128::from_le_bytes(*chunk) & BITS[at - start])
                }
                _ => self.hash_bytes(JsonKind::Number, &bytes[start..at]),
            };
        }
        at
    }

    /// The hash of a number's value. The spelling does not matter.
    #[cold]
    fn hash_of_value(&self, number: &[u8]) -> u64 {
        let number = std::str::from_utf8(number).expect("a number is ASCII");
        self.hash_bytes(JsonKind::Number, digits_of_number(number).as_bytes())
    }

    #[cold]
    pub(super) fn escape(&mut self, bytes: &[u8], start: usize) -> usize {
        self.escaped = true;
        match bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => start + 2,
            Some(b'u') => self.code(bytes, start),
            _ => self.fail(JsonError::Syntax(start)),
        }
    }

    /// Validates a `\u` escape, or the two that form a surrogate pair.
    fn code(&mut self, bytes: &[u8], start: usize) -> usize {
        let hex4 = |at: usize| {
            let mut code = 0;
            for at in at..at + 4 {
                let digit = bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16)).ok_or(at)?;
                code = code * 16 + digit;
            }
            Ok(code)
        };
        let first = match hex4(start + 2) {
            Ok(first) => first,
            Err(at) => return self.fail(JsonError::Syntax(at)),
        };
        if !(0xD800..0xE000).contains(&first) {
            return start + 6;
        }
        if first < 0xDC00 && bytes.get(start + 6..start + 8) == Some(b"\\u") {
            match hex4(start + 8) {
                Ok(0xDC00..0xE000) => return start + 12,
                Ok(_) => {}
                Err(at) => return self.fail(JsonError::Syntax(at)),
            }
        }
        self.fail(JsonError::LoneSurrogate(start))
    }
}
