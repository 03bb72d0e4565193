//! What a report is made from: a transfer, what is recorded of it, and how it stands.

use std::sync::Arc;

use crate::{
    campaign::{Meaning, Transfer},
    transfer::{Ending, History, Recorded},
};

/// One transfer to report on.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The transfer: as it was recorded, with the job's labels if there is a job; the job's own if nothing is recorded.
    pub transfer: Arc<Transfer>,
    /// Its facts, in order; of every time its id was used.
    pub facts: Vec<Recorded>,
    /// What they add up to.
    pub history: History,
    /// How it stands.
    pub ending: Ending,
    /// What the job asks for, where that is not what is recorded.
    pub job_says: Option<Meaning>,
}

impl Subject {
    /// The transfer with these facts. `job` is the transfer as the job has it now, if there is one.
    pub fn new(
        recorded: Option<(Vec<Recorded>, History)>,
        job: Option<Arc<Transfer>>,
        standing: impl FnOnce(&Transfer, &History) -> Ending,
    ) -> Option<Self> {
        let (facts, history) = recorded.unwrap_or_default();
        let began = history.began.as_ref().map(|began| began.transfer.clone());
        let (transfer, job_says) = match (began, job) {
            (None, None) => return None,
            (None, Some(job)) => (job, None),
            (Some(recorded), None) => (Arc::new(recorded), None),
            (Some(_), Some(job)) if history.asks_again(job.generation) => {
                let ending = standing(&job, &history);
                return Some(Self {
                    transfer: job,
                    facts,
                    history: History::default(),
                    ending,
                    job_says: None,
                });
            }
            (Some(mut recorded), Some(job)) => {
                let says = Some(job.meaning()).filter(|meaning| *meaning != recorded.meaning());
                recorded.labels.clone_from(&job.labels);
                (Arc::new(recorded), says)
            }
        };
        let ending = standing(&transfer, &history);
        Some(Self { transfer, facts, history, ending, job_says })
    }
}
