//! Passwords in addresses, which are shown to nobody: `postgres://me:secret@host/db`, `host=h password=secret`.

/// What stands where a password was.
const MASK: &str = "***";
const PASSWORD: &str = "password=";

/// Whether there is a password in it.
pub(crate) fn has_password(address: &str) -> bool {
    masked(address) != address
}

/// The address without its password.
pub(crate) fn masked(address: &str) -> String {
    without_parameter(&without_userinfo(address))
}

/// Between the first `:` and the last `@` of what stands before the path.
fn without_userinfo(address: &str) -> String {
    let unmasked = || address.to_owned();
    let Some((scheme, rest)) = address.split_once("://") else { return unmasked() };
    // A password may hold what else would end it.
    let authority = rest.rfind('@').map_or("", |at| &rest[..at]);
    let Some((user, password)) = authority.split_once(':') else { return unmasked() };
    if password.is_empty() { unmasked() } else { format!("{scheme}://{user}:{MASK}{}", &rest[authority.len()..]) }
}

/// `password=…`, of words and of a query, up to the next; quoted where it holds spaces.
fn without_parameter(address: &str) -> String {
    let lower = address.to_ascii_lowercase();
    let Some(at) = lower.find(PASSWORD) else { return address.to_owned() };
    let (before, value) = address.split_at(at + PASSWORD.len());
    let end = match value.strip_prefix('\'') {
        Some(quoted) => quoted.find('\'').map_or(value.len(), |end| end + 2),
        None => value.find(|c: char| c.is_whitespace() || c == '&').unwrap_or(value.len()),
    };
    if end == 0 { address.to_owned() } else { format!("{before}{MASK}{}", &value[end..]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown_and_all_else_is() {
        for (address, shown) in [
            ("postgres://me:secret@host:5432/db", "postgres://me:***@host:5432/db"),
            ("postgres://me:se/c@ret@host/db", "postgres://me:***@host/db"),
            ("postgres://me@host/db", "postgres://me@host/db"),
            ("postgres://me:@host/db", "postgres://me:@host/db"),
            (
                "postgres:///db?host=/run/postgresql&user=me&password=secret&x=1",
                "postgres:///db?host=/run/postgresql&user=me&password=***&x=1",
            ),
            ("host=h password=secret dbname=d", "host=h password=*** dbname=d"),
            ("host=h Password='se cret' dbname=d", "host=h Password=*** dbname=d"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("https://suiscan.xyz/mainnet/tx/{digest}", "https://suiscan.xyz/mainnet/tx/{digest}"),
            ("help@example.com", "help@example.com"),
        ] {
            assert_eq!(masked(address), shown);
            assert_eq!(has_password(address), shown.contains("***"), "{address}");
        }
    }
}
