//! An account as its customer reads and changes it.

use crate::problem::FieldError;
use serde::{Deserialize, Deserializer, Serialize};
use suiftly_store::accounts::{BillingProfile, Profile, ProfileChange};
use utoipa::ToSchema;

const NAME_CHARS_MAX: usize = 100;
/// An address's length at most, by RFC 5321.
const EMAIL_CHARS_MAX: usize = 254;
const ADDRESS_LINES_MAX: usize = 5;
const LINE_CHARS_MAX: usize = 100;
const TAX_ID_CHARS_MAX: usize = 50;

/// An account.
#[derive(Serialize, ToSchema)]
pub(super) struct Account {
    /// What it is called.
    display_name: String,
    /// The wallet that it is signed in to with.
    wallet_address: String,
    /// `active`; `suspended` by an operator; `closed`: it may only be looked at.
    #[schema(pattern = "^(active|suspended|closed)$")]
    status: String,
    /// Where alerts go by e-mail.
    alert_email: Option<String>,
    /// Whom invoices are made out to.
    billing_profile: BillingParty,
    /// Since when its closure is under way.
    #[schema(format = DateTime)]
    closing_at: Option<String>,
    /// Since when it exists.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Profile> for Account {
    fn from(profile: Profile) -> Self {
        let BillingProfile { name, address, country, tax_id } = profile.billing;
        Self {
            display_name: profile.display_name,
            wallet_address: profile.wallet_address,
            status: profile.status,
            alert_email: profile.alert_email,
            billing_profile: BillingParty { name, address_lines: address, country, tax_id },
            closing_at: profile.closing_at.map(|at| at.rfc3339()),
            created_at: profile.created_at.rfc3339(),
        }
    }
}

/// Whom invoices are made out to; empty where nothing is said.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BillingParty {
    /// A person's or a company's name.
    #[schema(max_length = 100)]
    name: String,
    /// The address, line by line.
    #[schema(max_items = 5)]
    address_lines: Vec<String>,
    /// ISO 3166 alpha-2, upper-case; or empty.
    #[schema(pattern = "^([A-Z]{2})?$")]
    country: String,
    /// For VAT and the like.
    #[schema(max_length = 50)]
    tax_id: String,
}

/// What is to change; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountChange {
    /// What it is called.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    display_name: Option<String>,
    /// Where alerts go by e-mail; null: nowhere.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>, format = Email, max_length = 254)]
    alert_email: Option<Option<String>>,
    /// Whom invoices are made out to, as a whole.
    #[serde(default)]
    billing_profile: Option<BillingParty>,
}

/// A field that is there, with its value or null.
fn named<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

impl AccountChange {
    /// The change, or every field that is not as it must be.
    pub(super) fn checked(self) -> Result<ProfileChange, Vec<FieldError>> {
        let mut errors = Vec::new();
        let display_name = self.display_name.map(|name| name.trim().to_owned());
        if display_name.as_ref().is_some_and(|name| name.is_empty() || !is_line(name, NAME_CHARS_MAX)) {
            errors.push(FieldError::new("display_name", format!("must be a line of 1 to {NAME_CHARS_MAX} characters")));
        }
        if self.alert_email.iter().flatten().any(|email| !is_email(email)) {
            errors.push(FieldError::new("alert_email", "must be an e-mail address, or null"));
        }
        let billing = self.billing_profile.map(|party| party.checked(&mut errors));
        if errors.is_empty() {
            Ok(ProfileChange { display_name, alert_email: self.alert_email, billing })
        } else {
            Err(errors)
        }
    }
}

impl BillingParty {
    fn checked(self, errors: &mut Vec<FieldError>) -> BillingProfile {
        let mut refuse = |field: &str, message: String| {
            errors.push(FieldError::new(&format!("billing_profile.{field}"), message));
        };
        if !is_line(&self.name, NAME_CHARS_MAX) {
            refuse("name", format!("must be a line of at most {NAME_CHARS_MAX} characters"));
        }
        let are_lines = self.address_lines.iter().all(|line| !line.is_empty() && is_line(line, LINE_CHARS_MAX));
        if self.address_lines.len() > ADDRESS_LINES_MAX || !are_lines {
            let message = format!("must be at most {ADDRESS_LINES_MAX} lines of 1 to {LINE_CHARS_MAX} characters");
            refuse("address_lines", message);
        }
        let is_country = self.country.len() == 2 && self.country.bytes().all(|byte| byte.is_ascii_uppercase());
        if !self.country.is_empty() && !is_country {
            refuse("country", "must be two upper-case letters, or empty".to_owned());
        }
        if !is_line(&self.tax_id, TAX_ID_CHARS_MAX) {
            refuse("tax_id", format!("must be a line of at most {TAX_ID_CHARS_MAX} characters"));
        }
        let Self { name, address_lines: address, country, tax_id } = self;
        BillingProfile { name, address, country, tax_id }
    }
}

/// One line: no control character, and no other that breaks or turns lines.
fn is_line(text: &str, chars_max: usize) -> bool {
    let breaks = |character: char| {
        character.is_control()
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().count() <= chars_max && !text.chars().any(breaks)
}

/// Whether mail could be sent there; whether somebody reads it, only mail tells.
fn is_email(text: &str) -> bool {
    let is_plain = text.len() <= EMAIL_CHARS_MAX && text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_domain = domain.split('.').count() > 1
        && domain.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-') && !label.starts_with('-')
        });
    let is_local =
        !local.is_empty() && local.len() <= 64 && !local.contains(['@', '<', '>', '"', ',', ';', '\\', '(', ')']);
    is_plain && is_domain && is_local
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(change: Value) -> Result<ProfileChange, Vec<String>> {
        let change: AccountChange = serde_json::from_value(change).unwrap();
        change.checked().map_err(|errors| errors.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn what_is_not_named_stays_and_null_takes_away() {
        assert_eq!(checked(json!({})), Ok(ProfileChange::default()));
        let change = checked(json!({"display_name": " Ada ", "alert_email": null})).unwrap();
        assert_eq!((change.display_name.as_deref(), change.alert_email), (Some("Ada"), Some(None)));
        let billing = checked(json!({"billing_profile": {"name": "A", "address_lines": ["b", "c"]}})).unwrap().billing;
        assert_eq!(billing.unwrap().address, ["b", "c"]);
    }

    #[test]
    fn every_bad_field_is_named() {
        let long = "x".repeat(101);
        let bad = json!({"display_name": "a\nb", "alert_email": "a@b", "billing_profile":
            {"name": long, "address_lines": ["a", ""], "country": "de", "tax_id": "\u{202e}1"}});
        let named = ["name", "address_lines", "country", "tax_id"].map(|field| format!("billing_profile.{field}"));
        let expected: Vec<_> = ["display_name".to_owned(), "alert_email".to_owned()].into_iter().chain(named).collect();
        assert_eq!(checked(bad), Err(expected));
        assert!(serde_json::from_value::<AccountChange>(json!({"status": "active"})).is_err());
    }

    #[test]
    fn addresses_of_mail() {
        for good in ["a@b.ch", "first.last+tag@mail.example.org", "ä@bücher.example"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@b.ch", "a".repeat(260));
        for bad in
            ["", "a", "@b.ch", "a@", "a@b", "a@b..ch", "a b@c.ch", "a@b.ch\n", "<a@b.ch>", "a@b@c.ch", "a@-b.ch", &long]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
