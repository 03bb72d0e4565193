//! Texts and numbers of a job with their patterns. Whether a value is in range is decided where it is resolved,
//! unless a schema can say it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// Campaigns, ids and gateways: safe in file names, globs and `CAMPAIGN/ID`.
pub(in crate::job) const NAME_PATTERN: &str = "^[A-Za-z0-9._-]{1,100}$";
/// What [`NAME_PATTERN`] asks for, in words.
pub(in crate::job) const NAME_EXPECTED: &str = "1 to 100 of the characters A-Z a-z 0-9 . _ -";
pub(in crate::job) const DURATION_PATTERN: &str =
    r"^[0-9]+(\.[0-9]+)? ?(ms|s|min|m|h)( ?[0-9]+(\.[0-9]+)? ?(ms|s|min|m|h))*$";
/// Ages are durations that may be counted in days.
pub(in crate::job) const AGE_PATTERN: &str =
    r"^([0-9]{1,4} ?d|([0-9]{1,4} ?d ?)?[0-9]+(\.[0-9]+)? ?(s|min|m|h)( ?[0-9]+(\.[0-9]+)? ?(s|min|m|h))*)$";
/// RFC 3339 with an offset; the seconds may be left out.
pub(in crate::job) const TIME_PATTERN: &str =
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})$";
/// `ID`, or `CAMPAIGN/ID`.
pub(in crate::job) const KEY_PATTERN: &str = "^([A-Za-z0-9._-]{1,100}/)?[A-Za-z0-9._-]{1,100}$";
/// What [`KEY_PATTERN`] asks for, in words.
pub(in crate::job) const KEY_EXPECTED: &str = "a transfer: `CAMPAIGN/ID`, or `ID` in this campaign";
pub(in crate::job) const ENERGY_PATTERN: &str = r"^[0-9]+(\.[0-9]+)? ?(Wh|kWh|MWh|GWh)$";
pub(in crate::job) const POWER_PATTERN: &str = r"^[0-9]+(\.[0-9]+)? ?(VA|kVA|MVA|GVA)$";
/// A port of Unix by its whole path, or one of Windows.
pub(in crate::job) const DEVICE_PATTERN: &str = r"^(/[^\s/][^\s]{0,253}|(\\\\\.\\)?[Cc][Oo][Mm][0-9]{1,3})$";
pub(in crate::job) const HOST_PATTERN: &str = r"^[A-Za-z0-9._:%-]{1,253}$";

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $pattern:expr, $expected:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(transparent)]
        pub(in crate::job) struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "errorMessage": $expected })
            }
        }
    };
}

text!(
    /// The name of a campaign, transfer or gateway.
    Name, NAME_PATTERN, NAME_EXPECTED
);
text!(
    /// A duration with its unit.
    DurationText, DURATION_PATTERN, "a duration with its unit: 500ms, 2s, 1min 30s, 1h"
);
text!(
    /// How old something may be.
    AgeText, AGE_PATTERN, "an age with its unit: 90min, 24h, 7d"
);
text!(
    /// A time with its offset from UTC.
    TimeText, TIME_PATTERN, "a time with its offset from UTC: 2026-07-14T09:30:00+02:00"
);
text!(
    /// An energy with its unit.
    EnergyText, ENERGY_PATTERN, "an energy with its unit: 500 Wh, 1 kWh, 1.5 MWh"
);
text!(
    /// An apparent power with its unit.
    PowerText, POWER_PATTERN, "an apparent power with its unit: 800 VA, 250 kVA, 1.5 MVA"
);
text!(
    /// A host name or IP address.
    HostText, HOST_PATTERN, "a host name or an IP address: 10.20.1.5, meter-12.example"
);
text!(
    /// A serial port.
    DeviceText, DEVICE_PATTERN, "a serial port: /dev/ttyUSB0, /dev/serial/by-id/usb-..., COM3"
);
text!(
    /// A path relative to the file that names it.
    FileText, "^.{1,4096}$", "a file, relative to this one"
);

/// The version of the job format.
pub(in crate::job) struct Version;

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "const": 1, "errorMessage": "the version of the job format: 1" })
    }
}
