//! Time zones by name, with the rules by which their clocks are set. Knows no file of a job and no clock of its own.

use std::{fmt, sync::Arc};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time zone of the IANA database. Two are equal if their names are.
#[derive(Debug, Clone)]
pub struct Zone {
    name: Arc<str>,
    rules: TimeZone,
}

impl Zone {
    /// The zone of this name (`Europe/Berlin`), upper and lower case alike: from the system's time zone database, or
    /// from the one that is built in where the system has none, or has not this one.
    pub fn named(name: &str) -> Option<Self> {
        let rules = jiff::tz::db().get(name).or_else(|_| TimeZoneDatabase::bundled().get(name)).ok()?;
        let known = rules.iana_name().filter(|_| !rules.is_unknown())?;
        Some(Self { name: known.into(), rules: rules.clone() })
    }

    /// Every name there is, in the database that is built in.
    pub fn names() -> Vec<String> {
        TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When its clocks show what.
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Zone {
    /// Takes any name: a record must stay readable on a machine that does not know the zone. No run acts on a zone
    /// out of a record.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <Arc<str>>::deserialize(deserializer)?;
        Ok(Self::named(&name).unwrap_or(Self { name, rules: TimeZone::unknown() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name_and_nothing_else_is_one() {
        assert_eq!(Zone::named("europe/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::named("UTC").unwrap().name(), "UTC");
        for no_zone in ["", "Berlin", "CEST", "+02:00", "Etc/Unknown", "../../etc/passwd"] {
            assert_eq!(Zone::named(no_zone), None, "{no_zone:?}");
        }
    }

    #[test]
    fn a_record_with_a_zone_that_is_not_known_any_more_stays_readable() {
        let zone: Zone = serde_json::from_str("\"Mars/Olympus_Mons\"").unwrap();
        assert_eq!(serde_json::to_string(&zone).unwrap(), "\"Mars/Olympus_Mons\"");
    }
}
