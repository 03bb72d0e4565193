//! `rehearse`: from what is typed to what is printed. Knows nothing of how a rehearsal is done.

use std::sync::Arc;

use super::{
    super::{
        Exit,
        args::{self, Format},
        failure::{Failure, counted},
        jobs,
        output::Console,
    },
    Effort, Rehearsal, json, playable, rehearse, replay, text,
};
use crate::{
    campaign::Transfer,
    report::{Envelope, json_line, json_text},
    transfer::Outcome,
};

pub(in crate::cli) fn command(arguments: &args::Rehearse, console: &Console) -> Result<Exit, Failure> {
    let loaded = jobs::load(&arguments.jobs.files, console)?;
    let transfers = jobs::select(&arguments.jobs, loaded, |_| Outcome::NotRun)?;
    let rehearsal = carry_out(arguments, &transfers, console)?;
    let exit = if rehearsal.tally.defects() == 0 { Exit::Done } else { Exit::Defect };
    match arguments.output.format {
        Format::Human => console.print(&text(&rehearsal)),
        Format::Json => console.print(&json_text(&Envelope::new(None, exit.code(), json(&rehearsal)))),
        Format::Jsonl => console.print(&json_line(&Envelope::new(None, exit.code(), json(&rehearsal)))),
    }
    Ok(exit)
}

fn carry_out(
    arguments: &args::Rehearse,
    transfers: &[Arc<Transfer>],
    console: &Console,
) -> Result<Rehearsal, Failure> {
    if let Some(seed) = arguments.seed {
        return replay(transfers, seed).ok_or_else(|| {
            Failure::new(Exit::NothingSelected, format!("this job has no schedule with the number {seed}"))
                .hint("a number belongs to the job and the selection it was printed for")
        });
    }
    let usual = if arguments.long { Effort::LONG } else { Effort::SHORT };
    let effort =
        Effort { storms: arguments.storms.unwrap_or(usual.storms), seed: arguments.storms_from, ..usual };
    let played = playable(transfers).len();
    if played == 0 {
        return Err(Failure::new(Exit::NothingSelected, "none of these transfers can be rehearsed").hint(
            "two meters that are both there are rehearsed: no swaps at one address, no typed readings, no snapshots",
        ));
    }
    let left_out = match transfers.len() - played {
        0 => String::new(),
        number => format!("; {number} swapped, typed or with a meter of another are left out"),
    };
    console.remark(&format!(
        "rehearsing {} on simulated twins, in memory{left_out}",
        counted(played, "transfer")
    ));
    Ok(rehearse(transfers, effort))
}
