//! Which shard a line is of. Lines of one gateway's worker must meet, whatever home they come by: so a line goes by the
//! server that it names itself; else by the one that its source is bound to; else by its source.

use crate::binding::{Bound, SourceRules};
use crate::block::Block;
use crate::haproxy::sf1;
use crate::source::Source;
use crate::syslog::{self, repeated};
use std::sync::Arc;
use suiftly_schema::shard::Shard;
use suiftly_schema::time::UnixMillis;

/// Lends its year to header dates without one, for finding where the body begins. 2024-02-29: a year that has each day.
const ANY_DAY: UnixMillis = UnixMillis(1_709_164_800_000);

/// The rule by which lines come to shards: the same at each ingester. It never changes under one version of placement.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    sources: Option<Arc<SourceRules>>,
}

impl Placement {
    /// With the rules that bind sources to servers, as the decoder has them.
    pub const fn new(sources: Option<Arc<SourceRules>>) -> Self {
        Self { sources }
    }

    /// The shard of a frame.
    pub fn of(&self, source: &Source, frame: &[u8]) -> Shard {
        match said(frame).or_else(|| self.bound(source)) {
            Some(server_id) => Shard::of_server(server_id),
            None => Shard::of_source(&source.to_journal().1),
        }
    }

    /// The shard of each frame of a block, in order.
    pub(super) fn of_block(&self, block: &Block) -> Vec<Shard> {
        block.frames().map(|frame| self.of(&frame.source, frame.bytes)).collect()
    }

    fn bound(&self, source: &Source) -> Option<i16> {
        match self.sources.as_deref()?.find(source) {
            Bound::By(rule) => rule.only_server(),
            Bound::Free | Bound::Stranger => None,
        }
    }
}

/// The server that a line says it is of, as the decoder reads it.
fn said(frame: &[u8]) -> Option<i16> {
    let line = syslog::parse(frame, ANY_DAY).ok()?;
    match repeated::parse(line.body) {
        None => sf1::server_id(line.body),
        Some(repeated) => sf1::server_id(repeated.ok()?.body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::{Sender, SourceRule};
    use std::net::SocketAddr;

    const LINE: &str = "SF1 1795298482100 1795298482000 1795290000000 0 7 17 1 1 1 1 0 42 9 - - 192.0.2.9 /a 200 10 5 \
                        0 0 1 2 3 ---- be/s1 192.0.2.9 id";

    fn udp(ip: [u8; 4], port: u16) -> Source {
        Source::udp(SocketAddr::from((ip, port)))
    }

    #[test]
    fn a_line_that_names_its_server_goes_by_it_however_it_came() {
        let placement = Placement::default();
        let headers = [
            "",
            "<134>",
            "<134>1 2026-11-21T22:01:17.199024+00:00 - haproxy 7555 - - ",
            "<134>Feb 29 20:54:59 lb haproxy[7]: ",
        ];
        for header in headers {
            let frame = format!("{header}{LINE}");
            for source in [udp([192, 0, 2, 1], 1), udp([198, 51, 100, 7], 9), Source::File] {
                assert_eq!(placement.of(&source, frame.as_bytes()), Shard::of_server(17), "{frame}");
            }
        }
        let repeated = format!("<134>Nov 21 20:54:59 lb haproxy[7]: message repeated 3 times: [ {LINE}]");
        assert_eq!(placement.of(&Source::File, repeated.as_bytes()), Shard::of_server(17));
    }

    #[test]
    fn another_goes_by_the_server_of_its_source_or_by_its_source() {
        let rule = |prefix: &str, servers: &[i16]| SourceRule {
            from: Sender::Address(prefix.parse().unwrap()),
            servers: servers.to_vec(),
            format: None,
        };
        let rules = SourceRules::new(vec![rule("192.0.2.0/24", &[5]), rule("198.51.100.0/24", &[5, 6])]).unwrap();
        let placement = Placement::new(Some(Arc::new(rules)));
        let place = |source: &Source| placement.of(source, b"<134>no line of ours");
        assert_eq!(place(&udp([192, 0, 2, 1], 1)), Shard::of_server(5));
        for ip in [[198, 51, 100, 7], [203, 0, 113, 9]] {
            let shard = Shard::of_source(&udp(ip, 0).to_journal().1);
            assert_eq!(place(&udp(ip, 1)), shard, "by the address");
            assert_eq!(place(&udp(ip, 2)), shard, "whatever its port");
        }
        // Torn within: the decoder refuses it, wherever it is.
        let torn = &LINE.as_bytes()[..60];
        assert_eq!(placement.of(&udp([192, 0, 2, 1], 1), torn), Shard::of_server(5));
    }
}
