//! Embeds the built front end and grants the page the console's own commands, nothing else.

use std::path::Path;

const FRONT_END: &str = "ui/dist";
/// Those of `src/commands.rs`, as `capabilities/console.json` allows them.
const COMMANDS: &[&str] = &[
    "open",
    "connect",
    "pull",
    "ask",
    "tail_open",
    "tail_pull",
    "tail_close",
    "save",
    "notify",
    "profiles",
    "profile_use",
    "profile_forget",
    "local_status",
    "local_start",
    "local_stop",
    "local_follow",
    "condition",
];

fn main() {
    let embeds = std::env::var_os("CARGO_FEATURE_CUSTOM_PROTOCOL").is_some();
    println!("cargo::rerun-if-changed={FRONT_END}");
    if embeds && !Path::new(FRONT_END).join("index.html").exists() {
        println!("cargo::error=the console's front end is not built: run `cargo xtask console`, which builds it first");
        return;
    }
    let commands = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands)) {
        println!("cargo::error=could not prepare the console's window: {error:#}");
    }
}
