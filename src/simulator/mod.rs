//! Meters on the wire that can misbehave.
