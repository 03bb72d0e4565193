//! Job files that nobody wrote by hand: bytes, bombs, depths and sizes.

use proptest::{collection::vec, prelude::*};

use super::checks::job_text::check;

const JOBS: [&str; 3] = [
    include_str!("../../jobs/demo.yaml"),
    include_str!("../../jobs/reference.yaml"),
    include_str!("../../jobs/single.yaml"),
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(check(&bytes).is_none());
    }

    #[test]
    fn a_job_with_broken_bytes_is_read_or_refused(
        job in 0..JOBS.len(),
        bytes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut text = JOBS[job].as_bytes().to_vec();
        for (index, byte) in bytes {
            let at = index.index(text.len());
            text[at] = byte;
        }
        check(&text);
    }
}

#[test]
fn a_hundred_thousand_levels_are_refused() {
    for level in ["[", "{a: ", "{", "- ", "? ", "&a [", "!!seq [", "a:\n ", "\"", "|\n "] {
        assert!(check(level.repeat(100_000).as_bytes()).is_none(), "{level:?}");
    }
}
