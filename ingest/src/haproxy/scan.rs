//! The inner loops of the parsers: where the spaces are, what a run of digits is, what an address is. Measured: one
//! scan of the whole line for spaces, then eight digits at a time, halves the time of searching token by token.

use memchr::memchr;
use std::net::{IpAddr, Ipv4Addr};
use wide::u8x16;

/// Notes where the first `N` spaces stand; returns how many were found.
#[inline]
pub(super) fn spaces<const N: usize>(line: &[u8], at: &mut [u32; N]) -> usize {
    let mut found = 0;
    let mut base = 0u32;
    let (chunks, rest) = line.as_chunks::<64>();
    for chunk in chunks {
        found = note(space_mask(chunk), base, at, found);
        base += 64;
    }
    let mask = match line.last_chunk::<64>() {
        // The last 64 bytes once more, less those that have been looked at: cheaper than a copy of the rest.
        Some(_) if rest.is_empty() => 0,
        Some(last) => space_mask(last) >> (64 - rest.len()),
        None => {
            let mut last = [0; 64];
            last[..rest.len()].copy_from_slice(rest);
            space_mask(&last)
        }
    };
    note(mask, base, at, found)
}

#[inline]
fn note<const N: usize>(mut mask: u64, base: u32, at: &mut [u32; N], mut found: usize) -> usize {
    while mask != 0 && found < N {
        at[found] = base + mask.trailing_zeros();
        found += 1;
        mask &= mask - 1;
    }
    found
}

#[inline]
fn space_mask(chunk: &[u8; 64]) -> u64 {
    let space = u8x16::splat(b' ');
    let (parts, _) = chunk.as_chunks::<16>();
    let mut mask = 0;
    for (i, part) in parts.iter().enumerate() {
        mask |= u64::from(u8x16::new(*part).simd_eq(space).to_bitmask()) << (16 * i);
    }
    mask
}

/// Where the first such byte stands from `from` on. Nearly always it is within the next 16 bytes, which are looked at
/// without a call.
#[inline]
pub(super) fn find_byte(line: &[u8], from: usize, byte: u8) -> Option<usize> {
    let rest = line.get(from..)?;
    let Some(near) = rest.first_chunk::<16>() else {
        return rest.iter().position(|other| *other == byte).map(|at| from + at);
    };
    match u8x16::new(*near).simd_eq(u8x16::splat(byte)).to_bitmask() {
        0 => memchr(byte, &rest[16..]).map(|at| from + 16 + at),
        mask => Some(from + mask.trailing_zeros() as usize),
    }
}

/// The number in `line[start..end]`: decimal digits and nothing else, below 2⁶⁴.
#[inline]
pub(super) fn uint(line: &[u8], start: usize, end: usize) -> Option<u64> {
    match end.wrapping_sub(start) {
        // Half of all numbers are of one digit.
        1 => line.get(start).filter(|byte| byte.is_ascii_digit()).map(|byte| u64::from(byte - b'0')),
        len @ 2..=8 if end >= 8 => eight_digits(line, end, len).map(u64::from),
        len => uint_of_length(line, start, end, len),
    }
}

fn uint_of_length(line: &[u8], start: usize, end: usize, len: usize) -> Option<u64> {
    match len {
        len @ 9..=16 if end >= 16 => {
            let high = u64::from(eight_digits(line, end - 8, len - 8)?);
            Some(high * 100_000_000 + u64::from(eight_digits(line, end, 8)?))
        }
        _ => uint_by_bytes(line.get(start..end)?),
    }
}

/// The `len` (1–8) digits that end at `end` (8 or more), all at once: whatever stands before them in the eight bytes
/// is shifted out.
#[inline]
fn eight_digits(line: &[u8], end: usize, len: usize) -> Option<u32> {
    let bytes: [u8; 8] = line.get(end - 8..end)?.try_into().ok()?;
    let shift = (8 - len) * 8;
    let digits = ((u64::from_le_bytes(bytes) ^ 0x3030_3030_3030_3030) >> shift) << shift;
    if (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10) + (digits >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    u32::try_from(low.wrapping_add(high) >> 32).ok()
}

#[cold]
fn uint_by_bytes(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The address in `line[start..end]`, as HAProxy writes it. IPv4 mapped into IPv6 is the IPv4 address.
#[inline]
pub(super) fn address(line: &[u8], start: usize, end: usize) -> Option<IpAddr> {
    if let Some(ip) = ipv4(line, start, end) {
        return Some(IpAddr::V4(ip));
    }
    let ip: IpAddr = std::str::from_utf8(line.get(start..end)?).ok()?.parse().ok()?;
    Some(ip.to_canonical())
}

/// A dotted quad, without a branch that depends on the octets' lengths: they differ from line to line, and a wrong guess
/// costs more than the arithmetic.
#[inline]
fn ipv4(line: &[u8], start: usize, end: usize) -> Option<Ipv4Addr> {
    let len = end.wrapping_sub(start);
    if !(7..=15).contains(&len) {
        return None;
    }
    match start.checked_sub(3).and_then(|before| line.get(before..before + IPV4_WINDOW_BYTES)?.first_chunk()) {
        Some(window) => ipv4_in(window, len),
        // At a line's begin or end there is too little around it to load at once.
        None => {
            let mut window = [0; IPV4_WINDOW_BYTES];
            window[3..3 + len].copy_from_slice(line.get(start..end)?);
            ipv4_in(&window, len)
        }
    }
}

/// 3 bytes before the text, and 16 from where it begins.
const IPV4_WINDOW_BYTES: usize = 19;

/// The `len` (7 to 15) bytes that begin at byte 3 of the window.
#[inline]
fn ipv4_in(window: &[u8; IPV4_WINDOW_BYTES], len: usize) -> Option<Ipv4Addr> {
    let text = u8x16::new(*window.last_chunk::<16>()?);
    let token = (1u32 << len) - 1;
    let dots = text.simd_eq(u8x16::splat(b'.')).to_bitmask() & token;
    // Above '9' and below '0' alike become more than 9.
    let digits = (text ^ u8x16::splat(b'0')).simd_le(u8x16::splat(9)).to_bitmask() & token;
    if dots.count_ones() != 3 || dots | digits != token {
        return None;
    }
    let mut octets = [0; 4];
    let mut ends = dots | 1 << len;
    let mut from = 0;
    for octet in &mut octets {
        let to = ends.trailing_zeros() as usize;
        ends &= ends - 1;
        *octet = decimal_octet(window, from, to)?;
        from = to + 1;
    }
    Some(Ipv4Addr::from(octets))
}

/// The 1 to 3 digits that stand at `from..to` of the text which begins at byte 3 of the window.
#[inline]
fn decimal_octet(window: &[u8; IPV4_WINDOW_BYTES], from: usize, to: usize) -> Option<u8> {
    let digit = |at: usize| u16::from(window[at].wrapping_sub(b'0'));
    let len = to.wrapping_sub(from);
    let (tens, hundreds) = (u16::from(len > 1), u16::from(len > 2));
    let number = digit(to + 2) + 10 * tens * digit(to + 1) + 100 * hundreds * digit(to);
    let shortest = 1 + usize::from(number > 9) + usize::from(number > 99);
    // A length other than the shortest is none, four digits or more, or has a leading zero.
    if len == shortest { u8::try_from(number).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn spaces_are_found_where_they_are(line in "[a ]{0,200}") {
            let mut at = [0; 40];
            let found = spaces(line.as_bytes(), &mut at);
            let expected: Vec<u32> =
                line.bytes().zip(0u32..).filter(|(byte, _)| *byte == b' ').map(|(_, i)| i).take(40).collect();
            prop_assert_eq!(&at[..found], expected.as_slice());
        }

        #[test]
        fn a_byte_is_found_where_it_is_first(line in "[ab]{0,60}x?[abx]{0,40}", from in 0usize..70) {
            let expected = line.as_bytes().iter().skip(from).position(|byte| *byte == b'x').map(|at| from + at);
            prop_assert_eq!(find_byte(line.as_bytes(), from, b'x'), expected);
        }

        #[test]
        fn numbers_read_as_the_standard_library_reads_them(
            before in "[ -~]{0,20}", token in prop_oneof!["[0-9]{0,22}", "[0-9:/x-]{1,9}", "[ -~]{0,18}"], after in "[ -~]{0,9}",
        ) {
            let line = format!("{before}{token}{after}");
            let read = uint(line.as_bytes(), before.len(), before.len() + token.len());
            let expected = if token.starts_with('+') { None } else { token.parse().ok() };
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn addresses_read_as_the_standard_library_reads_them(
            before in "[0-9. ]{0,6}",
            after in "[0-9. ]{0,18}",
            text in prop_oneof!["(0|1?[0-9]{1,2}|2[0-9]{2})(\\.(0|1?[0-9]{1,2}|2[0-9]{2})){3}", "[0-9./:]{7,15}", "[0-9]{1,3}(\\.[0-9]{1,3}){3}", "[0-9a-f:.]{0,20}", any::<IpAddr>().prop_map(|ip| ip.to_string())],
        ) {
            let expected = text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
            prop_assert_eq!(address(text.as_bytes(), 0, text.len()), expected);
            let line = format!("{before}{text}{after}");
            prop_assert_eq!(address(line.as_bytes(), before.len(), before.len() + text.len()), expected);
        }
    }

    #[test]
    fn every_byte_value_is_or_is_no_digit() {
        for byte in 0..=255u8 {
            for at in 0..8 {
                let mut line = *b"12345678";
                line[at] = byte;
                let expected = std::str::from_utf8(&line).ok().and_then(|text| text.parse::<u64>().ok());
                let expected = expected.filter(|_| byte.is_ascii_digit());
                assert_eq!(uint(&line, 0, 8), expected, "{byte} at {at}");
            }
        }
    }
}
