//! Ids and secrets: random, or the same every run under a seed.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// What every thing in the world is known by: a UUID, lower case on the wire, read in any form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Id(Uuid);

impl Id {
    /// For a thing that has none yet.
    pub(super) const NONE: Self = Self(Uuid::nil());

    /// Some of its bits, as a seed for what is made up about the thing.
    pub(super) fn number(self) -> u64 {
        self.0.as_u64_pair().0
    }

    /// Its digits without the hyphens between them.
    pub(super) fn digits(self) -> String {
        self.0.simple().to_string()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Letters and digits, as in the client secrets an account receives.
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The alphabet of an AWS access key id after its prefix.
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The source of everything that is random in a sandbox.
pub(super) struct Ids {
    seed: Option<Uuid>,
    made: HashMap<String, u32>,
}

impl Ids {
    pub(super) fn new(seed: Option<u64>) -> Self {
        Self {
            seed: seed.map(|seed| {
                Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("sandbox {seed}").as_bytes())
            }),
            made: HashMap::new(),
        }
    }

    /// An id for the next thing of this kind and name. Under a seed it depends on nothing else, so
    /// that the order in which concurrent requests arrive does not show.
    pub(super) fn make(&mut self, kind: &str, name: &str) -> Id {
        let Some(seed) = self.seed else {
            return Id(Uuid::new_v4());
        };
        let ordinal = self.made.entry(format!("{kind}/{name}")).or_insert(0);
        *ordinal += 1;
        Id(Uuid::new_v5(
            &seed,
            format!("{kind}/{ordinal}/{name}").as_bytes(),
        ))
    }

    /// 64 bytes: one HMAC block.
    pub(super) fn bytes(&mut self, kind: &str) -> [u8; 64] {
        let mut bytes = [0; 64];
        for chunk in bytes.chunks_exact_mut(16) {
            chunk.copy_from_slice(self.make(kind, "").0.as_bytes());
        }
        bytes
    }

    /// 40 letters and digits.
    pub(super) fn client_secret(&mut self) -> String {
        self.spell("client secret", ALPHANUMERIC, 40)
    }

    /// `AKIA` and 16 more.
    pub(super) fn access_key_id(&mut self) -> String {
        format!("AKIA{}", self.spell("access key", UPPER, 16))
    }

    /// 40 characters, always with a `/` and a `+`: the two that careless quoting breaks.
    pub(super) fn secret_access_key(&mut self) -> String {
        let (head, middle, tail) = (
            self.spell("secret key", ALPHANUMERIC, 9),
            self.spell("secret key", ALPHANUMERIC, 14),
            self.spell("secret key", ALPHANUMERIC, 15),
        );
        format!("{head}/{middle}+{tail}")
    }

    fn spell(&mut self, kind: &str, alphabet: &[u8], length: usize) -> String {
        self.bytes(kind)
            .iter()
            .take(length)
            .filter_map(|byte| alphabet.get(usize::from(*byte) % alphabet.len()))
            .map(|byte| char::from(*byte))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_ids_whatever_the_order() {
        let (mut one, mut two) = (Ids::new(Some(7)), Ids::new(Some(7)));
        let (a, b) = (one.make("workspace", "a"), one.make("workspace", "b"));
        assert_eq!(two.make("workspace", "b"), b);
        assert_eq!(two.make("workspace", "a"), a);
        assert_ne!(
            one.make("workspace", "a"),
            a,
            "a second one of a name differs"
        );
        assert_ne!(Ids::new(Some(8)).make("workspace", "a"), a);
        assert_ne!(Ids::new(None).make("x", ""), Ids::new(None).make("x", ""));
    }

    #[test]
    fn secrets_have_the_shape_of_real_ones() {
        let mut ids = Ids::new(None);
        assert_eq!(ids.client_secret().len(), 40);
        assert_eq!(ids.access_key_id().len(), 20);
        let secret = ids.secret_access_key();
        assert_eq!(secret.len(), 40);
        assert!(secret.contains('/') && secret.contains('+'));
    }
}
