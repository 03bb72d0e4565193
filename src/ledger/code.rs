//! Stable names of what can be wrong with a ledger. What a name means in full is explained elsewhere.

use super::LedgerError;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// Stable names of everything that can be wrong with a ledger; programs may rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum LedgerCode {
            $($(#[doc = $doc])+ $name,)+
        }

        impl LedgerCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name, as printed.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }

        impl LedgerError {
            /// Its stable name.
            pub const fn code(&self) -> LedgerCode {
                match self {
                    $(Self::$name { .. } => LedgerCode::$name,)+
                }
            }
        }
    };
}

codes! {
    /// There is none.
    Missing = "ledger_missing",
    /// There is one already.
    AlreadyExists = "ledger_exists",
    /// Another run holds it.
    Busy = "ledger_busy",
    /// Real or simulated, for life.
    WrongKind = "ledger_wrong_kind",
    /// Written by another generation of the program.
    OtherFormat = "ledger_other_format",
    /// The file is no ledger, or no longer one.
    Damaged = "ledger_damaged",
    /// One fact in it cannot be true.
    DamagedRecord = "ledger_damaged_record",
    /// What is recorded is not what was recorded once.
    BrokenChain = "ledger_broken_chain",
    /// It cannot be read just now.
    CannotRead = "ledger_cannot_read",
    /// A write failed.
    CannotWrite = "ledger_cannot_write",
    /// Locks and write order cannot be trusted there.
    NetworkFileSystem = "ledger_network_file_system",
    /// Somebody else has appended to a transfer.
    Conflict = "ledger_conflict",
    /// A fact no reader would accept.
    TooLarge = "ledger_fact_too_large",
}
