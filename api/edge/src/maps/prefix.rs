//! Networks as prefixes of addresses in hexadecimal: what `allow.map` is searched by.
//!
//! An address is `4` and 8 digits, or `6` and 32, so that one of IPv4 never begins like one of IPv6. A network whose
//! length is no multiple of 4 bits stands as the 2, 4 or 8 prefixes that make it up.

use std::net::IpAddr;
use suiftly_schema::allowlist;

const DIGIT_BITS: u8 = 4;

/// The prefixes of an address (`192.0.2.1`) or a network (`192.0.2.0/24`); `None` for what is neither. IPv4 within IPv6
/// is IPv4, as HAProxy sees such a client.
pub fn of_network(text: &str) -> Option<Vec<String>> {
    let network = allowlist::address(text)?;
    let (address, length) = network.split_once('/').map_or((network.as_str(), None), |(a, length)| (a, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let digits = of_address(address);
    // The family's digit is none of the address.
    let bits = u8::try_from(digits.len() - 1).ok()? * DIGIT_BITS;
    let length = length.map_or(Some(bits), |length| length.parse().ok())?;
    let (whole, rest) = (usize::from(length / DIGIT_BITS), length % DIGIT_BITS);
    let stem = &digits[..=whole];
    if rest == 0 {
        return Some(vec![stem.to_owned()]);
    }
    // What is beyond the length is zero, so the last digit is the first of those that it stands for.
    let first = u8::from_str_radix(digits.get(whole + 1..whole + 2)?, 16).ok()?;
    let count = 1 << (DIGIT_BITS - rest);
    Some((first..first + count).map(|digit| format!("{stem}{digit:X}")).collect())
}

/// An address whole, as a gateway's configuration makes it of a client's.
pub fn of_address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => format!("4{:08X}", u32::from(v4)),
        IpAddr::V6(v6) => format!("6{:032X}", u128::from(v6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn networks_and_their_prefixes() {
        let cases: [(&str, Option<&[&str]>); 14] = [
            ("192.0.2.1", Some(&["4C0000201"])),
            ("192.0.2.0/24", Some(&["4C00002"])),
            ("192.0.2.0/23", Some(&["4C00002", "4C00003"])),
            ("10.0.0.0/8", Some(&["40A"])),
            (
                "192.0.2.128/25",
                Some(&["4C000028", "4C000029", "4C00002A", "4C00002B", "4C00002C", "4C00002D", "4C00002E", "4C00002F"]),
            ),
            ("192.0.2.4/31", Some(&["4C0000204", "4C0000205"])),
            ("0.0.0.0/0", Some(&["4"])),
            ("::/0", Some(&["6"])),
            ("2001:db8::/32", Some(&["620010DB8"])),
            (
                "2001:db8:8000::/33",
                Some(&[
                    "620010DB88",
                    "620010DB89",
                    "620010DB8A",
                    "620010DB8B",
                    "620010DB8C",
                    "620010DB8D",
                    "620010DB8E",
                    "620010DB8F",
                ]),
            ),
            ("2001:db8::1", Some(&["620010DB8000000000000000000000001"])),
            ("::ffff:192.0.2.7", Some(&["4C0000207"])),
            ("192.0.2.0/33", None),
            ("192.0.2.0/24\n1:1:4 1", None),
        ];
        for (text, expected) in cases {
            let found = of_network(text);
            assert_eq!(
                found.as_deref().map(|found| found.iter().map(String::as_str).collect()),
                expected.map(<[_]>::to_vec),
                "{text}"
            );
        }
    }

    /// What the standard library's integers say.
    fn contains(network: (u128, u8), address: u128, bits: u8) -> bool {
        let shift = u32::from(bits - network.1);
        let of = |value: u128| value.checked_shr(shift).unwrap_or(0);
        of(network.0) == of(address)
    }

    /// Two addresses that have so many leading bits in common, and perhaps more.
    fn pair(bits: u8) -> impl Strategy<Value = (u128, u128, u8)> {
        (any::<u128>(), any::<u128>(), 0..=bits, 0..=bits).prop_map(move |(one, other, common, length)| {
            let rest = u128::MAX.checked_shr(128 - u32::from(bits - common)).unwrap_or(0);
            let all = u128::MAX >> (128 - u32::from(bits));
            (one & all, ((one & !rest) | (other & rest)) & all, length)
        })
    }

    proptest! {
        #[test]
        fn a_prefix_matches_what_its_network_holds(v4 in pair(32), v6 in pair(128)) {
            let (one, other, length) = v4;
            let v4_of = |value: u128| Ipv4Addr::from(u32::try_from(value).unwrap());
            let prefixes = of_network(&format!("{}/{length}", v4_of(one))).unwrap();
            prop_assert!(prefixes.len() <= 8);
            let address = of_address(v4_of(other).into());
            let is_matched = prefixes.iter().any(|prefix| address.starts_with(prefix));
            prop_assert_eq!(is_matched, contains((one, length), other, 32));

            let (one, other, length) = v6;
            let network = format!("{}/{length}", Ipv6Addr::from(one));
            // What is IPv4 within IPv6 is another matter.
            prop_assume!(!allowlist::address(&network).unwrap().contains('.'));
            let prefixes = of_network(&network).unwrap();
            prop_assert!(prefixes.len() <= 8);
            let seen = of_address(Ipv6Addr::from(other).into());
            let is_matched = prefixes.iter().any(|prefix| seen.starts_with(prefix));
            prop_assert_eq!(is_matched, contains((one, length), other, 128));
            prop_assert!(!prefixes.iter().any(|prefix| address.starts_with(prefix)), "IPv6 never matches IPv4");
        }
    }
}
