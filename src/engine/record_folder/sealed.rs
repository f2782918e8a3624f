//! JSON documents that end with their own checksum.
//!
//! The last key is `sha256`: the SHA-256, in hex, of all bytes of the file before `,"sha256"`. The rest is the same in every file. So each byte
//! is checked. All formats keep this rule and the keys `format` and `needs`, so that an old program can tell a newer record from a damaged one.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::error::{FORMAT, FileFault};
use pql_model::hex;

/// What follows on the checked bytes, up to the digits.
const SEAL: &str = ",\"sha256\":\"";
/// What follows on the digits.
const END: &str = "\"}\n";
/// The digits of a SHA-256 in hex.
const DIGITS: usize = 64;

/// A document with its checksum.
///
/// # Panics
///
/// Never: documents are objects with text for keys.
pub(super) fn seal(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string(document).expect("a document has text keys, so it has a JSON form");
    let closing = text.pop();
    debug_assert_eq!(closing, Some('}'), "a document is an object");
    let digest = hex(&Sha256::digest(text.as_bytes()));
    text.push_str(SEAL);
    text.push_str(&digest);
    text.push_str(END);
    text
}

/// The part of a document that every format has.
#[derive(Deserialize)]
struct FormatProbe {
    format: u32,
    needs: String,
}

/// Reads a document whose checksum holds.
///
/// # Errors
///
/// Damage, or a newer format.
pub(super) fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FileFault> {
    let mut text = checked(bytes)?.to_owned();
    text.push('}');
    let probe: FormatProbe =
        serde_json::from_str(&text).map_err(|_| FileFault::damage("has no `format` and `needs`"))?;
    if probe.format > FORMAT {
        return Err(FileFault::Newer { format: probe.format, needs: probe.needs });
    }
    serde_json::from_str(&text)
        .map_err(|error| FileFault::damage(format!("has another content than its format says ({error})")))
}

/// The checked part of a document.
fn checked(bytes: &[u8]) -> Result<&str, FileFault> {
    let torn = || FileFault::damage("does not end with its own SHA-256, as if it were cut off or changed");
    let text = std::str::from_utf8(bytes).map_err(|_| torn())?;
    let text = text.strip_suffix(END).ok_or_else(torn)?;
    let (before, digits) = text.split_at_checked(text.len().saturating_sub(DIGITS)).ok_or_else(torn)?;
    let content = before.strip_suffix(SEAL).ok_or_else(torn)?;
    if hex(&Sha256::digest(content.as_bytes())) != digits {
        return Err(FileFault::damage("has other bytes than its own SHA-256 says"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_changed_byte_is_found() {
        let document: BTreeMap<&str, &str> = [("format", "x"), ("needs", "é")].into();
        let sealed = seal(&document);
        assert!(checked(sealed.as_bytes()).is_ok());
        for at in 0..sealed.len() {
            for flip in [1, 0x20, 0x80] {
                let mut bytes = sealed.clone().into_bytes();
                bytes[at] ^= flip;
                assert!(checked(&bytes).is_err(), "byte {at} ^ {flip}");
            }
            assert!(checked(&sealed.as_bytes()[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let text = seal(&serde_json::json!({"format": 2, "needs": "0.9.0", "more": [1]}));
        let read: Result<serde_json::Value, FileFault> = unseal(text.as_bytes());
        assert!(matches!(read, Err(FileFault::Newer { format: 2, needs }) if needs == "0.9.0"));
    }
}
