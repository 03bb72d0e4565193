//! What the names of diagnostics mean that are about a file as such: whether it is there, and whether it is YAML. One
//! constant a name; nothing here decides anything.

use super::{Explanation, says};

pub(super) const PATH_NOT_FOUND: Explanation = says(
    "A path argument names nothing.",
    "A job that is not there must not look like a job without transfers.",
    "meterferry plan jbos/",
    "Correct the path; `-` stands for standard input.",
    "DESIGN.md §4",
);
pub(super) const PATH_UNREADABLE: Explanation = says(
    "A file or folder is there, and this user may not read it, or it is neither of the two.",
    "What is left out silently would be a transfer that nobody does.",
    "a job file with mode 0600 that belongs to somebody else",
    "Give this user the right to read it, or leave it out of the arguments.",
    "DESIGN.md §4",
);
pub(super) const NO_JOB_FILES: Explanation = says(
    "A folder holds no *.yaml or *.yml. Names that begin with a dot are passed over.",
    "An empty folder is far more often the wrong one than a campaign without work.",
    "meterferry run jobs/  # the files are named *.yml.bak",
    "Name the folder with the job files, or a file itself.",
    "DESIGN.md §4",
);
pub(super) const FILE_TOO_LARGE: Explanation = says(
    "A file is larger than 64 MiB.",
    "Every limit is written down; a job of 20,000 transfers takes a tenth of it.",
    "a log or a backup that was given as a job",
    "Split the campaign: files that name one campaign are merged.",
    "DESIGN.md §4",
);
pub(super) const NOT_UTF8: Explanation = says(
    "The bytes of a file are not UTF-8 text.",
    "Guessing the encoding could change an id, and an id says what was done before.",
    "`Straße` saved as ISO 8859-1",
    "Save the file as UTF-8, as with `iconv -f latin1 -t utf8`.",
    "YAML 1.2 §5.2",
);
pub(super) const EMPTY_FILE: Explanation = says(
    "A file has no content, or comments only.",
    "An editor or a script that failed leaves such files.",
    "an empty job.yaml",
    "Write the job, as in jobs/single.yaml, or take the file away.",
    "DESIGN.md §4",
);
pub(super) const YAML_SYNTAX: Explanation = says(
    "The text is not YAML: an unclosed bracket, a wrong indentation, an alias without its anchor.",
    "What cannot be read for certain is not guessed at.",
    "source: { model: PM800, unit: 1   # the bracket is not closed",
    "Look at the marked place and the line above it; `meterferry validate JOB` shows what is left.",
    "YAML 1.2",
);
pub(super) const TAB_INDENTATION: Explanation = says(
    "A tab stands where YAML wants spaces.",
    "YAML forbids tabs in indentation, since editors show them differently.",
    "<tab>unit: 1",
    "Replace tabs by spaces; set the editor so that it does.",
    "YAML 1.2 §6.1",
);
pub(super) const SEVERAL_DOCUMENTS: Explanation = says(
    "A file holds more than one YAML document: a line of three hyphens separates them.",
    "All but the first would be passed over by many readers.",
    "version: 1 … --- version: 1 …",
    "Put each document into a file of its own; files that name one campaign are merged.",
    "YAML 1.2 §9",
);
pub(super) const TOO_DEEP: Explanation = says(
    "Lists and maps are nested more deeply than any job needs.",
    "A limit on everything: such text is made to exhaust a reader.",
    "[[[[[[[[ … ]]]]]]]]",
    "Take the nesting out; jobs/reference.yaml shows every key in its place.",
    "DESIGN.md §4",
);
pub(super) const TOO_MANY_ALIASES: Explanation = says(
    "Aliases repeat anchored text too often.",
    "A few lines with aliases of aliases can stand for gigabytes.",
    "a: &a [*b, *b, *b, …]",
    "Write the values out, or use `defaults` and `gateways`, which are there to be shared.",
    "DESIGN.md §4",
);
pub(super) const TOO_MANY_ENTRIES: Explanation = says(
    "A file has more entries than a job file may have.",
    "A limit on everything; a job of 20,000 transfers stays below it.",
    "a file made by a script that did not stop",
    "Split the campaign: files that name one campaign are merged.",
    "DESIGN.md §4",
);
pub(super) const UNSUPPORTED_TAG: Explanation = says(
    "A YAML tag such as `!secret` or `!!binary` stands before a value.",
    "Tags mean something else in every program; here they mean nothing.",
    "host: !secret plant_a",
    "Write the value itself.",
    "DESIGN.md §4",
);
pub(super) const INCLUDE_NOT_FOUND: Explanation = says(
    "A file named under `include` does not exist. The name is relative to the file that includes it.",
    "Without its gateways the job is incomplete.",
    "include: [gatways.yaml]",
    "Correct the name, or take it out of `include`.",
    "DESIGN.md §4",
);
pub(super) const INCLUDE_NOT_ALLOWED: Explanation = says(
    "An included file holds more than `version`, `gateways` and `defaults`.",
    "A transfer that comes in by an include would be done by every job that includes it.",
    "include: [other-job.yaml]",
    "Give the job itself as a path, and keep gateways and defaults in files of their own.",
    "DESIGN.md §4",
);
pub(super) const INCLUDE_REPEATED: Explanation = says(
    "A file includes itself, or one file twice.",
    "It says nothing new, and hides which of two lines counts.",
    "include: [gateways.yaml, ./gateways.yaml]",
    "Name each file once.",
    "DESIGN.md §4",
);
pub(super) const UNUSED_INCLUDE: Explanation = says(
    "A warning: a file of gateways and defaults was found in a folder, and no job there includes it.",
    "Its values have no effect, which is probably not meant.",
    "jobs/gateways.yaml, and no `include` names it",
    "Name it under `include`, or take it away.",
    "DESIGN.md §4",
);
pub(super) const SNAPSHOT_NOT_FOUND: Explanation = says(
    "A snapshot that the job names does not exist, or the folder has none of this meter.",
    "Without it there is nothing to carry.",
    "source: { snapshot: latest } of a meter that was never read",
    "Correct the name, or take one with `meterferry snapshot JOB --to FOLDER` while the meter lives.",
    "jobs/reference.yaml, snapshot",
);
pub(super) const SNAPSHOT_UNREADABLE: Explanation = says(
    "A snapshot, or a folder of them, is there and cannot be read.",
    "What is left out silently could be the newest one.",
    "a file with mode 0600 that belongs to somebody else",
    "Give this user the right to read it.",
    "jobs/reference.yaml, snapshot",
);
pub(super) const SNAPSHOT_DAMAGED: Explanation = says(
    "A file is no snapshot, or is not as it was written: its digest does not fit.",
    "Readings that somebody changed must not pass for what a meter showed.",
    "a digit corrected in an editor",
    "Take the file from Git as it was; readings from paper are typed into the job (`readings`).",
    "jobs/reference.yaml, snapshot",
);
pub(super) const SNAPSHOT_OF_ANOTHER: Explanation = says(
    "A snapshot is of another meter than the job says.",
    "Its energies would go into the wrong meter.",
    "serial_number: 11000126, and the snapshot is of 11000127",
    "Correct the file's name or the serial number.",
    "jobs/reference.yaml, snapshot",
);
