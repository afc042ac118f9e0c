//! Seal keys and packages over the wire.

use crate::body::Checks;
use crate::problem::Problem;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use suiftly_schema::seal_key::package_address;
use suiftly_store::accounts::{NewPackage, PackageRow, SealKeyChange, SealKeyRow};
use utoipa::ToSchema;

/// A seal key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSealKeyRequest {
    /// A name to know it by.
    #[serde(default)]
    #[schema(max_length = 100, default = "")]
    pub name: String,
}

/// What is to be another. What is left out stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    /// The name; may be empty.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub name: Option<String>,
    /// Whether it may be used.
    #[serde(default)]
    pub is_enabled: Option<bool>,
}

impl ChangeRequest {
    pub(super) fn checked(self) -> Result<SealKeyChange, Problem> {
        let mut checks = Checks::default();
        let name = self.name.map(|name| checks.name("name", &name));
        checks.finish(SealKeyChange { name, is_enabled: self.is_enabled })
    }
}

/// A package to be added.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPackageRequest {
    /// Its address: `0x` and 1 to 64 hexadecimal digits; short ones are padded.
    #[schema(min_length = 3, max_length = 66, pattern = "^0[xX]0*[1-9a-fA-F][0-9a-fA-F]*$", example = "0x2")]
    pub address: String,
    /// A name to know it by.
    #[serde(default)]
    #[schema(max_length = 100, default = "")]
    pub name: String,
}

impl NewPackageRequest {
    pub(super) fn checked(self) -> Result<NewPackage, Problem> {
        let mut checks = Checks::default();
        let address = package_address(&self.address);
        if address.is_none() {
            checks.fail("address", "must be 0x and 1 to 64 hexadecimal digits, not all of them 0");
        }
        let name = checks.name("name", &self.name);
        checks.finish(NewPackage { address: address.unwrap_or_default(), name })
    }
}

/// A seal key, but for its private part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SealKeyView {
    /// Its number.
    #[schema(minimum = 1)]
    pub id: i64,
    /// Its index among all keys that there ever were; from 0.
    #[schema(minimum = 0)]
    pub index: i64,
    /// Its name; may be empty.
    pub name: String,
    /// The public key: a point of BLS12-381's G2, compressed: `0x` and 192 hexadecimal digits.
    #[schema(pattern = "^0x[0-9a-f]{192}$")]
    pub public_key: String,
    /// Whether it may be used.
    pub is_enabled: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Packages that it has.
    #[schema(minimum = 0)]
    pub packages: i64,
}

/// Seal keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SealKeyList {
    /// In the order they were made.
    pub items: Vec<SealKeyView>,
    /// Always `null`: there is one page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A package of a seal key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackageView {
    /// Its number.
    #[schema(minimum = 1)]
    pub id: i64,
    /// Of which seal key.
    #[schema(minimum = 1)]
    pub seal_key_id: i64,
    /// Its address: `0x` and 64 hexadecimal digits.
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub address: String,
    /// Its name; may be empty.
    pub name: String,
    /// Whether it may be used.
    pub is_enabled: bool,
    /// When it was added.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackageList {
    /// In the order they were added.
    pub items: Vec<PackageView>,
    /// Always `null`: there is one page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl SealKeyView {
    pub(super) fn new(row: &SealKeyRow) -> Self {
        Self {
            id: row.id,
            index: row.index.into(),
            name: row.name.clone(),
            public_key: format!("0x{}", HEXLOWER.encode(&row.public_key)),
            is_enabled: row.is_enabled,
            created_at: row.created_at.rfc3339(),
            packages: row.packages.into(),
        }
    }
}

impl PackageView {
    pub(super) fn new(row: &PackageRow) -> Self {
        Self {
            id: row.id,
            seal_key_id: row.seal_key_id,
            address: row.address.clone(),
            name: row.name.clone(),
            is_enabled: row.is_enabled,
            created_at: row.created_at.rfc3339(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_fields_are_named() {
        let request =
            |address: &str, name: &str| NewPackageRequest { address: address.to_owned(), name: name.to_owned() };
        let long = "n".repeat(101);
        let cases = [
            (request("0x2", "Vault"), ""),
            (request("0x", "Vault"), "address"),
            (request("0x0", &long), "address name"),
            (request("2", "a\tb"), "address name"),
        ];
        for (request, expected) in cases {
            let errors = request.clone().checked().err().map_or(Vec::new(), |problem| problem.errors);
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), expected, "{request:?}");
        }
        let kept = request("0x2", " Vault ").checked().unwrap();
        assert_eq!(kept, NewPackage { address: format!("0x{:064x}", 2), name: "Vault".to_owned() });
    }
}
