//! Whose request it is: the connection's address, or behind proxies that we trust the one they tell.
//!
//! `X-Forwarded-For` is read from the right, where the nearest proxy writes, and only as far as trusted proxies go: what
//! stands left of the first that is not trusted was written by a stranger.

use crate::app::App;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies in a row at most; what is left of them is not looked at.
const HOPS_MAX: usize = 16;

/// Where a request comes from, for everything that asks.
#[derive(Clone, Copy, Debug)]
struct ClientAddress(IpAddr);

/// Finds out where a request comes from; the outermost layer.
pub(crate) async fn find(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let connection = info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    let address = client(connection, request.headers(), &app.rules.trusted_proxies);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// Where the request comes from; unspecified where a test made it.
pub(crate) fn peer(extensions: &Extensions) -> IpAddr {
    extensions.get::<ClientAddress>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0)
}

fn client(connection: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let told = headers.get_all(FORWARDED_FOR).into_iter().collect::<Vec<_>>().into_iter().rev();
    let told = told.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
    let mut address = connection.to_canonical();
    for hop in told.take(HOPS_MAX) {
        if !is_trusted(&address) {
            break;
        }
        // A trusted proxy that tells no address is the nearest that we know.
        let Some(before) = hop_address(hop.trim()) else { break };
        address = before;
    }
    address
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn hop_address(text: &str) -> Option<IpAddr> {
    let address = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse().ok()?,
        None => text.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))?,
    };
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_believed_through_trusted_proxies_alone() {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/64"].map(|net| net.parse().unwrap()).into();
        let cases: [(&str, &[&str], &str); 15] = [
            ("198.51.100.1", &[], "198.51.100.1"),
            ("198.51.100.1", &["203.0.113.9"], "198.51.100.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9, 192.0.2.7"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9", "10.9.9.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9,"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8:1::9]:4711"], "2001:db8:1::9"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("2001:db8::1", &["2001:db8:1::9"], "2001:db8:1::9"),
            ("192.0.2.8", &["203.0.113.9"], "192.0.2.8"),
        ];
        for (connection, told, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in told {
                headers.append(FORWARDED_FOR, value.parse().unwrap());
            }
            let client = client(connection.parse().unwrap(), &headers, &trusted);
            assert_eq!(client.to_string(), expected, "{connection} {told:?}");
        }
    }

    #[test]
    fn a_long_chain_is_not_followed() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, vec!["10.0.0.2"; 10_000].join(",").parse().unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(client("10.0.0.1".parse().unwrap(), &headers, &trusted).to_string(), "10.0.0.2");
    }
}
