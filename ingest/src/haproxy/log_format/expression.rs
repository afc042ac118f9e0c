//! `%[…]`: what a sample expression yields, as far as its name says. HAProxy writes samples as they are, without the
//! encoding that its aliases have: what a client sends in a header stands in the line as it was sent.

use super::alias::{Kind, Role};

/// What is known of an expression's output.
pub(super) struct Yield {
    pub(super) kind: Kind,
    pub(super) role: Role,
    pub(super) meaning: String,
    /// Nothing is known: it is taken to hold no blank.
    pub(super) assumed: bool,
}

/// Converters whose output is a number, whatever comes in.
const TO_INTEGER: &[&str] = &[
    "add", "and", "bool", "cpl", "crc32", "crc32c", "div", "djb2", "even", "htonl", "length", "mod", "mul", "neg",
    "not", "odd", "or", "sdbm", "strcmp", "sub", "wt6", "xor", "xxh32", "xxh64", "xxh3",
];
/// Converters whose output holds no blank.
const TO_WORD: &[&str] =
    &["base64", "ub64enc", "url_enc", "sha1", "sha2", "digest", "hmac", "param", "host_only", "port_only"];
/// Converters whose output may be any text.
const TO_TEXT: &[&str] =
    &["url_dec", "ub64dec", "b64dec", "ltime", "utime", "http_date", "concat", "map", "regsub", "json"];

/// Fetches whose output is a number.
const INTEGERS: &[&str] = &[
    "act_conn",
    "bc_err",
    "be_conn",
    "bc_src_port",
    "bc_dst_port",
    "bytes_in",
    "bytes_out",
    "dst_port",
    "dst_conn",
    "fc_err",
    "fe_conn",
    "fe_id",
    "fe_req_rate",
    "fe_sess_rate",
    "http_first_req",
    "nbproc",
    "nbthread",
    "pid",
    "proc",
    "rand",
    "res.body_len",
    "res.body_size",
    "req.body_len",
    "req.body_size",
    "so_id",
    "src_port",
    "srv_conn",
    "srv_id",
    "ssl_bc_err",
    "ssl_c_ca_err",
    "ssl_c_err",
    "ssl_c_used",
    "ssl_c_verify",
    "ssl_fc",
    "ssl_fc_err",
    "ssl_fc_has_crt",
    "ssl_fc_has_sni",
    "ssl_fc_is_resumed",
    "ssl_bc_is_resumed",
    "status",
    "stopping",
    "thread",
    "txn.conn_retries",
    "txn.id32",
    "txn.status",
    "uptime",
    "res.bytes_in",
    "req.bytes_in",
    "bc_be_queue",
    "bc_srv_queue",
    "be_sess_rate",
    "queue",
    "nbsrv",
    "connslots",
];
/// Fetches whose output is an address.
const ADDRESSES: &[&str] = &["src", "dst", "bc_src", "bc_dst", "fc_src", "fc_dst"];
/// Fetches of what a client or server sent: any text.
const TEXTS: &[&str] = &[
    "req.hdr",
    "req.fhdr",
    "req.hdrs",
    "res.hdr",
    "res.fhdr",
    "res.hdrs",
    "hdr",
    "fhdr",
    "shdr",
    "capture.req.hdr",
    "capture.res.hdr",
    "req.cook",
    "res.cook",
    "cook",
    "scook",
    "urlp",
    "url_param",
    "req.body",
    "req.body_param",
    "res.body",
    "req.payload",
    "res.payload",
    "ssl_c_s_dn",
    "ssl_c_i_dn",
    "ssl_f_s_dn",
    "ssl_f_i_dn",
    "ssl_fc_alpn",
    "fc_err_str",
    "ssl_fc_err_str",
    "bc_err_str",
    "env",
    "str",
    "http_auth_user",
    "http_auth_pass",
    "req.hdr_names",
    "res.hdr_names",
    "res.reason",
    "last_rule_file",
];
/// Fetches whose output holds no blank.
const WORDS: &[&str] = &[
    "base",
    "be_name",
    "capture.req.method",
    "capture.req.uri",
    "capture.req.ver",
    "capture.res.ver",
    "fe_name",
    "fe_defbe",
    "hostname",
    "method",
    "path",
    "pathq",
    "query",
    "req.ver",
    "req_ver",
    "res.ver",
    "srv_name",
    "ssl_bc_cipher",
    "ssl_bc_protocol",
    "ssl_bc_sni",
    "ssl_c_serial",
    "ssl_c_sha1",
    "ssl_fc_cipher",
    "ssl_fc_protocol",
    "ssl_fc_sni",
    "ssl_fc_session_id",
    "txn.sess_term_state",
    "unique-id",
    "url",
    "uuid",
    "so_name",
    "req.ssl_sni",
];

/// What an expression yields.
pub(super) fn of(expression: &str) -> Yield {
    let mut parts = split(expression);
    let fetch = parts.next().unwrap_or_default().trim();
    let (name, arguments) = call(fetch);
    let (mut kind, role, assumed) = of_fetch(name, arguments);
    let (mut role, mut assumed) = (role, assumed);
    let mut converted = false;
    for converter in parts {
        let (name, _) = call(converter.trim());
        converted = true;
        role = Role::None;
        (kind, assumed) = match name {
            "hex" => (Kind::Hex, false),
            "ipmask" => (Kind::Address, false),
            _ if TO_INTEGER.contains(&name) || name.starts_with("table_") => (Kind::Integer, false),
            _ if TO_WORD.contains(&name) => (Kind::Word, false),
            // The output's case may change; what it may hold does not.
            "lower" | "upper" | "bytes" | "field" | "word" => {
                (if kind == Kind::Text { kind } else { Kind::Word }, assumed)
            }
            _ if TO_TEXT.contains(&name) => (Kind::Text, false),
            _ => (if kind == Kind::Text { kind } else { Kind::Word }, true),
        };
    }
    let converted = if converted { ", converted" } else { "" };
    Yield { kind, role, assumed, meaning: format!("{}{converted}", meaning(name, arguments)) }
}

fn of_fetch(name: &str, arguments: &str) -> (Kind, Role, bool) {
    let in_ms = arguments.split(',').any(|argument| argument.trim() == "ms");
    match name {
        "date" if in_ms => (Kind::Integer, Role::WrittenMillis, false),
        "date" if !arguments.contains("us") => (Kind::Integer, Role::WrittenSeconds, false),
        "date" | "accept_date" | "request_date" => (Kind::Integer, Role::None, false),
        "src" => (Kind::Address, Role::Client, false),
        "status" | "txn.status" => (Kind::Status, Role::Status, false),
        "res.bytes_in" => (Kind::Count, Role::BytesSent, false),
        "path" | "pathq" | "url" | "capture.req.uri" => (Kind::Word, Role::Target, false),
        "srv_name" => (Kind::Name, Role::Server, false),
        "fe_name" | "be_name" => (Kind::Name, Role::None, false),
        _ if ADDRESSES.contains(&name) => (Kind::Address, Role::None, false),
        _ if INTEGERS.contains(&name) || is_counter(name) => (Kind::Integer, Role::None, false),
        _ if TEXTS.contains(&name) => (Kind::Text, Role::None, false),
        _ if WORDS.contains(&name) => (Kind::Word, Role::None, false),
        _ => (Kind::Word, Role::None, true),
    }
}

/// Counters of stick tables: `sc_inc_gpc0`, `sc0_http_req_cnt`, `src_conn_rate`, …
fn is_counter(name: &str) -> bool {
    let table = name.strip_prefix("sc").map(|rest| rest.trim_start_matches(|char: char| char.is_ascii_digit()));
    let counter = table.and_then(|rest| rest.strip_prefix('_')).or_else(|| name.strip_prefix("src_"));
    counter.is_some_and(|counter| {
        ["_cnt", "_rate", "_cur", "gpc", "gpt", "kbytes", "tracked", "trackers"]
            .iter()
            .any(|part| counter.contains(part))
    })
}

fn meaning(name: &str, arguments: &str) -> String {
    match name {
        "var" => format!("the variable {arguments}"),
        "date" => "when the line was written".to_owned(),
        "req.hdr" | "hdr" | "req.fhdr" => format!("the request header {arguments}"),
        "res.hdr" | "shdr" | "res.fhdr" => format!("the response header {arguments}"),
        "capture.req.hdr" => format!("captured request header {arguments}, counted from 0"),
        "capture.res.hdr" => format!("captured response header {arguments}, counted from 0"),
        "src" => "the client's address".to_owned(),
        _ => format!("the sample {name}"),
    }
}

/// Fetch and converters: parted by commas outside of arguments.
fn split(expression: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    expression.split(move |char| {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        char == ',' && depth == 0
    })
}

/// A name and what stands in its brackets.
fn call(text: &str) -> (&str, &str) {
    match text.split_once('(') {
        Some((name, arguments)) => (name, arguments.strip_suffix(')').unwrap_or(arguments)),
        None => (text, ""),
    }
}
