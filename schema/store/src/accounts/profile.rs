//! What a customer says about themselves: a name, an e-mail for alerts, whom invoices are made out to.

use super::AccountStore;
use super::activity::{Act, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use serde_json::{Value, json};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// Whom invoices are made out to. Empty where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BillingProfile {
    /// A person's or a company's name.
    pub name: String,
    /// The address, line by line.
    pub address: Vec<String>,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// For VAT and the like.
    pub tax_id: String,
}

/// A customer as they see themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What they are called.
    pub display_name: String,
    /// The wallet they sign in with.
    pub wallet_address: String,
    /// Where alerts go by e-mail.
    pub alert_email: Option<String>,
    /// Whom invoices are made out to.
    pub billing: BillingProfile,
    /// active, suspended or closed.
    pub status: String,
    /// Since when closure is under way.
    pub closing_at: Option<UnixMillis>,
    /// Since when.
    pub created_at: UnixMillis,
}

/// What is to change; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// What they are called.
    pub display_name: Option<String>,
    /// Where alerts go; `Some(None)`: nowhere.
    pub alert_email: Option<Option<String>>,
    /// Whom invoices are made out to.
    pub billing: Option<BillingProfile>,
}

const COLUMNS: &str =
    "display_name, wallet_address, alert_email, billing_profile, status, closing_at, created_at FROM customers";

impl AccountStore {
    /// What a customer says about themselves.
    pub async fn profile(&self, customer: CustomerId) -> Result<Profile, StoreError> {
        let client = self.client_for(customer).await?;
        let row = client.query_one(&format!("SELECT {COLUMNS} WHERE id = $1"), &[&customer.get()]).await;
        profile_of(&row.map_err(StoreError::database("read a customer's profile"))?)
    }

    /// Changes it, and answers what it is then. The log says what was named, not what it says.
    pub async fn change_profile(
        &self,
        customer: CustomerId,
        change: &ProfileChange,
        act: &Act,
    ) -> Result<Profile, StoreError> {
        const ATTEMPTED: &str = "change a customer's profile";
        // What else stands in the billing profile stays.
        let update = "UPDATE customers SET display_name = coalesce($2, display_name), \
            alert_email = CASE WHEN $3 THEN $4 ELSE alert_email END, \
            billing_profile = CASE WHEN $5::jsonb IS NULL THEN billing_profile \
                ELSE (billing_profile - ARRAY['company', 'address', 'country', 'tax_id']) || $5 END WHERE id = $1";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let billing = change.billing.as_ref().map(|billing| Json(to_json(billing)));
        let (is_email, email) = (change.alert_email.is_some(), change.alert_email.clone().flatten());
        let set =
            transaction.execute(update, &[&customer.get(), &change.display_name, &is_email, &email, &billing]).await;
        set.map_err(StoreError::database(ATTEMPTED))?;
        let row = transaction.query_one(&format!("SELECT {COLUMNS} WHERE id = $1"), &[&customer.get()]).await;
        let profile = profile_of(&row.map_err(StoreError::database(ATTEMPTED))?)?;
        record(&transaction, Some(customer), act, "account.change", None, json!({"changed": named(change)})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(profile)
    }
}

fn named(change: &ProfileChange) -> Vec<&'static str> {
    let said = [
        ("display_name", change.display_name.is_some()),
        ("alert_email", change.alert_email.is_some()),
        ("billing_profile", change.billing.is_some()),
    ];
    said.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name).collect()
}

/// As invoices read it: texts by name, an address in lines of one.
fn to_json(billing: &BillingProfile) -> Value {
    let address = billing.address.join("\n");
    let parts =
        [("company", &billing.name), ("address", &address), ("country", &billing.country), ("tax_id", &billing.tax_id)];
    let said = parts.into_iter().filter(|(_, text)| !text.is_empty());
    Value::Object(said.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))).collect())
}

fn profile_of(row: &Row) -> Result<Profile, StoreError> {
    let Json(billing): Json<Value> =
        row.try_get(3).map_err(|error| StoreError::Row { what: "a billing profile", cause: error.to_string() })?;
    let text = |name: &str| billing[name].as_str().unwrap_or_default().to_owned();
    Ok(Profile {
        display_name: row.get(0),
        wallet_address: row.get(1),
        alert_email: row.get(2),
        billing: BillingProfile {
            name: text("company"),
            address: text("address").lines().map(str::to_owned).collect(),
            country: text("country"),
            tax_id: text("tax_id"),
        },
        status: row.get(4),
        closing_at: row.get::<_, Option<Timestamptz>>(5).map(|at| at.0),
        created_at: row.get::<_, Timestamptz>(6).0,
    })
}
