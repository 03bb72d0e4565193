//! What the files promise: which exit codes are tried again, that nothing runs a job from a pull request, that nothing is
//! root, and time to come to rest.

use std::collections::BTreeSet;

use serde_yaml::Value;

use crate::files::{all, at, numbers, settings, text, yaml};

const SERVICE: &str = "deploy/systemd/meterferry.service";
const CRON: &str = "deploy/kubernetes/cronjob.yaml";
const INIT: &str = "deploy/kubernetes/ledger-init.yaml";

/// What the exit codes of `README.md` say of trying again: the codes of rows with `yes`, and all others.
fn codes() -> (BTreeSet<u64>, BTreeSet<u64>) {
    let readme = text("README.md");
    let table = readme.split("## Exit codes").nth(1).unwrap().split("When several apply").next().unwrap();
    let (mut again, mut never) = (BTreeSet::new(), BTreeSet::new());
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<_> = row.split(" | ").collect();
        let set = if cells[2].starts_with("yes") { &mut again } else { &mut never };
        set.extend(numbers(cells[0]));
    }
    assert_eq!(again.len() + never.len(), 17, "{again:?} {never:?}");
    (again, never)
}

fn set(text: &str) -> BTreeSet<u64> {
    numbers(text).into_iter().collect()
}

/// The codes that the CronJob does not fail at once.
fn retried_by_kubernetes() -> BTreeSet<u64> {
    let rules = yaml(CRON);
    let rules = at(&rules, "spec.jobTemplate.spec.podFailurePolicy.rules").as_sequence().unwrap();
    let rule = rules.iter().find(|rule| rule.get("onExitCodes").is_some()).unwrap();
    assert_eq!(at(rule, "action"), "FailJob");
    assert_eq!(at(rule, "onExitCodes.operator"), "NotIn");
    let values = at(rule, "onExitCodes.values").as_sequence().unwrap();
    values.iter().map(|value| value.as_u64().unwrap()).collect()
}

#[test]
fn systemd_tries_again_only_what_a_scheduler_may_and_a_person_is_not_kept_from_the_rest() {
    let (again, never) = codes();
    let unit = text(SERVICE);
    let retried = set(&settings(&unit, "RestartForceExitStatus").concat());
    let success = set(&settings(&unit, "SuccessExitStatus").concat());
    assert_eq!(settings(&unit, "Restart"), ["no"], "else other codes are tried again");
    assert_eq!(&retried | &success, again, "every code that may be tried again is, now or by the timer");
    assert!(retried.is_disjoint(&success));
    assert!(never.is_disjoint(&retried) && never.is_disjoint(&success));
}

#[test]
fn kubernetes_tries_again_only_what_a_scheduler_may() {
    const KILLED: u64 = 137;
    /// Unfinished with nothing wrong: at once it would be so again.
    const LATER: u64 = 9;
    let (mut again, _) = codes();
    assert!(again.remove(&LATER));
    again.insert(KILLED);
    assert_eq!(retried_by_kubernetes(), again);
}

#[test]
fn the_table_of_retries_says_what_the_files_do() {
    let table = text("deploy/README.md");
    let row = |starts: &str| {
        let found = table.lines().find(|line| line.starts_with(&format!("| {starts}")));
        found
            .unwrap_or_else(|| panic!("no row for {starts}"))
            .split(" | ")
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let unit = text(SERVICE);
    let again = row("3, 7, 11");
    assert_eq!(set(&again[0]), set(&settings(&unit, "RestartForceExitStatus").concat()));
    assert!(again[1].starts_with("again in three") && settings(&unit, "RestartSec") == ["3min"]);
    assert!(again[1].contains("four starts") && settings(&unit, "StartLimitBurst") == ["4"]);
    assert!(again[2].starts_with("again, three times"));
    assert_eq!(at(&yaml(CRON), "spec.jobTemplate.spec.backoffLimit"), 3);
    let (_, mut never) = codes();
    // Done, and a code that only `plan` has.
    never.retain(|code| ![0, 2].contains(code));
    assert_eq!(set(&row("1, 4")[0]), never);
}

/// The command of meterferry that a line starts, if it starts one.
fn started(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    words.find(|word| word.ends_with("meterferry") || word.ends_with("IMAGE\""))?;
    words.find(|word| !word.starts_with('-'))
}

#[test]
fn nothing_runs_a_job_from_a_pull_request() {
    for bad in
        ["meterferry run site", "- meterferry --log=warn run site", "docker run --rm \"$IMAGE\" run site"]
    {
        assert_eq!(started(bad), Some("run"), "{bad}");
    }
    let ci: Vec<_> = all().into_iter().filter(|path| path.starts_with("deploy/git")).collect();
    assert_eq!(ci.len(), 3, "{ci:?}");
    for path in ci.iter().map(String::as_str).chain([".pre-commit-hooks.yaml"]) {
        for line in text(path).lines().filter(|line| !line.trim_start().starts_with('#')) {
            assert!(!matches!(started(line), Some("run" | "resolve" | "ledger")), "{path}: {line}");
        }
    }
    let workflow = yaml("deploy/github/meterferry.yaml");
    assert_eq!(at(&workflow, "permissions.contents"), "read");
    assert_eq!(workflow.get("permissions").unwrap().as_mapping().unwrap().len(), 1);
    let plan = at(&workflow, "jobs.plan");
    assert!(
        plan.get("permissions").is_none(),
        "the machine that reaches the meters holds no token that can write"
    );
    assert!(
        at(plan, "if").as_str().unwrap().contains("head.repo.full_name == github.repository"),
        "no forks"
    );
    assert!(
        text("deploy/gitlab/meterferry.gitlab-ci.yml").contains("SOURCE_PROJECT_ID == $CI_PROJECT_ID"),
        "no forks"
    );
}

#[test]
fn actions_and_images_are_named_by_version() {
    for path in all() {
        for line in text(&path).lines().map(str::trim) {
            let named =
                ["- uses: ", "image: ", "IMAGE: ", "FROM "].iter().find_map(|key| line.strip_prefix(key));
            let Some(named) = named.filter(|_| !path.ends_with(".sh") && !path.ends_with(".md")) else {
                continue;
            };
            let named =
                named.trim_start_matches("{ name: ").trim_matches('"').split(['"', ' ']).next().unwrap();
            let version = named.rsplit(['@', ':']).next().unwrap();
            assert!(version != named && version != "latest" && !version.contains('/'), "{path}: {line}");
        }
    }
}

fn pods() -> [(&'static str, Value); 2] {
    let (cron, init) = (yaml(CRON), yaml(INIT));
    let pod = |value: &Value, path| at(value, path).clone();
    [(CRON, pod(&cron, "spec.jobTemplate.spec.template.spec")), (INIT, pod(&init, "spec.template.spec"))]
}

#[test]
fn pods_are_not_root_and_can_write_to_the_ledger_s_folder_only() {
    let container = text("deploy/Containerfile");
    let last = container.rsplit("\nFROM ").next().unwrap();
    assert!(last.contains("\nUSER 10001:10001\n") && last.contains("\nSTOPSIGNAL SIGTERM\n"), "{last}");
    for (path, pod) in pods() {
        assert_eq!(at(&pod, "restartPolicy"), "Never", "{path}: else podFailurePolicy is not heeded");
        assert_eq!(at(&pod, "securityContext.runAsNonRoot").as_bool(), Some(true), "{path}");
        assert_eq!(at(&pod, "securityContext.runAsUser"), 10001, "{path}: as in the image");
        assert_eq!(at(&pod, "securityContext.seccompProfile.type"), "RuntimeDefault", "{path}");
        assert_eq!(at(&pod, "automountServiceAccountToken").as_bool(), Some(false), "{path}");
        let container = at(&pod, "containers.0");
        assert_eq!(at(container, "securityContext.readOnlyRootFilesystem").as_bool(), Some(true), "{path}");
        assert_eq!(
            at(container, "securityContext.allowPrivilegeEscalation").as_bool(),
            Some(false),
            "{path}"
        );
        assert_eq!(at(container, "securityContext.capabilities.drop.0"), "ALL", "{path}");
        assert!(at(container, "resources.limits").get("memory").is_some(), "{path}");
        let mounts = at(container, "volumeMounts").as_sequence().unwrap();
        for mount in mounts.iter().filter(|mount| mount.get("readOnly").is_none()) {
            assert_eq!(at(mount, "mountPath"), "/var/lib/meterferry", "{path}");
        }
    }
}

#[test]
fn a_run_has_minutes_to_come_to_rest_and_there_is_one_at_a_time() {
    let unit = text(SERVICE);
    assert_eq!(settings(&unit, "TimeoutStopSec"), ["5min"]);
    assert_eq!(settings(&unit, "KillMode"), ["mixed"], "one SIGTERM, to meterferry");
    let cron = yaml(CRON);
    assert_eq!(at(&cron, "spec.concurrencyPolicy"), "Forbid");
    assert_eq!(at(&cron, "spec.jobTemplate.spec.template.spec.terminationGracePeriodSeconds"), 300);
    let deadline = at(&cron, "spec.jobTemplate.spec.activeDeadlineSeconds").as_u64().unwrap();
    assert!(deadline > 3 * 3600 + 600, "beyond --deadline=3h and --lock-wait=10m");
}
