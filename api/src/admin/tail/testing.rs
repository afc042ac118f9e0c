//! A record as a gateway logs it, for tests.

use suiftly_schema::ids::{CustomerId, Frontend, Network, Service};
use suiftly_schema::record::{LineId, Record, ShortText, Timers};
use suiftly_schema::time::UnixMillis;

/// A served request of customer 7, at a place in the journal.
pub(crate) fn record(journal_offset: u64) -> Record {
    let timestamp = UnixMillis(1_795_298_400_000);
    Record {
        timestamp,
        customer_id: CustomerId::new(7),
        path_prefix: Some(ShortText::new("v1/fetch_k")),
        config_hex: None,
        network: Some(Network::Mainnet),
        server_id: Some(17),
        service: Some(Service::Seal),
        api_key_fp: 16_801_928,
        frontend: Some(Frontend::Metered),
        traffic_type: 1,
        event_type: 0,
        client_ip: "192.0.2.7".parse().ok(),
        key_metadata: Some(10_496),
        status_code: 200,
        bytes_sent: 512,
        timers: Timers {
            request_ms: Some(0),
            queue_ms: Some(0),
            connect_ms: Some(1),
            response_ms: Some(24),
            total_ms: 25,
        },
        backend_id: 1,
        termination: ShortText::new("----"),
        repeat: 1,
        line_id: Some(LineId { server_id: 17, boot: timestamp, seq: u32::try_from(journal_offset).unwrap_or(1) }),
        journal_offset,
    }
}
