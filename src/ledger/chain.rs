//! The chain over all facts of a ledger: each has a digest of itself and of the digest before, the first of what
//! the ledger says of itself. Whoever keeps one [`Head`] elsewhere can tell later that nothing up to it was
//! changed, dropped, inserted or put in another order. Pure; knows nothing of files and of what a fact means.
//!
//! A digest is SHA-256 (FIPS 180-4) over the digest before, 32 bytes, and the fields of the row, each with its
//! length in bytes before it as a 64-bit big-endian number, so that nothing can be shifted from one to the next.
//! Numbers are hashed as decimal text.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::{
    Kind,
    format::{FORMAT_VERSION, StoredFact},
};

/// What stands before the first digest, so that no text of another kind has one of ours.
const TAG: &str = "meterferry ledger";

/// A SHA-256 digest; as text, 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of the row that follows this one.
    pub(super) fn then(self, campaign: &str, transfer: &str, row: &StoredFact<'_>) -> Self {
        let (seq, version) = (row.seq.to_string(), row.version.to_string());
        let fields = [campaign, transfer, &seq, row.at, row.run, row.kind, &version, row.fact];
        Self(over(Sha256::new_with_prefix(self.0), &fields))
    }
}

fn over(mut hash: Sha256, fields: &[&str]) -> [u8; 32] {
    for field in fields {
        let length = u64::try_from(field.len()).expect("a text in memory");
        hash.update(length.to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().into()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no SHA-256 digest of 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How far a ledger has come: as text, `12345:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Head {
    /// Facts in it, of all transfers: the place of the last one in the chain.
    pub facts: u64,
    /// The digest of the last one; of a new ledger, that of its [`Origin`].
    pub digest: Digest,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.facts, self.digest)
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (facts, digest) = text
            .split_once(':')
            .ok_or_else(|| format!("{text:?} is no NUMBER:DIGEST, as a run prints it"))?;
        let facts = facts.parse().map_err(|_| format!("{facts:?} is no number of facts"))?;
        Ok(Self { facts, digest: digest.parse()? })
    }
}

/// What a ledger says of itself: where its chain begins. No two ledgers have the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Of real meters or of simulated ones.
    pub kind: Kind,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// 32 hexadecimal digits, made up when it was made.
    pub id: String,
    /// Version of the program that made it.
    pub tool_version: String,
}

impl Origin {
    /// The head of the ledger while it is empty.
    pub fn head(&self) -> Head {
        let format = FORMAT_VERSION.to_string();
        let fields = [TAG, &format, self.kind.word(), &self.created_at, &self.id, &self.tool_version];
        Head { facts: 0, digest: Digest(over(Sha256::new(), &fields)) }
    }
}

/// A row of the ledger in its place in the chain.
#[derive(Debug, Clone, Copy)]
pub struct ChainedFact<'a> {
    /// 1 for the first fact of the ledger, of whichever transfer; then without gaps.
    pub number: u64,
    /// Its digest, found to be right.
    pub digest: Digest,
    /// Campaign.
    pub campaign: &'a str,
    /// Id of the transfer in the campaign.
    pub transfer: &'a str,
    /// Number of the fact within its transfer.
    pub seq: i64,
    /// When it was recorded, RFC 3339.
    pub at: &'a str,
    /// Which run recorded it.
    pub run: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Version of its text.
    pub version: i64,
    /// Its text, JSON, as it is stored.
    pub fact: &'a str,
}

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The place in the chain.
    pub number: u64,
    /// Campaign of the row that stands there, as far as it can be read.
    pub campaign: Option<String>,
    /// Id of its transfer.
    pub transfer: Option<String>,
    /// Its number within the transfer.
    pub seq: Option<i64>,
    /// What is wrong with it.
    pub what: String,
    /// The digest that follows from the row and the one before.
    pub expected: Option<Digest>,
    /// The digest that stands in the row.
    pub found: Option<String>,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fact {} of the ledger", self.number)?;
        if let (Some(campaign), Some(transfer), Some(seq)) = (&self.campaign, &self.transfer, self.seq) {
            // Whoever changed the file may have put anything there, a terminal's control codes too.
            let (campaign, transfer) = (campaign.escape_debug(), transfer.escape_debug());
            write!(f, " ({campaign}/{transfer}, its fact {seq})")?;
        }
        write!(f, ": {}", self.what)?;
        if let (Some(expected), Some(found)) = (&self.expected, &self.found) {
            write!(f, "; expected {expected}, found {}", found.escape_debug())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: StoredFact<'_> =
        StoredFact { seq: 1, at: "2026-01-01T00:00:00Z", run: "r", kind: "fenced", version: 1, fact: "{}" };

    fn origin() -> Origin {
        Origin {
            kind: Kind::Real,
            created_at: "2026-01-01T00:00:00Z".into(),
            id: "0".repeat(32),
            tool_version: "0.1.0".into(),
        }
    }

    #[test]
    fn every_word_of_the_origin_and_every_field_of_a_row_counts_and_none_can_be_shifted() {
        let mut seen = std::collections::HashSet::new();
        let mut new = |digest: Digest| assert!(seen.insert(digest), "{digest} twice");
        new(origin().head().digest);
        new(Origin { kind: Kind::Simulated, ..origin() }.head().digest);
        new(Origin { created_at: "2026-01-01T00:00:01Z".into(), ..origin() }.head().digest);
        new(Origin { id: "1".repeat(32), ..origin() }.head().digest);
        new(Origin { tool_version: "0.1.1".into(), ..origin() }.head().digest);
        let first = origin().head().digest;
        let rows = [
            ROW,
            StoredFact { seq: 2, ..ROW },
            StoredFact { at: "", ..ROW },
            StoredFact { run: "rf", kind: "enced", ..ROW },
            StoredFact { kind: "looked", ..ROW },
            StoredFact { version: 2, ..ROW },
            StoredFact { fact: "{ }", ..ROW },
        ];
        for row in rows {
            new(first.then("c", "t", &row));
        }
        new(first.then("ct", "", &ROW));
        new(first.then("", "ct", &ROW));
        new(first.then("c", "t", &ROW).then("c", "t", &ROW));
    }

    #[test]
    fn the_digest_of_a_known_row_never_changes() {
        // Computed apart, with Python's hashlib, from the words at the head of this file.
        let first = origin().head();
        assert_eq!(first.to_string(), ORIGIN);
        assert_eq!(first.digest.then("c", "t", &ROW).to_string(), FIRST);
    }
    const ORIGIN: &str = "0:b705a10d3f9db7cf7a82f3f81dcb7cd6d332e9bdc999a534f908f005c3dacd9e";
    const FIRST: &str = "002a92eeac122bdcf656f857e47fd86e805e988140320f008996daea2637538f";

    #[test]
    fn a_head_reads_as_it_is_written_and_nothing_else_does() {
        let head = Head { facts: 12_345, ..origin().head() };
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(head.to_string().to_uppercase().parse(), Ok(head));
        for wrong in ["", "12", "12:", ":ab", "x:ab", "12:ab", "-1:ab"] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
        assert!(format!("1:{}", "é".repeat(32)).parse::<Head>().is_err());
    }
}
