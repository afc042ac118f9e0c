use super::*;

const fn range(first: u64, last: u64) -> SeqRange {
    SeqRange { first, last }
}

fn wanted(boot_ms: i64, ranges: &[SeqRange], is_all: bool) -> Wanted {
    Wanted { server_id: 17, boot_ms, ranges: ranges.to_vec(), is_all }
}

#[test]
fn what_is_asked_for_of_a_worker() {
    let answer = [
        wanted(1, &[range(30, 40), range(9, 9)], true),
        wanted(2, &[range(30, 40), range(9, 9), range(8, 7)], false),
        wanted(3, &[], false),
        wanted(4, &[range(0, 5)], false),
    ];
    let ask = |server_id, boot_ms| Ask::of(&answer, server_id, boot_ms);
    let of = |ranges: &[SeqRange], perhaps| Some(Ask { wanted: ranges.to_vec(), perhaps });
    assert_eq!(ask(17, 1), of(&[range(30, 40), range(9, 9)], None));
    assert_eq!(ask(17, 2), of(&[range(30, 40), range(9, 9)], Some(range(0, 8))), "what is older is not known");
    assert_eq!(ask(17, 3), None, "nothing can be said");
    assert_eq!(ask(17, 4), of(&[range(0, 5)], None));
    assert_eq!((ask(17, 5), ask(18, 1)), (of(&[], None), of(&[], None)), "nothing is missing");
    let second = ask(17, 2).unwrap();
    for (seq, wants, may_want) in [(35, true, true), (9, true, true), (8, false, true), (10, false, false)] {
        assert_eq!((second.wants(seq), second.may_want(seq)), (wants, may_want), "{seq}");
    }
}

#[test]
fn ranges_without_others() {
    let cases: [(&[SeqRange], &[SeqRange], &[SeqRange]); 8] = [
        (&[range(5, 9)], &[], &[range(5, 9)]),
        (&[range(5, 9)], &[range(0, 4), range(10, 12)], &[range(5, 9)]),
        (&[range(5, 9)], &[range(5, 9)], &[]),
        (&[range(5, 9)], &[range(0, u64::MAX)], &[]),
        (&[range(5, 9)], &[range(6, 7)], &[range(5, 5), range(8, 9)]),
        (&[range(5, 9)], &[range(0, 5), range(9, 20)], &[range(6, 8)]),
        (&[range(0, u64::MAX)], &[range(0, 0), range(u64::MAX, u64::MAX)], &[range(1, u64::MAX - 1)]),
        (&[range(20, 30), range(5, 9)], &[range(8, 22)], &[range(23, 30), range(5, 7)]),
    ];
    for (ranges, gone, left) in cases {
        assert_eq!(without(ranges, gone), left, "{ranges:?} without {gone:?}");
    }
}
