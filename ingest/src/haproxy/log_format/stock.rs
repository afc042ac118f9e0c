//! The formats that everybody has: HAProxy's stock ones as log.c declares them, and the gateway's own.

use super::{Attribution, FieldRef, LogFormat, RecordFormat};
use std::sync::LazyLock;

/// `option httplog`
pub const HTTPLOG: &str =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
/// `option httpslog`
pub const HTTPSLOG: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc \
     %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] \
     %[ssl_fc_sni]/%sslv/%sslc";
/// `option tcplog`
pub const TCPLOG: &str = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
/// `option httplog clf`
const CLF_HTTP: &str = "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc \
     %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
/// `option tcplog clf`
const CLF_TCP: &str = "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac \
     %fc %bc %sc %rc %sq %bq \"\" \"\" ";
/// The SF1 line (SPEC §3.2), with variables where each frontend has its own literals. The hand-written parser reads it
/// faster; this one shows that nothing in it needs one.
pub const SF1: &str = "SF1 %[date(0,ms)] %[var(txn.t)] %[var(proc.boot)] %rt %[sc_inc_gpc0(2,seq)] %[var(txn.server)] \
     %[var(txn.network)] %[var(txn.service)] %[var(txn.fe)] %[var(txn.tt)] %[var(txn.ev)] %[var(txn.cid)] \
     %[var(txn.fp)] %[var(txn.km)] %[var(txn.cfg)] %[var(txn.cip)] %[var(txn.pp)] %ST %B %U %TR %Tw %Tc %Tr %Ta %ts \
     %b/%s %ci %ID";

/// The stock format of a name in configuration: `httplog`, `httpslog`, `tcplog`.
pub fn by_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "httplog" => HTTPLOG,
        "httpslog" => HTTPSLOG,
        "tcplog" => TCPLOG,
        _ => return None,
    })
}

/// The format that a variable of HAProxy's stands for.
pub(super) fn by_variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "HAPROXY_HTTP_LOG_FMT" => HTTPLOG,
        "HAPROXY_HTTPS_LOG_FMT" => HTTPSLOG,
        "HAPROXY_TCP_LOG_FMT" => TCPLOG,
        "HAPROXY_HTTP_CLF_LOG_FMT" => CLF_HTTP,
        "HAPROXY_TCP_CLF_LOG_FMT" => CLF_TCP,
        _ => return None,
    })
}

impl Attribution {
    /// That of [`SF1`].
    pub fn sf1() -> Self {
        let token = |name: &str| Some(FieldRef::Token(name.to_owned()).into());
        let var = |name: &str| token(&format!("var({name})"));
        Self {
            customer: var("txn.cid"),
            key: var("txn.fp"),
            key_metadata: var("txn.km"),
            service: var("txn.service"),
            network: var("txn.network"),
            server: var("txn.server"),
            frontend: var("txn.fe"),
            traffic: var("txn.tt"),
            event: var("txn.ev"),
            config: var("txn.cfg"),
            client: var("txn.cip"),
            path: var("txn.pp"),
            began: var("txn.t"),
            boot: var("proc.boot"),
            seq: token("sc_inc_gpc0(2,seq)"),
        }
    }
}

/// Stock `httpslog`.
pub fn httpslog() -> &'static RecordFormat {
    static FORMAT: LazyLock<RecordFormat> = LazyLock::new(|| stock(HTTPSLOG));
    &FORMAT
}

/// Stock `tcplog`.
pub fn tcplog() -> &'static RecordFormat {
    static FORMAT: LazyLock<RecordFormat> = LazyLock::new(|| stock(TCPLOG));
    &FORMAT
}

fn stock(text: &str) -> RecordFormat {
    let compiled = LogFormat::compile(text).and_then(|format| RecordFormat::new(format, &Attribution::default()));
    match compiled {
        Ok(format) => format,
        Err(error) => panic!("a stock format cannot be compiled: {error}"),
    }
}
