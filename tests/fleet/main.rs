//! A fleet at the speed of its wires, under a virtual clock: how long runs take against the least that their gateways
//! allow, and what meters and gateways that do not answer cost the others. What counts is what the meters hold.

#![expect(clippy::unwrap_used, reason = "a test panics where it cannot go on")]

mod campaign;
mod dead_units;
mod descriptors;
mod gateways;
mod makespan;
mod scene;
mod turns;
