//! The maker's procedure as pure code: registers, words, energies, models, mailbox, command, bounds.
//!
//! This room knows what the manuals print. It knows no address, no clock, no file and no other room.

mod bound;
mod command;
mod energy;
mod mailbox;
mod model;
mod quantity;
mod readings;
mod register;
mod request;

pub use bound::{Bound, CARRY, ENERGY_MODULUS, distance};
pub use command::{CommandStatus, PRESET_ENERGIES, SENTINEL};
pub use energy::{grouped, kilo, with_unit};
pub use mailbox::{
    BUFFER, COMMAND, FENCE, MAILBOX_IMAGE, POINTERS, STATUS, WriteMode, mailbox_image, staging_writes,
};
pub use model::{Model, SERIAL_WORDS, UnknownModel, serial_from_words};
pub use quantity::Quantity;
pub use readings::{BadReadings, READINGS_WORDS, Readings, WORD_LIMIT, Word};
pub use register::{Addressing, Register};
pub use request::{Read, Write};
