//! Least privilege: what the page may call is what there is to call, and nothing of Tauri's own; what it may load is
//! its own.

use serde_json::{Value, json};

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).expect(path)
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).expect(path)
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The commands there are, as the capability calls them.
fn commands() -> Vec<String> {
    let code = read("src/commands.rs");
    let names = code.lines().filter_map(|line| line.strip_prefix("pub(crate) async fn ")?.split('(').next());
    sorted(names.map(|name| format!("allow-{}", name.replace('_', "-"))))
}

#[test]
fn the_page_may_call_the_consoles_commands_and_nothing_else() {
    let capability = json("capabilities/console.json");
    let granted = capability["permissions"].as_array().expect("a list").iter();
    assert_eq!(sorted(granted.map(|name| name.as_str().expect("a name").to_owned())), commands());
    assert_eq!(capability["windows"], json!(["console"]));
    assert_eq!(capability["local"], json!(true));
    assert!(capability.get("remote").is_none() && capability.get("webviews").is_none());
    let build = read("build.rs");
    let (_, list) = build.split_once("COMMANDS: &[&str] = &[").expect("the list");
    let (list, _) = list.split_once("];").expect("its end");
    let named = list.split('"').skip(1).step_by(2).map(|name| format!("allow-{}", name.replace('_', "-")));
    assert_eq!(sorted(named), commands());
    assert_eq!(std::fs::read_dir(format!("{}/capabilities", env!("CARGO_MANIFEST_DIR"))).expect("there").count(), 1);
}

#[test]
fn the_page_loads_nothing_but_its_own() {
    let app = &json("tauri.conf.json")["app"];
    let policy = json!({
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": "'self'",
        "connect-src": "ipc: http://ipc.localhost",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'"
    });
    assert_eq!(app["security"]["csp"], policy);
    assert_eq!(app["security"]["freezePrototype"], json!(true));
    assert_eq!(app["security"]["capabilities"], json!(["console"]));
    assert!(app["security"].get("assetProtocol").is_none());
    assert_eq!(app["withGlobalTauri"], json!(false));
    assert_eq!(app["windows"].as_array().map(Vec::len), Some(1));
}
