//! A Unix socket that takes a line at a time, and answers each with a line: `ok …` or `error …`.
//!
//! ```text
//! faucet ADDRESS TYPE AMOUNT [coin]    gives funds out of nowhere, into the address balance or as a coin object
//! clock MS                             sets the chain's clock, Unix milliseconds
//! cut                                  makes a checkpoint of what was executed since the last
//! faults ENDPOINT [PLAN]               an endpoint, counted from 0, has these faults from now on, or none
//! show                                 what there is, as JSON
//! ```

use crate::faults::Faults;
use crate::network::Network;
use crate::objects::Content;
use crate::rules::calendar;
use crate::serve::Endpoint;
use crate::state::Chain;
use serde_json::{Value, json};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use sui_sdk_types::{Address, MoveStruct, Object, TypeTag};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// A connection brings no more bytes.
const BYTES_MAX: u64 = 1 << 16;

/// The socket, until it is dropped.
pub struct Control {
    accepting: JoinHandle<()>,
}

struct Desk {
    network: Network,
    endpoints: Vec<Arc<Endpoint>>,
}

impl Control {
    /// Listens at a path, which only its owner may use; a socket that was left there is replaced. Has to be called
    /// within a tokio runtime.
    pub fn start(path: &Path, network: Network, endpoints: Vec<Arc<Endpoint>>) -> io::Result<Self> {
        if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let desk = Arc::new(Desk { network, endpoints });
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&desk).serve(stream));
            }
        });
        Ok(Self { accepting })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Desk {
    async fn serve(self: Arc<Self>, mut stream: UnixStream) {
        let (from, mut to) = stream.split();
        let mut lines = BufReader::new(from.take(BYTES_MAX)).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let desk = Arc::clone(&self);
            let answer = tokio::task::spawn_blocking(move || desk.answer(&line)).await;
            let answer = match answer {
                Ok(Ok(told)) => format!("ok {told}\n"),
                Ok(Err(cause)) => format!("error {cause}\n"),
                Err(error) => format!("error {error}\n"),
            };
            if to.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// Does what a line says.
    fn answer(&self, line: &str) -> Result<String, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["faucet", to, coin, amount] => self.faucet(to, coin, amount, false),
            ["faucet", to, coin, amount, "coin"] => self.faucet(to, coin, amount, true),
            ["clock", ms] => {
                let ms = ms.parse().map_err(|_| format!("{ms} is no time in milliseconds"))?;
                self.network.set_clock(ms).map_err(|error| error.to_string())?;
                Ok(self.network.look(|chain| chain.now_ms).to_string())
            }
            ["cut"] => {
                self.network.cut().map_err(|error| error.to_string())?;
                Ok(self.network.look(|chain| chain.checkpoints.len().saturating_sub(1)).to_string())
            }
            ["faults", endpoint, plan @ ..] => {
                let found = endpoint.parse().ok().and_then(|number: usize| self.endpoints.get(number));
                let endpoint = found.ok_or_else(|| format!("there is no endpoint {endpoint}"))?;
                endpoint.set_faults(Faults::parse(&plan.concat()).map_err(|error| error.to_string())?);
                Ok(endpoint.url())
            }
            ["show"] => Ok(self.network.look(|chain| show(chain, &self.endpoints)).to_string()),
            _ => Err("the lines are: faucet ADDRESS TYPE AMOUNT [coin]; clock MS; cut; faults ENDPOINT [PLAN]; show"
                .to_owned()),
        }
    }

    fn faucet(&self, to: &str, coin: &str, amount: &str, as_coin: bool) -> Result<String, String> {
        let to: Address = to.parse().map_err(|_| format!("{to} is no address"))?;
        let coin: TypeTag = coin.parse().map_err(|_| format!("{coin} is no type"))?;
        let amount = amount.parse().map_err(|_| format!("{amount} is no amount"))?;
        let given = self.network.faucet(to, &coin, amount, as_coin).map_err(|error| error.to_string())?;
        given.map(|digest| digest.to_string()).ok_or_else(|| "that is more than an address can have".to_owned())
    }
}

/// What there is.
fn show(chain: &Chain, endpoints: &[Arc<Endpoint>]) -> Value {
    let published = chain.published();
    let package = published.contract.package;
    let (mut houses, mut accounts) = (Vec::new(), Vec::new());
    for data in chain.newest().filter_map(Object::as_struct) {
        match Content::read(data.object_type(), data.contents(), package) {
            Some(Content::House(house)) => houses.push(json!({
                "house": house.id.to_string(),
                "coin": coin(data),
                "cent": house.cent(),
                "treasury": house.treasury().to_string(),
                "operators": house.operators().iter().map(ToString::to_string).collect::<Vec<_>>(),
            })),
            Some(Content::Account(account)) => accounts.push(json!({
                "account": account.id.to_string(),
                "coin": coin(data),
                "owner": account.owner().to_string(),
                "balance": account.balance(),
                "chargeable": account.chargeable(chain.now_ms),
                "limit": account.allowance.limit(),
                "waiting": account.waiting(),
                "entries": account.entries(),
                "closed": account.is_closed(),
            })),
            _ => {}
        }
    }
    accounts.sort_by_key(|account| account["account"].to_string());
    houses.sort_by_key(|house| house["house"].to_string());
    json!({
        "chain": chain.id().to_string(),
        "checkpoint": chain.checkpoints.len().saturating_sub(1),
        "epoch": chain.epoch(),
        "now_ms": chain.now_ms,
        "month": calendar::month_of(chain.now_ms),
        "package": package.to_string(),
        "house": published.contract.house.id.to_string(),
        "house_version": published.contract.house.initial_version,
        "admin_cap": published.admin_cap.to_string(),
        "upgrades": published.upgrades.to_string(),
        "endpoints": endpoints.iter().map(|endpoint| endpoint.url()).collect::<Vec<_>>(),
        "houses": houses,
        "accounts": accounts,
    })
}

fn coin(data: &MoveStruct) -> String {
    data.object_type().type_params().first().map(ToString::to_string).unwrap_or_default()
}
