use super::*;
use proptest::prelude::*;

const ROOMY: u64 = 64 << 20;

/// The file of a directory, and what is in it when it is opened.
fn opened(dir: &Path) -> (Spool, Vec<Vec<u8>>) {
    let mut found = Vec::new();
    let spool = Spool::open(&dir.join("s"), ROOMY, |number, record| {
        assert_eq!(number, found.len() as u64);
        found.push(record.to_vec());
    });
    (spool.unwrap(), found)
}

fn read(spool: &Spool, number: u64) -> Option<Vec<u8>> {
    let mut record = Vec::new();
    spool.read(number, &mut record).unwrap().then_some(record)
}

#[test]
fn what_was_synced_is_there_after_a_crash_and_what_was_cut_short_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, found) = opened(dir.path());
    assert!(found.is_empty() && spool.is_empty());
    let records = [b"one".to_vec(), Vec::new(), vec![7; RECORD_BYTES_MAX]];
    for (number, record) in (0..).zip(&records) {
        assert_eq!(spool.put(record).unwrap(), number);
        assert_eq!(read(&spool, number).as_ref(), Some(record), "before it is written");
    }
    spool.sync().unwrap();
    assert_eq!(read(&spool, 2).as_ref(), Some(&records[2]), "and after");
    drop(spool);
    let path = dir.path().join("s");
    let whole = fs::read(&path).unwrap();
    let (spool, found) = opened(dir.path());
    assert_eq!(found, records);
    drop(spool);
    // A crash in the middle of a write, at each byte of the second record and of the third's head.
    for length in 11..28 {
        fs::write(&path, &whole[..length]).unwrap();
        let (mut spool, found) = opened(dir.path());
        let kept = if length < 19 { 1 } else { 2 };
        assert_eq!(found, records[..kept], "{length} bytes");
        assert_eq!(spool.put(b"next").unwrap(), kept as u64);
        spool.sync().unwrap();
        drop(spool);
        assert_eq!(opened(dir.path()).1.last().unwrap(), b"next", "{length} bytes");
    }
    let mut damaged = whole;
    damaged[9] ^= 1;
    fs::write(&path, damaged).unwrap();
    assert!(opened(dir.path()).1.is_empty());
}

#[test]
fn what_is_taken_out_leaves_the_file_when_most_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = opened(dir.path());
    let record = |n: u64| vec![u8::try_from(n % 251).unwrap(); 1_000];
    for n in 0..4_000 {
        spool.put(&record(n)).unwrap();
    }
    spool.sync().unwrap();
    let length = || fs::metadata(dir.path().join("s")).unwrap().len();
    let full = length();
    for n in (0..4_000).filter(|n| n % 4 != 3) {
        spool.take_out(n);
        spool.take_out(n);
    }
    spool.tidy().unwrap();
    assert!(length() * 3 < full, "{} of {full}", length());
    // Numbers stay; what comes later is behind.
    assert_eq!((read(&spool, 4), read(&spool, 7)), (None, Some(record(7))));
    let later = spool.put(b"later").unwrap();
    spool.sync().unwrap();
    assert_eq!((later, read(&spool, later).as_deref()), (4_000, Some(b"later".as_slice())));
    drop(spool);
    let (mut spool, found) = opened(dir.path());
    assert_eq!((found.len(), &found[1]), (1_001, &record(7)));
    (0..=1_000).for_each(|n| spool.take_out(n));
    spool.tidy().unwrap();
    assert_eq!((length(), spool.is_empty()), (0, true));
    spool.remove().unwrap();
    assert!(!dir.path().join("s").exists());
}

#[test]
fn it_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(&dir.path().join("s"), 100, |_, _| ()).unwrap();
    assert!(matches!(spool.put(&[0; RECORD_BYTES_MAX + 1]), Err(SpoolError::TooLong { .. })));
    let first = spool.put(&[1; 42]).unwrap();
    spool.put(&[2; 42]).unwrap();
    assert!(matches!(spool.put(b""), Err(SpoolError::Full { bytes_max: 100, .. })));
    spool.take_out(first);
    assert!(matches!(spool.put(b""), Err(SpoolError::Full { .. })), "a file is not written anew for so little");
    spool.take_out(first + 1);
    let third = spool.put(&[3; 90]).unwrap();
    assert_eq!(read(&spool, third), Some(vec![3; 90]));
}

#[derive(Clone, Debug)]
enum Act {
    Put(Vec<u8>),
    Sync,
    TakeOut(u64),
    Tidy,
    OpenAnew,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Act::Put),
        1 => Just(Act::Sync),
        3 => (0..60_u64).prop_map(Act::TakeOut),
        1 => Just(Act::Tidy),
        1 => Just(Act::OpenAnew),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Beside a map that does the same: what was synced and not taken out is there, after every act.
    #[test]
    fn it_holds_what_a_map_would(acts in proptest::collection::vec(act(), 0..60)) {
        let dir = tempfile::tempdir().unwrap();
        let (mut spool, _) = opened(dir.path());
        let mut model = std::collections::BTreeMap::new();
        for act in acts {
            match act {
                Act::Put(record) => {
                    let number = spool.put(&record).unwrap();
                    prop_assert!(model.insert(number, record).is_none());
                }
                Act::Sync => spool.sync().unwrap(),
                Act::TakeOut(number) => {
                    spool.take_out(number);
                    model.remove(&number);
                }
                Act::Tidy => spool.tidy().unwrap(),
                Act::OpenAnew => {
                    spool.sync().unwrap();
                    drop(spool);
                    let (fresh, found) = opened(dir.path());
                    // What was taken out may be in again; nothing else is.
                    let wanted: Vec<_> = model.values().cloned().collect();
                    let mut rest = found.iter();
                    prop_assert!(wanted.iter().all(|record| rest.any(|there| there == record)));
                    model = (0..).zip(found).collect();
                    spool = fresh;
                }
            }
            for number in 0..60 {
                prop_assert_eq!(read(&spool, number), model.get(&number).cloned());
            }
        }
    }
}
