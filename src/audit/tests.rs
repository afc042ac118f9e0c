use super::check::{Evidence, Findings, Outcome, check};
use super::say;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use suiftly_dataflow::{Dataflow, EpochInput, Seed};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::journal::{Journal, JournalConfig};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::bill::{BillInputs, HourUsage, JournalPoint};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::invoice::{DocumentKind, ExportedInvoice};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{Price, PriceBook, PriceBooks};
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tempfile::TempDir;

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

/// The second book, told within the journal.
fn second() -> PriceBook {
    let requests = Price::per_unit(MicroUsd(2_000_000), 10_000);
    PriceBook { version: 2, effective_from: at("2026-11-15T00:00:00Z"), requests, ..PriceBook::v1() }
}

/// A month of lines by two transports, an hour between two blocks; a price book is told on the 3rd.
fn blocks() -> Vec<Block> {
    let (from, mut gateway) = (at("2026-10-31T00:00:00Z"), {
        let options = GatewayOptions { customers: 3, zipf_exponent: 0.1, ..GatewayOptions::default() };
        SimulatedGateway::new(&options, at("2026-10-31T00:00:00Z"))
    });
    let udp = Source::Udp(SocketAddr::from((Ipv4Addr::LOCALHOST, 514)));
    let tcp = Source::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 514)));
    let (mut blocks, mut start) = (Vec::new(), 0);
    for epoch in 1..=33 * 24u64 {
        let now = from.plus_ms(i64::try_from(epoch).unwrap() * 3_600_000);
        let mut builder = BlockBuilder::default();
        if epoch == 3 * 24 {
            let change = ReferenceChange { seq: 1, entity: Entity::PriceBook(second()) };
            builder.push(&Source::Outbox, now, &serde_json::to_vec(&change).unwrap()).unwrap();
        }
        for _ in 0..5 {
            let mut line = Vec::new();
            gateway.line(now, &mut line);
            builder.push(&udp, now, &line).unwrap();
            builder.push(&tcp, now, &line).unwrap();
        }
        let block = builder.seal(epoch, now, start);
        start = block.end;
        blocks.push(block);
    }
    blocks
}

/// A journal, and the invoice of who used most, as the dataflow counted.
struct Case {
    dir: TempDir,
    evidence: Evidence,
    inputs: BillInputs,
}

impl Case {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let (journal, recovery) = Journal::open(&dir.path().join("journal"), JournalConfig::default()).unwrap();
        let (mut decoder, blocks) = (Decoder::new(DecodeConfig::LIVE), blocks());
        let (mut dataflow, deltas) = Dataflow::start(1, Seed::default(), PriceBooks::v1()).unwrap();
        let counting =
            std::thread::spawn(move || deltas.into_iter().flat_map(|deltas| deltas.hours).collect::<Vec<_>>());
        let month = BillingMonth::parse("2026-11").unwrap();
        for block in &blocks {
            journal.append(Arc::new(block.clone())).unwrap();
            dataflow.send(EpochInput::of(&mut decoder.decode(block))).unwrap();
        }
        drop((journal, dataflow));
        let rows = counting.join().unwrap();
        let customer_id = CustomerId::new(
            rows.iter().filter_map(|(key, _)| key.usage.customer_id).map(CustomerId::get).max().unwrap(),
        )
        .unwrap();
        let mut sums = super::hours::Sums::new();
        for (key, usage) in
            rows.into_iter().filter(|(key, _)| key.usage.customer_id == Some(customer_id) && key.hour.month() == month)
        {
            let (requests, bytes) = (usage.sums.billable_requests, usage.sums.billable_bytes);
            let usage =
                HourUsage { hour: key.hour, service: key.usage.service, network: key.usage.network, requests, bytes };
            super::hours::add(&mut sums, [&usage]);
        }
        let epoch = blocks.last().unwrap().epoch;
        let inputs = BillInputs {
            customer_id,
            month,
            journals: vec![JournalPoint { journal_id: recovery.journal_id.to_string(), epoch }],
            books: vec![PriceBook::v1(), second()],
            hours: super::hours::sorted(sums),
            items: Vec::new(),
            cap: None,
            carried_in: MicroUsd(0),
            proof: None,
        };
        let evidence =
            Evidence { journals: vec![dir.path().join("journal")], archives: Vec::new(), decode: DecodeConfig::LIVE };
        Self { dir, evidence, inputs }
    }

    fn audit(&self, inputs: &BillInputs) -> Findings {
        check(&exported(inputs), &self.evidence)
    }
}

fn exported(inputs: &BillInputs) -> ExportedInvoice {
    let json = inputs.to_json();
    ExportedInvoice {
        number: "INV-2026-000001".to_owned(),
        kind: DocumentKind::Invoice,
        corrects: None,
        customer_id: inputs.customer_id,
        month: inputs.month,
        issued_at: inputs.month.end(),
        input_hash: BillInputs::hash_of(&json),
        inputs: json,
        bill: inputs.bill(),
        before: None,
    }
}

fn outcomes(findings: &Findings) -> Vec<(&'static str, Outcome)> {
    findings.steps.iter().map(|step| (step.name, step.outcome)).collect()
}

#[test]
fn an_invoice_that_is_as_it_should_be_holds() {
    use Outcome::Holds;
    let case = Case::new();
    assert!(case.inputs.hours.len() > 100, "there is something to audit");
    let findings = case.audit(&case.inputs);
    assert_eq!(
        outcomes(&findings),
        [("hash", Holds), ("bill", Holds), ("hours", Holds), ("books", Holds)],
        "{findings:?}"
    );
    assert!(findings.verdict().is_ok() && say::as_text(&findings).lines().skip(1).all(|line| line.starts_with('✓')));
    assert_eq!(say::as_json(&findings)["holds"], true);
    // As it is exported, with fields that are beside the point.
    let mut json = serde_json::to_value(exported(&case.inputs)).unwrap();
    json["status"] = "open".into();
    let path = case.dir.path().join("invoice.json");
    std::fs::write(&path, json.to_string()).unwrap();
    assert_eq!(super::exported(&path).unwrap(), exported(&case.inputs));
}

#[test]
fn whatever_was_changed_is_found() {
    use Outcome::{Differs, Holds};
    let case = Case::new();
    let changed = |change: fn(&mut BillInputs)| {
        let mut inputs = case.inputs.clone();
        change(&mut inputs);
        case.audit(&inputs)
    };
    let more = changed(|inputs| inputs.hours[7].requests += 10_000);
    assert_eq!(outcomes(&more), [("hash", Holds), ("bill", Holds), ("hours", Differs), ("books", Holds)]);
    let [hour] = &more.hours[..] else { panic!("{:?}", more.hours) };
    assert_eq!(hour.billed.requests, hour.journal.requests + 10_000);
    let (billed, journal) = more.gross.unwrap();
    assert_eq!(
        (hour.billed.charged - hour.journal.charged, billed - journal),
        (MicroUsd(1_000_000), MicroUsd(1_000_000))
    );
    let text = say::as_text(&more);
    assert!(text.contains("✗ 1 hours of usage differ") && text.contains("$1.000000 too much"), "{text}");
    assert!(more.verdict().is_err() && say::as_json(&more)["hours"][0]["billed"]["requests"] == hour.billed.requests);

    type Tampering = (fn(&mut BillInputs), [Outcome; 4], usize);
    let cases: [Tampering; 6] = [
        (|inputs| _ = inputs.hours.remove(3), [Holds, Holds, Differs, Holds], 1),
        (|inputs| inputs.hours.insert(4, inputs.hours[3]), [Holds, Holds, Differs, Holds], 1),
        (|inputs| inputs.hours[0].bytes -= 1, [Holds, Holds, Differs, Holds], 1),
        (|inputs| inputs.books[1].requests = Price::per_unit(MicroUsd(3), 1), [Holds, Holds, Holds, Differs], 0),
        (|inputs| inputs.books[0].requests = Price::per_unit(MicroUsd(3), 1), [Holds, Holds, Holds, Differs], 0),
        (|inputs| inputs.books[1].version = 3, [Holds, Holds, Holds, Differs], 0),
    ];
    for (at, (change, expected, hours)) in cases.into_iter().enumerate() {
        let findings = changed(change);
        let found: Vec<_> = findings.steps.iter().take(4).map(|step| step.outcome).collect();
        assert_eq!((&found[..], findings.hours.len()), (&expected[..], hours), "{at}: {findings:?}");
    }
    let unknown = changed(|inputs| drop(inputs.books.pop()));
    assert!(unknown.steps.iter().any(|step| step.says.contains("price book 2 was in force")), "{unknown:?}");
    let through = changed(|inputs| inputs.journals[0].epoch /= 2);
    assert!(through.hours.len() > 10 && through.hours.iter().all(|hour| hour.journal.requests == 0));
}

#[test]
fn the_document_must_say_what_its_inputs_come_to() {
    let case = Case::new();
    let of = |change: fn(&mut ExportedInvoice)| {
        let mut document = exported(&case.inputs);
        change(&mut document);
        let findings = check(&document, &case.evidence);
        findings.steps.iter().filter(|step| step.outcome == Outcome::Differs).map(|step| step.name).collect::<Vec<_>>()
    };
    assert_eq!(of(|document| document.bill.total += MicroUsd(1)), ["bill"]);
    assert_eq!(of(|document| drop(document.bill.lines.pop())), ["bill"]);
    assert_eq!(of(|document| document.customer_id = CustomerId::new(987_654).unwrap()), ["bill"]);
    assert_eq!(of(|document| document.input_hash = BillInputs::hash_of("")), ["hash"]);
    assert_eq!(of(|document| document.inputs.push(' ')), ["hash"]);
    assert_eq!(of(|document| "{}".clone_into(&mut document.inputs)), ["hash", "inputs"]);
}

#[test]
fn without_the_whole_journal_nothing_is_said_of_usage() {
    let case = Case::new();
    let failed = |inputs: &BillInputs, evidence: &Evidence| {
        let findings = check(&exported(inputs), evidence);
        assert!(findings.hours.is_empty() && findings.verdict().is_err());
        let failed: Vec<_> = findings.steps.iter().filter(|step| step.outcome == Outcome::Failed).collect();
        assert_eq!(
            (failed.len(), findings.steps.iter().filter(|step| step.outcome == Outcome::Differs).count()),
            (1, 0)
        );
        failed[0].says.clone()
    };
    let mut ahead = case.inputs.clone();
    ahead.journals[0].epoch += 5;
    assert!(failed(&ahead, &case.evidence).contains("is not whole: epochs 793 to 797 are not there"));
    let mut other = case.inputs.clone();
    other.journals[0].journal_id = "ff".repeat(16);
    assert!(failed(&other, &case.evidence).contains(" is not in any of the directories"));
    let nowhere =
        |dir: &Path| Evidence { journals: vec![dir.to_owned()], archives: Vec::new(), decode: DecodeConfig::LIVE };
    assert!(failed(&case.inputs, &nowhere(&case.dir.path().join("no"))).contains("cannot list"));
    // The journal's directory may be given as an archive, and beside others.
    let archived =
        Evidence { journals: Vec::new(), archives: case.evidence.journals.clone(), decode: DecodeConfig::LIVE };
    assert!(check(&exported(&case.inputs), &archived).verdict().is_ok());
}
