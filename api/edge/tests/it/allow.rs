//! Allowlists: a listed grant is served from the networks of its entries, each of every length, IPv4 and IPv6 apart.

use crate::gateway::{CLIENT, Client, Door, Gateway, PLENTY, Texts, Transport, free_addresses, token};
use Door::{Mgrpc, Mseal};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// The entries for a network, as the contract has them: the family, the whole digits of the prefix, and each digit that
/// may follow where it ends within one.
fn entries(address: IpAddr, length: usize) -> Vec<String> {
    let (family, digits) = match address {
        IpAddr::V4(address) => ('4', format!("{:08X}", address.to_bits())),
        IpAddr::V6(address) => ('6', format!("{:032X}", address.to_bits())),
    };
    let (whole, bits) = (&digits[..length / 4], length % 4);
    if bits == 0 {
        return vec![format!("{family}{whole}")];
    }
    let digit = usize::from_str_radix(&digits[whole.len()..=whole.len()], 16).unwrap();
    let first = digit >> (4 - bits) << (4 - bits);
    (first..first + (1 << (4 - bits))).map(|digit| format!("{family}{whole}{digit:X}")).collect()
}

/// The address with one bit turned: the last of a prefix of this length.
fn beside(address: IpAddr, length: usize) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() ^ (1 << (32 - length))).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() ^ (1 << (128 - length))).into(),
    }
}

/// A customer for each case, with a key of the customer's number.
#[derive(Default)]
struct Lists {
    texts: Texts,
    /// Key, and whether it is served from this address.
    expected: Vec<(String, IpAddr, bool)>,
}

impl Lists {
    fn add(&mut self, entries: &[String], expected: &[(IpAddr, bool)]) {
        let customer = i64::try_from(self.expected.len()).unwrap() + 1;
        let key = format!("KEY-{customer}");
        let mut texts = std::mem::take(&mut self.texts).key(&key, customer, Mseal);
        texts = texts.grant_in(customer, Mseal, "active", PLENTY, "listed");
        for entry in entries {
            texts = texts.allow(customer, Mseal, entry);
        }
        self.texts = texts;
        self.expected.extend(expected.iter().map(|&(from, served)| (key.clone(), from, served)));
    }
}

fn lists() -> Lists {
    let mut lists = Lists::default();
    for (here, other, bits) in [(V4, V6, 32), (V6, V4, 128)] {
        for length in 0..=bits {
            lists.add(&entries(here, length), &[(here, true), (other, false)]);
            if length > 0 {
                lists.add(&entries(beside(here, length), length), &[(here, false), (other, false)]);
            }
        }
    }
    // Several entries; none; the digits of one family under the other's name.
    let both: Vec<String> = [entries(V4, 32), entries(V6, 128)].concat();
    lists.add(&both, &[(V4, true), (V6, true)]);
    lists.add(&[], &[(V4, false), (V6, false)]);
    lists.add(&["67F000001".to_owned(), "400000000".to_owned()], &[(V4, false), (V6, false)]);
    lists
}

/// One HAProxy, hundreds of lists; each asked from 127.0.0.1 over IPv4, from the same over an IPv6 socket (where it
/// arrives as ::ffff:127.0.0.1), and from ::1.
#[test]
fn every_length_of_both_families() {
    let [any] = free_addresses().map(|address| address.port());
    let lists = lists();
    let gateway = Gateway::start_binding(Transport::Udp, &lists.texts, Mseal, &format!(",[::]:{any} v4v6"));
    let mapped = SocketAddr::from((Ipv4Addr::LOCALHOST, any));
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, any));
    let mut clients = [gateway.address(Mseal), mapped, six].map(Client::new);
    for (key, from, served) in &lists.expected {
        let clients = if *from == V4 { &mut clients[..2] } else { &mut clients[2..] };
        for client in clients {
            let answer = client.get("/x", &format!("X-API-Key: {key}\r\n")).unwrap();
            let list = lists.texts.allow.lines().filter(|line| line.starts_with(&format!("{}:", &key[4..])));
            let list: Vec<&str> = list.collect();
            assert_eq!(answer.status, if *served { 200 } else { 403 }, "{key} from {from}: {list:?}");
        }
    }
}

/// The address stands in the line as what it is, however it came.
#[test]
fn a_mapped_address_is_logged_as_ipv4() {
    let [any] = free_addresses().map(|address| address.port());
    let gateway = Gateway::start_binding(Transport::Udp, &Texts::default(), Mseal, &format!(",[::]:{any} v4v6"));
    for (to, logged) in [(V4, "127.0.0.1"), (V6, "::1")] {
        assert_eq!(Client::new(SocketAddr::from((to, any))).get("/x", "").unwrap().status, 401);
        assert_eq!(token(&gateway.lines(1)[0], CLIENT), logged);
    }
}

/// A list opens its own customer's own service.
#[test]
fn a_list_is_of_one_customer_and_service() {
    let texts = Texts::default()
        .key("FIVE", 5, Mseal)
        .grant_in(5, Mseal, "active", PLENTY, "listed")
        .key("FIVE-GRPC", 5, Mgrpc)
        .grant_in(5, Mgrpc, "active", PLENTY, "listed")
        .key("FIFTEEN", 15, Mseal)
        .grant_in(15, Mseal, "active", PLENTY, "listed")
        .allow(5, Mseal, "4");
    let gateway = Gateway::start(Transport::Udp, &texts);
    for (door, key, status) in [(Mseal, "FIVE", 200), (Mgrpc, "FIVE-GRPC", 403), (Mseal, "FIFTEEN", 403)] {
        assert_eq!(gateway.get(door, "/x", &format!("X-API-Key: {key}\r\n")).status, status, "{key}");
    }
}
