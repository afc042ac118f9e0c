//! `suiftly billing …`: money, from a terminal. Each command does one thing and says what it did, as a table or as JSON.

mod args;
mod customers;
mod invoices;
mod manage;
mod orders;
mod show;

pub(crate) use args::{BillingArgs, limit_cents, usd_cents};

use crate::commands::{find_database, unless_broken_pipe};
use crate::config::Config;
use crate::money::Money;
use anyhow::Context;
use args::BillingCommand;
use serde_json::Value;
use std::io::{self, Write};

/// What a command has to say.
pub(crate) struct Said {
    /// For programs.
    json: Value,
    /// For people.
    text: String,
}

/// Does it.
pub(crate) async fn billing(args: BillingArgs) -> anyhow::Result<()> {
    let BillingArgs { place, json, command } = args;
    let config = Config::read(place.config.as_deref())?;
    let (_, store) = find_database(&place, &config).await?;
    let money = Money::open(&config.billing, &store).await?;
    // Files and failing checks see to their output themselves.
    let said = match command {
        BillingCommand::Balance { customer } => customers::balance(&money, customer).await?,
        BillingCommand::Statement { customer } => customers::statement(&money, customer).await?,
        BillingCommand::Deposit { customer, usd_cents } => customers::deposit(&money, customer, usd_cents).await?,
        BillingCommand::Withdraw { customer, usd_cents } => customers::withdraw(&money, customer, usd_cents).await?,
        BillingCommand::Limit { customer, usd_cents } => customers::limit(&money, customer, usd_cents).await?,
        BillingCommand::Credit { customer, usd_cents, reason, reference } => {
            customers::credit(&money, customer, usd_cents, &reference, &reason).await?
        }
        BillingCommand::Quote(order) => orders::quote(&money, &order).await?,
        BillingCommand::Order(order) => orders::order(&money, &order).await?,
        BillingCommand::Draft { customer, month } => invoices::draft(&money, customer, month).await?,
        BillingCommand::Invoices { customer, limit } => invoices::list(&money, customer, limit).await?,
        BillingCommand::Invoice { number, format, out } => {
            return invoices::invoice(&money, &number, format, out.as_deref()).await;
        }
        BillingCommand::Hours { number, hour, service } => invoices::hours(&money, &number, hour, service).await?,
        BillingCommand::Run => manage::run(&money.proving(&place, &config)?, &store).await?,
        BillingCommand::Jobs => manage::jobs(&money).await?,
        BillingCommand::Clock { to } => manage::clock(&money, to).await?,
        BillingCommand::Notifications { customer, limit } => manage::notifications(&money, customer, limit).await?,
        BillingCommand::Books { publish } => manage::books(&money, publish.as_deref()).await?,
        BillingCommand::WhatIf { book, month, csv } => manage::what_if(&money, &book, month, csv).await?,
        BillingCommand::Shadow => manage::shadow(&money).await?,
        BillingCommand::Reconcile => {
            let (said, is_clean) = manage::reconcile(&money).await?;
            print(&said, json)?;
            anyhow::ensure!(is_clean, "the books do not agree");
            return Ok(());
        }
    };
    print(&said, json)
}

fn print(said: &Said, json: bool) -> anyhow::Result<()> {
    let text = if json { format!("{:#}\n", said.json) } else { said.text.clone() };
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write"))
}
