//! Who may use a service: addresses and networks, and the web origins its owner names. Text in; the one form in which each
//! is kept, compared and told to gateways out.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses and networks of a service at most (SPEC §6).
pub const MAX_ADDRESSES: u32 = 20;
/// Origins of a service at most.
pub const MAX_ORIGINS: u32 = 20;
/// An address or network is no longer than this as text.
pub const ADDRESS_CHARS_MAX: usize = 50;
/// An origin is no longer than this: a name has 253 characters at most.
pub const ORIGIN_CHARS_MAX: usize = 270;

const NAME_CHARS_MAX: usize = 253;
const LABEL_CHARS_MAX: usize = 63;
/// Where IPv4 begins within the addresses of IPv6 that stand for it (`::ffff:192.0.2.1`).
const MAPPED_BITS: u8 = 96;
const HTTPS: u16 = 443;

/// An address (`192.0.2.1`, `2001:db8::1`), or a network (`192.0.2.0/24`) of which what is beyond its length is zero. A
/// network of one address is that address; what is IPv4 within IPv6 is IPv4. `None` for what is neither.
pub fn address(text: &str) -> Option<String> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let bits = bits_of(address);
    let length = match length {
        Some(length) => number(length).filter(|length| *length <= bits)?,
        None => bits,
    };
    let (address, length) = match address {
        IpAddr::V6(v6) if length >= MAPPED_BITS => match v6.to_ipv4_mapped() {
            Some(v4) => (IpAddr::V4(v4), length - MAPPED_BITS),
            None => (address, length),
        },
        _ => (address, length),
    };
    let network = first_of(address, length);
    Some(if length == bits_of(network) { network.to_string() } else { format!("{network}/{length}") })
}

const fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn first_of(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            Ipv4Addr::from(u32::from(v4) & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            Ipv6Addr::from(u128::from(v6) & mask).into()
        }
    }
}

/// Digits alone, without a sign or a zero before them.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

/// An origin: `https://` and a name, perhaps with a port, and nothing after it. Letters become small, and the port that
/// is https's own goes. `None` for what is none.
pub fn origin(text: &str) -> Option<String> {
    let scheme = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"))?;
    let authority = &text[scheme.len()..];
    let (name, port) = authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
    let port: Option<u16> = match port {
        Some(port) => Some(number(port).filter(|port| *port > 0)?),
        None => None,
    };
    if name.len() > NAME_CHARS_MAX || !name.split('.').all(is_label) {
        return None;
    }
    let mut origin = format!("https://{}", name.to_ascii_lowercase());
    if let Some(port) = port.filter(|port| *port != HTTPS) {
        write!(origin, ":{port}").ok()?;
    }
    Some(origin)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_CHARS_MAX).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_have_one_form() {
        let cases = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1/32", Some("192.0.2.1")),
            ("192.0.2.77/24", Some("192.0.2.0/24")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("2001:DB8:0:0::1", Some("2001:db8::1")),
            ("2001:db8::1/128", Some("2001:db8::1")),
            ("2001:db8:ffff::/33", Some("2001:db8:8000::/33")),
            ("::/0", Some("::/0")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("::ffff:192.0.2.7/120", Some("192.0.2.0/24")),
            ("::ffff:192.0.2.7/64", Some("::/64")),
            ("192.0.2.1/33", None),
            ("2001:db8::/129", None),
            ("192.0.2.1/", None),
            ("192.0.2.1/+8", None),
            ("192.0.2.1/08", None),
            ("192.0.2.1/24/24", None),
            ("192.0.02.1", None),
            ("192.0.2", None),
            ("fe80::1%eth0", None),
            ("[2001:db8::1]", None),
            (" 192.0.2.1", None),
            ("everywhere", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(address(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn origins_have_one_form() {
        let long = |labels: usize| format!("https://{}com", "a23456789.".repeat(labels));
        let cases = [
            ("https://app.example.com", Some("https://app.example.com".to_owned())),
            ("HTTPS://App.Example.COM:443", Some("https://app.example.com".to_owned())),
            ("https://app.example.com:8443", Some("https://app.example.com:8443".to_owned())),
            ("https://localhost", Some("https://localhost".to_owned())),
            ("https://xn--bcher-kva.example", Some("https://xn--bcher-kva.example".to_owned())),
            (&long(25), Some(long(25))),
            (&long(26), None),
            ("http://app.example.com", None),
            ("https://", None),
            ("https://app.example.com/", None),
            ("https://app.example.com?x", None),
            ("https://user@app.example.com", None),
            ("https://*.example.com", None),
            ("https://app..com", None),
            ("https://app.example.com.", None),
            ("https://-app.example.com", None),
            ("https://app.example.com:0", None),
            ("https://app.example.com:65536", None),
            ("https://app.example.com:", None),
            ("https://app.example.com:80:80", None),
            ("https://[2001:db8::1]", None),
            ("https://bücher.example", None),
            ("https:/", None),
            ("null", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(origin(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_one_form_is_its_own(v6: u128, v4: u32, length6 in 0u8..=128, length4 in 0u8..=32, text in "\\PC{0,40}") {
            let texts = [
                format!("{}/{length6}", Ipv6Addr::from(v6)),
                format!("{}/{length4}", Ipv4Addr::from(v4)),
                Ipv6Addr::from(v6).to_string(),
            ];
            for text in texts {
                let form = address(&text).expect("an address");
                prop_assert!(form.len() <= ADDRESS_CHARS_MAX);
                prop_assert_eq!(address(&form), Some(form));
            }
            if let Some(form) = origin(&format!("https://{text}")) {
                prop_assert!(form.len() <= ORIGIN_CHARS_MAX);
                prop_assert_eq!(origin(&form), Some(form));
            }
        }
    }
}
