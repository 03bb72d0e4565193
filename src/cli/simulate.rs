//! `simulate`: the meters of a job, simulated on loopback until a signal comes.

use std::{io::Write, path::Path};

use serde::Serialize;

use super::{
    Exit, args,
    failure::{Failure, counted},
    jobs,
    output::Console,
    signals,
    wires::{Map, start_fleet},
};
use crate::{report::json_text, transfer::Outcome};

pub(super) async fn simulate(arguments: args::Simulate, console: &Console) -> Result<Exit, Failure> {
    let transfers =
        jobs::select(&arguments.jobs, jobs::load(&arguments.jobs.files, console)?, |_| Outcome::NotRun)?;
    let fleet = start_fleet(&transfers, arguments.simulated_latency).await?;
    let map = Map::of(&fleet);
    match &arguments.map_out {
        Some(file) => write_json(file, "--map-out", &map)?,
        None => console.print(&json_text(&map)),
    }
    console.remark(&format!(
        "{} behind {} on loopback; stop with Ctrl-C",
        counted(fleet.meters(), "simulated meter"),
        counted(fleet.sockets().len(), "gateway")
    ));
    let _ = signals::next().await;
    console.remark(&fleet.testimony());
    if let Some(file) = &arguments.audit_out {
        write_json(file, "--audit-out", &fleet.audit())?;
    }
    Ok(Exit::Done)
}

/// Writes a file whole or not at all: somebody may be waiting for it to appear.
fn write_json(file: &Path, option: &str, value: &impl Serialize) -> Result<(), Failure> {
    let write = || {
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let mut handle = std::fs::File::create(&part)?;
        handle.write_all(json_text(value).as_bytes())?;
        handle.sync_all()?;
        std::fs::rename(&part, file)
    };
    write().map_err(|error: std::io::Error| {
        Failure::new(Exit::NotFound, format!("{option} {}: {error}", file.display()))
            .hint("name a file in a folder that exists and that this user may write to")
    })
}
