//! Where each model keeps what: the simulator's own copy of the register map (DOMAIN.md §1–§4).
//! Knows nothing of values, frames or time.

use std::ops::RangeInclusive;

use serde::Serialize;

/// Accumulated energies of a meter.
pub(super) const QUANTITIES: usize = 7;
/// Registers they take up, four each.
pub(super) const WORDS: usize = 4 * QUANTITIES;

/// The only command a client may ever give: preset the accumulated energies.
pub(super) const PRESET: u16 = 6209;
/// Writing here starts a command.
pub(super) const COMMAND: u16 = 8000;
/// Holds the register in which the command code is given back.
pub(super) const CODE_POINTER: u16 = 8017;
/// Holds the register in which the result is given back.
pub(super) const RESULT_POINTER: u16 = 8018;
/// Holds the first register of the command's data.
pub(super) const DATA_POINTER: u16 = 8019;
/// Where the maker's procedure lets the result be put.
pub(super) const RESULT: u16 = 8021;
/// Where the maker's procedure lets the data begin.
pub(super) const DATA: u16 = 8022;
/// The command interface and its user area.
pub(super) const MAILBOX: RangeInclusive<u16> = 8000..=8149;
/// The part that pointers may point into.
pub(super) const USER_AREA: RangeInclusive<u16> = 8020..=8149;
/// PM800: a second command interface that gives 6209 another meaning.
pub(super) const PM800_OTHER_COMMAND: u16 = 4126;

/// A family of meters with one register map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Model {
    /// Energies at 1601–1628 in an order of its own, no command interface.
    Cm2000,
    /// Energies at 1700–1727.
    Cm3000,
    /// Energies at 1700–1727.
    Cm4000,
    /// Energies at 1700–1727; function 04 reads like 03.
    Pm800,
}

impl Model {
    /// First register of the energies.
    pub(super) fn energies_at(self) -> u16 {
        match self {
            Self::Cm2000 => 1601,
            Self::Cm3000 | Self::Cm4000 | Self::Pm800 => 1700,
        }
    }

    /// Which quantity (in the order of 1700–1727) each group of four registers holds.
    pub(super) fn order(self) -> [usize; QUANTITIES] {
        match self {
            Self::Cm2000 => [0, 1, 2, 3, 6, 4, 5],
            Self::Cm3000 | Self::Cm4000 | Self::Pm800 => [0, 1, 2, 3, 4, 5, 6],
        }
    }

    /// Register of the serial number's low word; the high word follows.
    pub(super) fn serial_at(self) -> u16 {
        match self {
            Self::Cm2000 => 2096,
            Self::Cm3000 | Self::Cm4000 | Self::Pm800 => 3017,
        }
    }

    /// Whether registers 8000–8149 exist.
    pub(super) fn has_mailbox(self) -> bool {
        self != Self::Cm2000
    }

    /// Whether the model knows a function code at all.
    pub(super) fn knows_function(self, function: u8) -> bool {
        matches!(function, 3 | 6 | 16) || (function == 4 && self == Self::Pm800)
    }

    /// Whether a register holds other data of the meter. The neighbours of what we read must answer: a shift by one
    /// register (Modbus against Jbus addressing) is silent on real meters (DOMAIN.md §4).
    pub(super) fn has_other_data(self, register: u16) -> bool {
        match self {
            Self::Cm2000 => matches!(register, 1590..=1640 | 1690..=1760 | 2090..=2105),
            Self::Cm3000 | Self::Cm4000 | Self::Pm800 => matches!(register, 1690..=1760 | 3000..=3050),
        }
    }
}

/// What a register of no interest reads: small, plausible, and always the same for one meter.
pub(super) fn other_data(serial: u32, register: u16) -> u16 {
    if register % 4 >= 2 {
        return 0; // keeps four words read as an energy in a plausible size
    }
    let mixed = (serial ^ u32::from(register)).wrapping_mul(2_654_435_761) >> 8;
    u16::try_from(1 + mixed % 2_500).expect("at most 2500")
}

/// A run of registers, as a request names it. Wide enough that no sum overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u32,
    pub(super) count: u16,
}

impl Span {
    pub(super) fn new(first: u16, count: u16) -> Self {
        Self { first: first.into(), count }
    }

    fn last(self) -> u32 {
        self.first + u32::from(self.count.max(1)) - 1
    }

    pub(super) fn touches(self, registers: &RangeInclusive<u16>) -> bool {
        self.first <= u32::from(*registers.end()) && self.last() >= u32::from(*registers.start())
    }

    pub(super) fn covers(self, registers: &RangeInclusive<u16>) -> bool {
        self.first <= u32::from(*registers.start()) && self.last() >= u32::from(*registers.end())
    }

    pub(super) fn lies_in(self, registers: &RangeInclusive<u16>) -> bool {
        self.first >= u32::from(*registers.start()) && self.last() <= u32::from(*registers.end())
    }

    /// Where in the run a register lies.
    pub(super) fn offset_of(self, register: u16) -> Option<usize> {
        let offset = u32::from(register).checked_sub(self.first)?;
        (offset < u32::from(self.count)).then_some(offset as usize)
    }

    /// The first register as far as registers go: for records about requests that reach beyond.
    pub(super) fn first_register(self) -> u16 {
        u16::try_from(self.first).unwrap_or(u16::MAX)
    }
}
