use super::*;
use proptest::prelude::*;

/// What a stream became: frames, and a word for everything else that counts.
#[derive(Debug, PartialEq, Eq, Clone)]
enum Seen {
    Frame(Vec<u8>),
    Oversize(Vec<u8>),
    Broken(FrameError),
}

/// Feeds `bytes` in reads of the given sizes (over and over), through a buffer as a connection would have.
fn run(mut framer: Framer, bytes: &[u8], reads: &[usize]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut buf: Vec<u8> = Vec::new();
    let mut rest = bytes;
    let mut sizes = reads.iter().cycle();
    loop {
        let step = if rest.is_empty() && framer.clone().next(&buf) == Step::NeedMore {
            let step = framer.finish(&buf);
            settle(&step, &buf, &mut seen);
            return seen;
        } else {
            framer.next(&buf)
        };
        let Some(consumed) = settle(&step, &buf, &mut seen) else {
            return seen;
        };
        if step == Step::NeedMore {
            assert!(buf.len() < MIN_BUFFER_BYTES, "a buffer of MIN_BUFFER_BYTES never stands full");
            let (read, left) =
                rest.split_at(*sizes.next().unwrap().min(&rest.len()).min(&(MIN_BUFFER_BYTES - buf.len())));
            buf.extend_from_slice(read);
            rest = left;
        } else {
            assert!(consumed > 0 && consumed <= buf.len());
            buf.drain(..consumed);
        }
    }
}

/// Notes what counts; `None` once the stream is broken.
fn settle(step: &Step, buf: &[u8], seen: &mut Vec<Seen>) -> Option<usize> {
    match step {
        Step::Frame { range, consumed } => {
            assert!(!range.is_empty());
            seen.push(Seen::Frame(buf[range.clone()].to_vec()));
            Some(*consumed)
        }
        Step::Oversize { range, consumed } => {
            seen.push(Seen::Oversize(buf[range.clone()].to_vec()));
            Some(*consumed)
        }
        Step::Skip { consumed } => Some(*consumed),
        Step::NeedMore => Some(0),
        Step::Broken(error) => {
            seen.push(Seen::Broken(*error));
            None
        }
    }
}

fn frames(texts: &[&str]) -> Vec<Seen> {
    texts.iter().map(|text| Seen::Frame(text.as_bytes().to_vec())).collect()
}

#[test]
fn framing_is_found_and_frames_are_cut() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("\n\r\n\n", &[]),
        ("<134>a\n<134>b\r\n\n<134>c", &["<134>a", "<134>b", "<134>c"]),
        ("6 <134>a7 <134>bc", &["<134>a", "<134>bc"]),
        ("7 <134>a\n6 <134>b", &["<134>a", "<134>b"]),
        ("6 <134>a\n6 <134>b\r\n", &["<134>a", "<134>b"]),
        ("5 SF1 x5 SF1 y", &["SF1 x", "SF1 y"]),
        ("127.0.0.1:80 [x\n", &["127.0.0.1:80 [x"]),
        ("6 Sx\n7 Sy", &["6 Sx", "7 Sy"]),
        ("06 <134>a", &["06 <134>a"]),
        ("123456 <134>a", &["123456 <134>a"]),
        ("12", &["12"]),
        // `format raw` with a log-format of one's own: the count is held against what it counts.
        ("5 hello3 abc", &["hello", "abc"]),
        ("5 hello3 abc12 twelve bytes", &["hello", "abc", "twelve bytes"]),
        ("5 hello\n5 world\r\n", &["hello", "world"]),
        ("6 hello\n6 world\n", &["hello", "world"]),
        ("7 hello\r\n3 abc", &["hello", "abc"]),
        ("5 hello", &["hello"]),
        ("5 hello\n", &["hello"]),
        ("17 127.0.0.1:80 [a]\n3 abc", &["127.0.0.1:80 [a]", "abc"]),
        ("17 127.0.0.1:80 [a b17 127.0.0.1:80 [a b", &["127.0.0.1:80 [a b"; 2]),
        // Lines that begin with a number.
        ("200 1234 /path\n404 99 /other\n", &["200 1234 /path", "404 99 /other"]),
        ("5 hello and more\n5 hello and more\n", &["5 hello and more"; 2]),
        ("5 hello9\n", &["5 hello9"]),
        ("5 hello99", &["5 hello99"]),
        ("200 1234 /path", &["200 1234 /path"]),
        ("99999 bytes\nnext\n", &["99999 bytes", "next"]),
        ("503 <NOSRV> 0\n404 <NOSRV> 0\n", &["503 <NOSRV> 0", "404 <NOSRV> 0"]),
        ("11 <1234> abcd3 abc", &["<1234> abcd", "abc"]),
        ("3 <1x3 abc", &["<1x", "abc"]),
        ("3 SF13 abc", &["SF1", "abc"]),
    ];
    for (stream, expected) in cases {
        for reads in [vec![usize::MAX], vec![1], vec![2, 3]] {
            assert_eq!(run(Framer::detect(), stream.as_bytes(), &reads), frames(expected), "{stream:?} by {reads:?}");
        }
    }
}

#[test]
fn a_counted_stream_that_makes_no_sense_is_broken_once() {
    let too_long = MAX_STREAM_FRAME_BYTES + 1;
    let cases = [
        ("6 <134>ax".to_owned(), FrameError::Count),
        ("6 <134>a0 ".to_owned(), FrameError::Count),
        ("6 <134>a123456 ".to_owned(), FrameError::Count),
        ("6 <134>a ".to_owned(), FrameError::Count),
        (format!("6 <134>a{too_long} <"), FrameError::TooLong(u32::try_from(too_long).unwrap())),
        ("6 <134>a99999 <".to_owned(), FrameError::TooLong(99_999)),
        ("6 <134>a6 <134>".to_owned(), FrameError::Truncated),
        ("6 <134>a6".to_owned(), FrameError::Truncated),
    ];
    for (stream, error) in cases {
        let mut expected = frames(&["<134>a"]);
        expected.push(Seen::Broken(error));
        for reads in [vec![usize::MAX], vec![1]] {
            assert_eq!(run(Framer::detect(), stream.as_bytes(), &reads), expected, "{stream:?}");
        }
    }
}

#[test]
fn lines_at_the_bound() {
    for (len, oversize) in [(MAX_STREAM_FRAME_BYTES, false), (MAX_STREAM_FRAME_BYTES + 1, true), (100_000, true)] {
        let mut stream = vec![b'x'; len];
        stream.extend_from_slice(b"\nnext\n");
        let first = &stream[..MAX_STREAM_FRAME_BYTES];
        let first = if oversize { Seen::Oversize(first.to_vec()) } else { Seen::Frame(first.to_vec()) };
        let expected = vec![first, Seen::Frame(b"next".to_vec())];
        for reads in [vec![usize::MAX], vec![1_000], vec![MAX_STREAM_FRAME_BYTES, 1]] {
            assert_eq!(run(Framer::detect(), &stream, &reads), expected, "{len} by {reads:?}");
        }
        let counted = [format!("{len} ").as_bytes(), &stream[..len]].concat();
        let whole = run(Framer::of(Framing::OctetCount), &counted, &[usize::MAX]);
        assert_eq!(matches!(whole[0], Seen::Broken(_)), oversize, "{len}");
    }
}

#[test]
fn datagrams_lose_their_newline_only() {
    let cases: &[(&[u8], Option<&[u8]>)] = &[
        (b"<134>a\n", Some(b"<134>a")),
        (b"<134>a", Some(b"<134>a")),
        (b"<134>a b \r\n", Some(b"<134>a b ")),
        (b"\n", None),
        (b"", None),
        (b"\0", None),
    ];
    for (bytes, frame) in cases {
        assert_eq!(datagram(bytes), *frame);
    }
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let text = proptest::collection::vec(prop_oneof![8 => 32u8..127, 1 => Just(b'\n'), 1 => any::<u8>()], 0..60);
    let counted = text.clone().prop_map(|text| [format!("{} ", text.len()).as_bytes(), &text].concat());
    let tagged = text.clone().prop_map(|text| [b"<134>", text.as_slice()].concat());
    let tagged = tagged.prop_map(|text| [format!("{} ", text.len()).as_bytes(), &text].concat());
    let line = text.clone().prop_map(|text| [text.as_slice(), b"\n"].concat());
    let long = (0usize..3 * MAX_STREAM_FRAME_BYTES, any::<bool>())
        .prop_map(|(len, blank)| vec![if blank { b'\r' } else { b'x' }; len]);
    let piece = prop_oneof![4 => tagged, 4 => line, 2 => counted, 1 => text, 1 => long];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_into_reads_gives_the_same_frames(bytes in stream(), reads in proptest::collection::vec(1usize..400, 1..8)) {
        for framer in [Framer::detect(), Framer::of(Framing::OctetCount), Framer::of(Framing::Newline)] {
            let whole = run(framer.clone(), &bytes, &[usize::MAX]);
            prop_assert_eq!(run(framer, &bytes, &reads), whole);
        }
    }
}
