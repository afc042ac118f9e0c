//! E-mail, taken by a small server of the test's own.

use crate::world::{HOUR, Making, World};
use serde_json::json;
use std::sync::{Arc, Mutex};
use suiftly_notify::{DeliveryReport, MailError, Mailer, SmtpConfig, SmtpTls};
use suiftly_store::accounts::{AlertMetric, AlertPeriod, NewAlert};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Takes mail, or refuses it.
struct MailServer {
    port: u16,
    /// What was said to it, message by message.
    taken: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<u32>>,
}

impl MailServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (taken, refusals) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (of_task, refused) = (Arc::clone(&taken), Arc::clone(&refusals));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (of_task, refused) = (Arc::clone(&of_task), Arc::clone(&refused));
                tokio::spawn(async move { serve(stream, &of_task, &refused).await });
            }
        });
        Self { port, taken, refusals }
    }
}

/// RFC 5321, as far as it is needed.
async fn serve(stream: TcpStream, taken: &Mutex<Vec<String>>, refusals: &Mutex<u32>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut said, mut is_data) = (String::new(), false);
    stream.write_all(b"220 test\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        said.push_str(&line);
        let is_refused = || {
            let mut left = refusals.lock().unwrap();
            let is_refused = *left > 0;
            *left = left.saturating_sub(1);
            is_refused
        };
        let answer = match line.trim_end() {
            "." if is_data => {
                is_data = false;
                taken.lock().unwrap().push(std::mem::take(&mut said));
                "250 taken\r\n"
            }
            _ if is_data => continue,
            "DATA" => {
                is_data = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            other if other.starts_with("RCPT") && is_refused() => "451 greylisted, and words of the server\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

async fn world(server: &MailServer) -> World {
    let world = World::made(Making { smtp_port: Some(server.port), ..Making::default() }).await;
    world.customer(7).await;
    world.sql.batch_execute("UPDATE customers SET alert_email = 'seven@example.com' WHERE id = 7").await.unwrap();
    world
}

#[tokio::test]
async fn an_alert_is_written_in_words() {
    let server = MailServer::start().await;
    let world = world(&server).await;
    let customer = suiftly_schema::ids::CustomerId::new(7).unwrap();
    let alert = NewAlert {
        name: "Überzogen".to_owned(),
        metric: AlertMetric::BalanceBelow,
        period: AlertPeriod::Month,
        service: None,
        threshold: 5_000_000,
        by_email: true,
        by_webhook: false,
    };
    world.store.create_alert(customer, &alert, &world.act()).await.unwrap().unwrap();
    world.notifier.evaluate_alerts().await.unwrap();
    assert_eq!(world.notifier.deliver_due().await.unwrap().delivered, 1);
    let [mail] = <[String; 1]>::try_from(server.taken.lock().unwrap().clone()).unwrap();
    let row = world.sql.query_one("SELECT id, state FROM deliveries", &[]).await.unwrap();
    let id = format!("Message-ID: <delivery-{}@suiftly.example>", row.get::<_, i64>(0));
    for expected in [
        "MAIL FROM:<alerts@suiftly.example>",
        "RCPT TO:<seven@example.com>",
        "From: Suiftly <alerts@suiftly.example>",
        "To: seven@example.com",
        id.as_str(),
        "Your balance was $0.00, below the $5.00 of your alert",
        "At 2026-11-22T14:30:00Z",
    ] {
        assert!(mail.contains(expected), "{expected}: {mail}");
    }
    assert_eq!(row.get::<_, &str>(1), "delivered");
}

#[tokio::test]
async fn a_server_that_will_not_now_is_asked_again() {
    let server = MailServer::start().await;
    let world = world(&server).await;
    *server.refusals.lock().unwrap() = 1;
    let customer = suiftly_schema::ids::CustomerId::new(7).unwrap();
    world
        .note(
            customer,
            "limit:7",
            "monthly_limit",
            "warning",
            json!({"month": "2026-11", "max_monthly_usd_cents": 25_000}),
        )
        .await;
    assert_eq!(world.notifier.deliver_due().await.unwrap(), DeliveryReport { retried: 1, ..DeliveryReport::default() });
    // What the server said is for operators.
    assert_eq!(world.mails().await, [("pending".to_owned(), Some("the mail server did not take it".to_owned()))]);
    world.pass_ms(10_000);
    assert_eq!(world.notifier.deliver_due().await.unwrap().delivered, 1);
    let mail = server.taken.lock().unwrap().concat();
    assert!(mail.contains("Subject: The limit for 2026-11 was reached"), "{mail}");
}

#[tokio::test]
async fn without_a_server_mail_waits_for_a_day() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    world.sql.batch_execute("UPDATE customers SET alert_email = 'seven@example.com' WHERE id = 7").await.unwrap();
    world.note(customer, "limit:7", "monthly_limit", "warning", json!({"month": "2026-11"})).await;
    let mut states = Vec::new();
    for hours in [0, 24, 1] {
        world.pass_ms(hours * HOUR);
        assert_eq!(world.notifier.deliver_due().await.unwrap(), DeliveryReport::default());
        world.notifier.purge().await.unwrap();
        states.push(world.mails().await.remove(0).0);
    }
    assert_eq!(states, ["pending", "pending", "dead"]);
    assert_eq!(world.mails().await[0].1.as_deref(), Some("no mail server is configured"));
}

#[tokio::test]
async fn without_an_address_there_is_nobody_to_write_to() {
    let server = MailServer::start().await;
    let world = world(&server).await;
    let customer = suiftly_schema::ids::CustomerId::new(7).unwrap();
    world.note(customer, "limit:7", "monthly_limit", "warning", json!({"month": "2026-11"})).await;
    world.sql.batch_execute("UPDATE customers SET alert_email = NULL").await.unwrap();
    assert_eq!(world.notifier.deliver_due().await.unwrap().dead, 1);
    // An address that names several, or begins a field of its own, is none.
    world.note(customer, "limit:8", "monthly_limit", "warning", json!({"month": "2026-11"})).await;
    for (at, address) in ["a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com"].into_iter().enumerate()
    {
        world.sql.execute("UPDATE customers SET alert_email = $1", &[&address]).await.unwrap();
        world.note(customer, &format!("limit:9:{at}"), "monthly_limit", "warning", json!({"month": "2026-11"})).await;
    }
    assert_eq!(world.notifier.deliver_due().await.unwrap().retried, 2);
    assert_eq!(world.mails().await.last().unwrap().1.as_deref(), Some("the e-mail address is none"));
    assert_eq!(server.taken.lock().unwrap().len(), 0);
}

#[test]
fn what_mail_is_sent_by() {
    let config = |from: &str, tls| SmtpConfig {
        host: "smtp.example.com".to_owned(),
        port: 587,
        tls,
        credentials: Some(("me".to_owned(), "hunter2".to_owned())),
        from: from.to_owned(),
    };
    let shown = format!("{:?}", config("a@example.com", SmtpTls::Starttls));
    assert!(shown.contains("me") && !shown.contains("hunter2"), "{shown}");
    for tls in [SmtpTls::None, SmtpTls::Starttls, SmtpTls::Tls] {
        assert!(Mailer::new(&config("Suiftly <a@example.com>", tls)).is_ok(), "{tls:?}");
    }
    for from in ["", "nobody", "a@b, c@d", "a@example.com\r\nBcc: b@example.com"] {
        assert!(matches!(Mailer::new(&config(from, SmtpTls::None)), Err(MailError::Sender { .. })), "{from}");
    }
}
