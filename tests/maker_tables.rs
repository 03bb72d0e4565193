//! The maker's table and examples, typed from FA221464, FA146443, FA221487 and FA203320 and not from the code: a wrong
//! constant shows as a disagreement.

use meterferry::meter::{
    BUFFER, COMMAND, MAILBOX_IMAGE, Model, POINTERS, PRESET_ENERGIES, Quantity, Readings, STATUS, Write,
    mailbox_image, serial_from_words, staging_writes,
};

/// Quantity, registers in a CM3000/CM4000/PM800, in a CM2000, write-to registers.
type Row = (&'static str, [u16; 4], [u16; 4], [u16; 4]);

/// FA221464 table 1.
const TABLE_1: [Row; 7] = [
    ("real_energy_in", [1700, 1701, 1702, 1703], [1601, 1602, 1603, 1604], [8022, 8023, 8024, 8025]),
    ("reactive_energy_in", [1704, 1705, 1706, 1707], [1605, 1606, 1607, 1608], [8026, 8027, 8028, 8029]),
    ("real_energy_out", [1708, 1709, 1710, 1711], [1609, 1610, 1611, 1612], [8030, 8031, 8032, 8033]),
    ("reactive_energy_out", [1712, 1713, 1714, 1715], [1613, 1614, 1615, 1616], [8034, 8035, 8036, 8037]),
    ("real_energy_total", [1716, 1717, 1718, 1719], [1621, 1622, 1623, 1624], [8038, 8039, 8040, 8041]),
    ("reactive_energy_total", [1720, 1721, 1722, 1723], [1625, 1626, 1627, 1628], [8042, 8043, 8044, 8045]),
    ("apparent_energy_total", [1724, 1725, 1726, 1727], [1617, 1618, 1619, 1620], [8046, 8047, 8048, 8049]),
];

/// A meter whose every register holds its own place: what is read where shows in the value.
fn meter_showing_places(first: u16) -> Vec<u16> {
    (first..first + 28).map(|register| register - first + 1).collect()
}

#[test]
fn every_quantity_is_read_where_table_1_says() {
    for (key, usual, cm2000, _) in TABLE_1 {
        let quantity =
            Quantity::ALL.into_iter().find(|quantity| quantity.key() == key).expect("a quantity of table 1");
        for (model, registers, first) in [
            (Model::Cm2000, cm2000, 1601),
            (Model::Cm3000, usual, 1700),
            (Model::Cm4000, usual, 1700),
            (Model::Pm800, usual, 1700),
        ] {
            assert_eq!(model.energies().number(), first);
            let readings =
                Readings::from_wire(model, &meter_showing_places(first)).expect("small words are in range");
            let read = readings.registers(quantity).map(|word| word.value());
            let told = registers.map(|register| (register - first + 1) as i16);
            assert_eq!(read, told, "{model} {key}");
        }
    }
}

#[test]
fn every_word_is_staged_where_table_1_says() {
    let first = 1700;
    let readings =
        Readings::from_wire(Model::Pm800, &meter_showing_places(first)).expect("small words are in range");
    let [Write::Block { first: buffer, words }, _] = &staging_writes(&readings, true)[..] else {
        panic!("a block for the buffer, and one for the pointers")
    };
    for (key, read_from, _, write_to) in TABLE_1 {
        for (from, to) in read_from.into_iter().zip(write_to) {
            assert_eq!(words[usize::from(to - buffer.number())], from - first + 1, "{key} {from} -> {to}");
        }
    }
}

#[test]
fn the_procedure_uses_the_registers_of_the_article() {
    assert_eq!(COMMAND.number(), 8000);
    assert_eq!(PRESET_ENERGIES, 6209);
    assert_eq!(STATUS.number(), 8021);
    assert_eq!(BUFFER.number(), 8022);
    assert_eq!(POINTERS.number(), 8017);
    let image = mailbox_image(&Readings::ZERO);
    assert_eq!(image.len(), usize::from(MAILBOX_IMAGE));
    assert_eq!(image[..3], [8020, 8021, 8022]);
}

#[test]
fn the_makers_examples_decode() {
    let mut registers = [0u16; 28];
    registers[..2].copy_from_slice(&[4567, 123]);
    let readings = Readings::from_wire(Model::Cm4000, &registers).expect("in range");
    assert_eq!(readings.energy(Quantity::RealEnergyIn), 1_234_567);
    registers[..4].copy_from_slice(&[0x0108, 0x18D4, 0x002B, 0x0000]);
    let readings = Readings::from_wire(Model::Cm4000, &registers).expect("in range");
    assert_eq!(readings.energy(Quantity::RealEnergyIn), 4_363_560_264);
    assert_eq!(serial_from_words([0xD93E, 0x00A7]), 11_000_126);
}

#[test]
fn serial_numbers_are_where_the_faqs_say() {
    for (model, register) in
        [(Model::Cm2000, 2096), (Model::Cm3000, 3017), (Model::Cm4000, 3017), (Model::Pm800, 3017)]
    {
        assert_eq!(model.serial_number().number(), register, "{model}");
    }
}
