//! The mailbox and the one command in it.

use std::time::Duration;

use super::*;
use crate::simulator::{Load, Origin, ViolationKind};

const BEFORE: [i64; 7] = [1, 2, 3, 4, 5, 6, 7];
const STAGED: [i64; 7] = [11, 12, 13, 14, 15, 16, 17];

fn staged() -> [u16; 28] {
    small([11, 12, 13, 14, 15, 16, 17])
}

#[tokio::test(start_paused = true)]
async fn the_makers_procedure_presets_the_energies() {
    for model in [Model::Cm3000, Model::Cm4000, Model::Pm800] {
        let (gateway, mut client) = wired(Device::new(model, 1).with_energies(BEFORE));
        client.stage(&staged()).await;
        assert_eq!(client.read(8017, 5).await, [8020, 8021, 8022, 0, 4242]);
        assert_eq!(gateway.energies(UNIT), BEFORE, "staging changes nothing");
        client.commit().await;
        assert_eq!(client.read(8020, 2).await, [6209, 0]);
        assert_eq!(client.read(1700, 28).await, staged());
        let audit = gateway.audit(UNIT);
        assert_eq!((audit.effective_commits(), audit.accepted_commits(), audit.commit_requests()), (1, 1, 1));
        let execution = &audit.executions()[0];
        assert_eq!((execution.code, execution.status, execution.effective), (6209, 0, true));
        assert_eq!((execution.before, execution.after), (BEFORE, STAGED));
        assert_eq!(audit.violations(), []);
        assert_eq!((audit.requests(3), audit.requests(6), audit.requests(16)), (3, 1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_write_that_covers_8000_starts_the_command_too() {
    let (gateway, mut client) = wired(pm800());
    client.stage(&staged()).await;
    client.write(8000, &[6209, 0, 0]).await;
    assert_eq!(gateway.energies(UNIT), STAGED);
}

#[tokio::test(start_paused = true)]
async fn presets_restart_the_growth() {
    let (gateway, mut client) = wired(pm800().with_load(Load { real_in: 3_600, ..Load::default() }));
    tokio::time::advance(Duration::from_secs(100)).await;
    client.stage(&staged()).await;
    client.commit().await;
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(gateway.energies(UNIT)[0], 11 + 5);
}

#[tokio::test(start_paused = true)]
async fn a_word_out_of_range_is_refused_with_82() {
    for word in [10_000, 0x8000, (-10_000_i16) as u16] {
        let (gateway, mut client) = wired(pm800().with_energies(BEFORE));
        let mut words = staged();
        words[27] = word;
        client.stage(&words).await;
        client.commit().await;
        assert_eq!(client.read(8021, 1).await, [82]);
        assert_eq!(gateway.energies(UNIT), BEFORE);
        assert_eq!(gateway.audit(UNIT).effective_commits(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_a_word_are_accepted() {
    let (gateway, mut client) = wired(pm800());
    let mut words = [9_999; 28];
    words[..4].copy_from_slice(&[(-9_999_i16) as u16; 4]);
    client.stage(&words).await;
    client.commit().await;
    assert_eq!(gateway.energies(UNIT)[..2], [-9_999_999_999_999_999, 9_999_999_999_999_999]);
}

#[tokio::test(start_paused = true)]
async fn pointers_decide_where_data_and_results_are() {
    let (gateway, mut client) = wired(pm800());
    client.write(8100, &staged()).await;
    client.write(8017, &[8030, 8031, 8100, 7, 7]).await;
    client.commit().await;
    assert_eq!(gateway.energies(UNIT), STAGED);
    assert_eq!(client.read(8020, 2).await, [7, 7]);
    assert_eq!(client.read(8030, 2).await, [6209, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_pointer_at_zero_returns_nothing() {
    let (gateway, mut client) = wired(pm800());
    client.write(8022, &staged()).await;
    client.write(8017, &[0, 0, 8022, 7, 8]).await;
    client.commit().await;
    assert_eq!(client.read(8020, 2).await, [7, 8]);
    assert_eq!(gateway.energies(UNIT), STAGED);
}

#[tokio::test(start_paused = true)]
async fn a_data_pointer_outside_the_user_area_is_refused_with_82() {
    for pointer in [0, 8019, 8123, 1700, 65_535] {
        let (gateway, mut client) = wired(pm800());
        client.stage(&staged()).await;
        client.write(8019, &[pointer]).await;
        client.commit().await;
        assert_eq!(client.read(8021, 1).await, [82], "pointer {pointer}");
        assert_eq!(gateway.audit(UNIT).effective_commits(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_under_way_sees_the_mailbox_as_it_is_in_the_end() {
    let (gateway, mut client) = wired(pm800().with_processing_time(Duration::from_millis(300)));
    client.stage(&staged()).await;
    client.commit().await;
    tokio::time::advance(Duration::from_millis(299)).await;
    assert_eq!(client.read(8021, 1).await, [4242], "the sentinel is still there");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(client.read(8021, 1).await, [0]);
    client.commit().await;
    assert_eq!(client.ask(UNIT, &single_pdu(8022, 0x8000)).await, single_pdu(8022, 0x8000));
    tokio::time::advance(Duration::from_millis(300)).await;
    assert_eq!(client.read(8021, 1).await, [82], "a fence in time");
    assert_eq!(gateway.audit(UNIT).effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn other_commands_are_violations_and_get_81() {
    let (gateway, mut client) = wired(pm800().with_energies(BEFORE));
    client.stage(&staged()).await;
    assert_eq!(client.ask(UNIT, &single_pdu(8000, 1110)).await, single_pdu(8000, 1110));
    assert_eq!(client.read(8020, 2).await, [1110, 81]);
    assert_eq!(gateway.energies(UNIT), BEFORE);
    let audit = gateway.audit(UNIT);
    assert_eq!(audit.violations()[0].kind, ViolationKind::ForbiddenCommand { code: 1110 });
    assert_eq!((audit.executions()[0].status, audit.effective_commits()), (81, 0));
}

#[tokio::test(start_paused = true)]
async fn writes_outside_the_mailbox_are_violations_and_get_02() {
    let (gateway, mut client) = wired(pm800());
    for (pdu, kind) in [
        (single_pdu(1700, 1), ViolationKind::OutsideMailbox { register: 1700, count: 1 }),
        (single_pdu(7999, 6209), ViolationKind::OutsideMailbox { register: 7999, count: 1 }),
        (block_pdu(8149, &[1, 2]), ViolationKind::OutsideMailbox { register: 8149, count: 2 }),
        (single_pdu(4126, 6209), ViolationKind::OtherCommandInterface),
    ] {
        assert_eq!(client.ask(UNIT, &pdu).await[1], 2);
        assert_eq!(gateway.audit(UNIT).violations().last().unwrap().kind, kind);
    }
    assert_eq!(gateway.audit(UNIT).writes().iter().filter(|write| write.refused == Some(2)).count(), 4);
    assert_eq!(gateway.violations().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_cm2000_has_no_mailbox() {
    let (gateway, mut client) = wired(Device::new(Model::Cm2000, 1));
    assert_eq!(client.ask(UNIT, &COMMIT).await, [0x86, 2]);
    assert_eq!(client.ask(UNIT, &read_pdu(8021, 1)).await, [0x83, 2]);
    assert_eq!(gateway.audit(UNIT).violations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn block_writes_may_be_rejected() {
    let (gateway, mut client) = wired(pm800().rejecting_block_writes());
    assert_eq!(client.ask(UNIT, &block_pdu(8022, &[5, 6])).await, [0x90, 1]);
    assert_eq!(client.ask(UNIT, &single_pdu(8022, 5)).await, single_pdu(8022, 5));
    assert_eq!((gateway.mailbox(UNIT, 8022), gateway.mailbox(UNIT, 8023)), (5, 0));
    let (_gateway, mut client) = wired(pm800().answering_block_writes_with(4));
    assert_eq!(client.ask(UNIT, &block_pdu(8022, &[5])).await, [0x90, 4]);
}

#[tokio::test(start_paused = true)]
async fn some_firmware_keeps_quiet_about_success() {
    let (gateway, mut client) = wired(pm800().keeping_quiet_about_success());
    client.stage(&staged()).await;
    client.commit().await;
    assert_eq!(client.read(8021, 1).await, [4242]);
    assert_eq!(gateway.energies(UNIT), STAGED);
    client.write(8022, &[0x8000]).await;
    client.commit().await;
    assert_eq!(client.read(8021, 1).await, [82], "but not about errors");
}

#[tokio::test(start_paused = true)]
async fn some_firmware_always_answers_the_same_and_does_nothing() {
    let (gateway, mut client) = wired(pm800().with_energies(BEFORE).always_answering(17));
    client.stage(&staged()).await;
    client.commit().await;
    assert_eq!(client.read(8021, 1).await, [17]);
    assert_eq!(gateway.energies(UNIT), BEFORE);
    let audit = gateway.audit(UNIT);
    assert_eq!((audit.executions().len(), audit.effective_commits(), audit.accepted_commits()), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn some_firmware_clears_its_command_register() {
    for (device, left) in [(pm800(), 6209), (pm800().clearing_its_command_register(), 0)] {
        let (_gateway, mut client) = wired(device);
        client.stage(&staged()).await;
        client.commit().await;
        assert_eq!(client.read(8000, 1).await, [left]);
    }
}

#[tokio::test(start_paused = true)]
async fn another_master_may_use_the_mailbox() {
    let (gateway, mut client) = wired(pm800().with_mailbox(8021, &[9]));
    assert_eq!(client.read(8021, 1).await, [9]);
    gateway.foreign_write(UNIT, 8021, &[10, 11]);
    assert_eq!(client.read(8021, 2).await, [10, 11]);
    let audit = gateway.audit(UNIT);
    assert_eq!((audit.writes()[0].origin, audit.violations().len()), (Origin::Foreign, 0));
}

#[tokio::test(start_paused = true)]
async fn an_audit_is_a_snapshot_and_serialises_energies_as_strings() {
    let (gateway, mut client) = wired(pm800().with_energies(BEFORE));
    let earlier = gateway.audit(UNIT);
    client.stage(&staged()).await;
    tokio::time::advance(Duration::from_millis(1_500)).await;
    client.commit().await;
    assert_eq!(earlier.requests_total(), 0);
    let json = serde_json::to_value(gateway.audit(UNIT)).unwrap();
    assert_eq!(json["executions"][0]["after"][0], "11");
    assert_eq!(json["executions"][0]["at"], 1.5);
    assert_eq!(json["writes"][0]["register"], 8022);
    assert_eq!(json["commit_requests"], 1);
}
