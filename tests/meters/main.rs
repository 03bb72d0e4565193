//! Transfers on simulated meters, under a virtual clock. What counts is what the meters hold and have done.

mod commands;
mod crashes;
mod guards;
mod one_transfer;
mod review;
mod settling;
mod world;
