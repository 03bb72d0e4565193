//! What is wrong with a job, where, and what to do: plain values that can be printed or serialised.
//!
//! Knows nothing of YAML, schemas or meters.

use std::{fmt, sync::Arc};

use serde::Serialize;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The job cannot be used.
    Error,
    /// The job can be used, but something in it is probably not meant.
    Warning,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// Stable names of everything that can be wrong; programs may rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name, as printed and serialised.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// A path argument that does not exist.
    PathNotFound = "path_not_found",
    /// A file or folder that exists and cannot be read.
    PathUnreadable = "path_unreadable",
    /// A folder without a job file.
    NoJobFiles = "no_job_files",
    /// A file over 64 MiB.
    FileTooLarge = "file_too_large",
    /// Bytes that are not UTF-8.
    NotUtf8 = "not_utf8",
    /// A file without content.
    EmptyFile = "empty_file",
    /// Text that is not YAML.
    YamlSyntax = "yaml_syntax",
    /// A tab where YAML wants spaces.
    TabIndentation = "tab_indentation",
    /// More than one YAML document in a file.
    SeveralDocuments = "several_documents",
    /// Lists and maps nested too deeply.
    TooDeep = "too_deep",
    /// Aliases that repeat too much.
    TooManyAliases = "too_many_aliases",
    /// More entries than a job file may have.
    TooManyEntries = "too_many_entries",
    /// A YAML tag that means nothing here.
    UnsupportedTag = "unsupported_tag",
    /// A key given twice in one map.
    DuplicateKey = "duplicate_key",
    /// A key nobody knows.
    UnknownKey = "unknown_key",
    /// A required key that is not there.
    MissingKey = "missing_key",
    /// A key without a value.
    NoValue = "no_value",
    /// A list where a map is wanted, text where a number is wanted, and so on.
    WrongType = "wrong_type",
    /// `yes`, `no`, `on`, `off` without quotes.
    AmbiguousBoolean = "ambiguous_boolean",
    /// A number that begins with 0.
    LeadingZero = "leading_zero",
    /// A `version` this program does not know.
    UnsupportedVersion = "unsupported_version",
    /// A word that is none of the allowed ones.
    UnknownChoice = "unknown_choice",
    /// A number outside its range.
    OutOfRange = "out_of_range",
    /// A unit outside 1–247.
    UnitOutOfRange = "unit_out_of_range",
    /// A port outside 1–65535.
    PortOutOfRange = "port_out_of_range",
    /// A serial number that cannot be one.
    BadSerialNumber = "bad_serial_number",
    /// A name or id with characters it may not have.
    BadName = "bad_name",
    /// A host that cannot be one.
    BadHost = "bad_host",
    /// An empty list of transfers.
    NoTransfers = "no_transfers",
    /// A meter family nobody knows.
    UnknownModel = "unknown_model",
    /// A meter family that uses another mechanism.
    UnsupportedModel = "unsupported_model",
    /// A meter family that can only be a source.
    NotATarget = "not_a_target",
    /// A key that does not go with the gateway's transport.
    KeyNotForTransport = "key_not_for_transport",
    /// Text that is no serial port.
    BadDevice = "bad_device",
    /// Text that is no duration.
    BadDuration = "bad_duration",
    /// A duration outside its range.
    DurationOutOfRange = "duration_out_of_range",
    /// Text that is no energy.
    BadEnergy = "bad_energy",
    /// An energy outside its range.
    EnergyOutOfRange = "energy_out_of_range",
    /// Text that is no apparent power.
    BadPower = "bad_power",
    /// An apparent power outside its range.
    PowerOutOfRange = "power_out_of_range",
    /// A gateway name that is not defined.
    UnknownGateway = "unknown_gateway",
    /// An endpoint with both a gateway and an address.
    TwoAddresses = "two_addresses",
    /// An endpoint without a way in.
    NoAddress = "no_address",
    /// One gateway name with two definitions.
    GatewayRedefined = "gateway_redefined",
    /// One gateway address with two settings.
    GatewaySettingsConflict = "gateway_settings_conflict",
    /// One gateway address under two names (a warning).
    GatewayTwoNames = "gateway_two_names",
    /// A gateway nobody uses (a warning).
    UnusedGateway = "unused_gateway",
    /// An included file that does not exist.
    IncludeNotFound = "include_not_found",
    /// An included file that holds more than gateways and defaults.
    IncludeNotAllowed = "include_not_allowed",
    /// A file that includes itself, or the same file twice.
    IncludeRepeated = "include_repeated",
    /// A file of gateways and defaults that no job includes (a warning).
    UnusedInclude = "unused_include",
    /// A transfer id used twice.
    DuplicateId = "duplicate_id",
    /// A meter that is the target of two transfers.
    TargetTwice = "target_twice",
    /// A meter that is the source of two transfers.
    SourceTwice = "source_twice",
    /// A meter that is the source of one transfer and the target of another.
    SourceAndTarget = "source_and_target",
    /// One meter at both ends of a transfer.
    SourceIsTarget = "source_is_target",
    /// Two meters at one address.
    SharedAddress = "shared_address",
    /// Transfers of two campaigns with one target, in no order.
    TargetOfTwoCampaigns = "target_of_two_campaigns",
    /// A transfer that is to follow itself.
    AfterItself = "after_itself",
    /// Text that is no time.
    BadTime = "bad_time",
    /// Registers that no meter shows.
    BadRegisters = "bad_registers",
    /// A map of energies that gives none.
    NoEnergies = "no_energies",
    /// A range that nothing can be in.
    EmptyRange = "empty_range",
    /// A source that is both a meter on the wire and readings in the job, or two kinds of readings.
    TwoSources = "two_sources",
    /// A window that never opens, or that says nothing.
    BadWindow = "bad_window",
    /// A time zone nobody knows.
    UnknownZone = "unknown_zone",
    /// Something that can only be done with a pinned serial number.
    NeedsSerialNumber = "needs_serial_number",
    /// A spreadsheet that does not exist.
    SheetNotFound = "sheet_not_found",
    /// A spreadsheet that is no CSV text.
    NotCsv = "not_csv",
    /// A spreadsheet without a row below its header.
    SheetEmpty = "sheet_empty",
    /// More rows, columns or bytes than spreadsheets of a job may have.
    SheetTooLarge = "sheet_too_large",
    /// A column name that the spreadsheet's header does not have.
    UnknownColumn = "unknown_column",
    /// A column name that the spreadsheet's header has twice.
    DuplicateColumn = "duplicate_column",
    /// A key under `columns` that no cell can fill.
    BadColumnKey = "bad_column_key",
    /// A row with more or fewer cells than the header.
    RowLength = "row_length",
    /// A quote in a spreadsheet that is not closed, or closed too early.
    BadQuotes = "bad_quotes",
    /// A cell that a spreadsheet program has changed: exponents, thousands separators, dates, errors.
    DamagedCell = "damaged_cell",
    /// A cell that holds a formula instead of its value.
    FormulaCell = "formula_cell",
    /// A cell of the wrong type.
    BadCell = "bad_cell",
    /// A cell that must not be empty.
    EmptyCell = "empty_cell",
    /// A number with more digits than spreadsheets keep (a warning).
    LongNumber = "long_number",
    /// A snapshot that does not exist, or no snapshot of the meter in the folder.
    SnapshotNotFound = "snapshot_not_found",
    /// A snapshot, or a folder of them, that exists and cannot be read.
    SnapshotUnreadable = "snapshot_unreadable",
    /// A file that is no snapshot, or is not as it was written.
    SnapshotDamaged = "snapshot_damaged",
    /// A snapshot of another meter than the job says.
    SnapshotOfAnother = "snapshot_of_another",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in a file.
#[derive(Debug, Clone, Serialize)]
pub struct Spot {
    /// The file as it was named; `<stdin>` for standard input.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// In a spreadsheet, the name at the head of its column.
    #[serde(rename = "column_name", skip_serializing_if = "Option::is_none")]
    pub header: Option<Arc<str>>,
    /// Byte offset in the text.
    #[serde(skip)]
    pub(super) offset: usize,
    /// Bytes to underline.
    #[serde(skip)]
    pub(super) len: usize,
    /// The whole text, for the snippet.
    #[serde(skip)]
    pub(super) text: Arc<str>,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Another place that matters.
#[derive(Debug, Clone, Serialize)]
pub struct Related {
    /// Where.
    #[serde(flatten)]
    pub at: Spot,
    /// What is there.
    pub label: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Its stable name.
    pub code: Code,
    /// What was read, and why it cannot be.
    pub message: String,
    /// Where; nothing for a path that could not be read at all.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub at: Option<Spot>,
    /// What was expected at that place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Other places that matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// What to do next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub(super) fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            at: None,
            expected: None,
            related: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// A warning without a place.
    pub(super) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Where it is.
    pub(super) fn at(mut self, spot: Spot) -> Self {
        self.at = Some(spot);
        self
    }

    /// What was expected there.
    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Another place that matters.
    pub(super) fn related(mut self, at: Spot, label: impl Into<String>) -> Self {
        self.related.push(Related { at, label: label.into() });
        self
    }

    /// What to do next.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_of_a_code_is_the_serialised_one() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
