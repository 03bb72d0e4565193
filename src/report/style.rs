//! How text for people is to look: a plain value, decided by whoever knows the terminal.

/// Width, colour and detail of text for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Columns of the terminal; `None` where lines may be as long as they are (a file, a pipe).
    pub width: Option<usize>,
    /// Whether to add ANSI colours. They are never the only carrier of meaning.
    pub colour: bool,
    /// Whether to show everything, all seven energies included.
    pub verbose: bool,
}
