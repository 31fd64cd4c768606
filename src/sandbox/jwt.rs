//! JSON Web Tokens signed with HS256, the only algorithm the sandbox issues.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// A signing key of one HMAC block.
pub(super) type Key = [u8; 64];

/// The header names the algorithm and nothing else, as Airbyte's widget tokens do.
const HEADER: &str = r#"{"alg":"HS256"}"#;

/// Signs these claims.
pub(super) fn sign(claims: &Value, key: &Key) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(HEADER),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = URL_SAFE_NO_PAD.encode(mac(&signed, key).finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// The claims of a token that this key signed; expiry is the caller's to judge.
pub(super) fn read(token: &str, key: &Key) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(signed, key).verify_slice(&signature).ok()?;
    let (_, claims) = signed.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn mac(text: &str, key: &Key) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new(&(*key).into());
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_key_that_signed_reads() {
        let token = sign(&json!({"sub": "a"}), &[1; 64]);
        assert_eq!(read(&token, &[1; 64]), Some(json!({"sub": "a"})));
        assert_eq!(read(&token, &[2; 64]), None);
        assert_eq!(read(&token.replace('.', ""), &[1; 64]), None);
        assert_eq!(read("", &[1; 64]), None);
    }

    #[test]
    fn a_changed_claim_breaks_the_signature() {
        let token = sign(&json!({"sub": "a"}), &[1; 64]);
        let other = sign(&json!({"sub": "b"}), &[1; 64]);
        let forged = format!(
            "{}.{}",
            other.rsplit_once('.').unwrap_or_default().0,
            token.rsplit_once('.').unwrap_or_default().1
        );
        assert_eq!(read(&forged, &[1; 64]), None);
    }
}
