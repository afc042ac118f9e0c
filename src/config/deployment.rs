//! What `[api]` says of the deployment to its customers: its name, where services are reached, who helps.

use super::{Api, Billing, EscrowBackend};
use anyhow::Context;
use suiftly_api::{DIGEST_PLACE, Deployment, EscrowKind};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::subscription::SOLD;

/// Texts that are shown, at most, in characters.
const CHARS_MAX: usize = 200;

impl Api {
    /// What customers are told.
    pub(crate) fn deployment(&self, billing: &Billing) -> anyhow::Result<Deployment> {
        let endpoints = self.endpoints.iter().map(|(place, url)| Ok((of_place(place)?, endpoint(place, url)?)));
        Ok(Deployment {
            name: self.name.clone().map(|name| text("name", name)).transpose()?,
            endpoints: endpoints.collect::<anyhow::Result<_>>()?,
            escrow: match billing.escrow {
                EscrowBackend::Embedded => EscrowKind::Embedded,
                EscrowBackend::Sui => EscrowKind::Sui,
            },
            sui: billing.sui_deployment(),
            explorer_tx_url: self.explorer_tx_url.clone().map(explorer).transpose()?,
            support_email: self.support_email.clone().map(email).transpose()?,
            support_url: self.support_url.clone().map(|url| web("support_url", url)).transpose()?,
        })
    }
}

/// `seal_mainnet`.
fn of_place(place: &str) -> anyhow::Result<(Service, Network)> {
    let parts = place.split_once('_');
    let known = parts.and_then(|(service, network)| {
        let service = Service::from_word(service).filter(|service| SOLD.contains(service))?;
        let network = Network::from_word(network)?;
        matches!(network, Network::Mainnet | Network::Testnet).then_some((service, network))
    });
    known.with_context(|| format!("api.endpoints: {place:?} is no service and network, such as seal_mainnet"))
}

fn endpoint(place: &str, url: &str) -> anyhow::Result<String> {
    let url = web(&format!("endpoints.{place}"), url.to_owned())?;
    let is_bare = !url.ends_with('/') && !url.contains(['?', '#']);
    anyhow::ensure!(is_bare, "api.endpoints.{place}: {url:?} must have no slash at its end, no ? and no #");
    Ok(url)
}

fn explorer(url: String) -> anyhow::Result<String> {
    let url = web("explorer_tx_url", url)?;
    anyhow::ensure!(url.contains(DIGEST_PLACE), "api.explorer_tx_url must have {DIGEST_PLACE} in it");
    Ok(url)
}

/// Anything else would be a link that does something else.
fn web(key: &str, url: String) -> anyhow::Result<String> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_url = host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
        && url.bytes().all(|byte| byte.is_ascii_graphic());
    anyhow::ensure!(is_url, "api.{key}: {url:?} is no address such as https://help.example.org");
    text(key, url)
}

fn email(address: String) -> anyhow::Result<String> {
    let is_one = address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        && address.bytes().all(|byte| byte.is_ascii_graphic());
    anyhow::ensure!(is_one, "api.support_email: {address:?} is no address such as help@example.org");
    text("support_email", address)
}

fn text(key: &str, text: String) -> anyhow::Result<String> {
    let is_plain = (1..=CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    anyhow::ensure!(is_plain, "api.{key} must have 1 to {CHARS_MAX} characters that can be shown");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_checked() {
        let api = Api {
            name: Some("Example".to_owned()),
            endpoints: [("grpc_testnet".to_owned(), "http://127.0.0.1:8443".to_owned())].into(),
            ..Api::default()
        };
        let told = api.deployment(&Billing::default()).unwrap();
        assert_eq!(told.endpoints[&(Service::Grpc, Network::Testnet)], "http://127.0.0.1:8443");
        assert_eq!((told.name.as_deref(), told.support_email), (Some("Example"), None));
        assert_eq!(Api::default().deployment(&Billing::default()).unwrap(), Deployment::default());
    }
}
