//! The window: made, wired to the console and its commands, and ended in good order.
//!
//! The page pulls; nothing is pushed at it, so a page that hangs costs no memory. The token comes in by `connect` or
//! from the command line, and there is no command that gives it out.

use std::sync::Arc;

use tauri::{App, AppHandle, Manager as _, RunEvent, async_runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::Error;
use crate::args::Start;
use crate::commands;
use crate::console::{Console, Places};
use crate::desktop::Desktop;
use crate::keychain::SecretServiceKeychain;
use crate::local::Plan;
use crate::local::places::{Ports, find_program};
use crate::tray::Action;

/// As `tauri.conf.json` labels it.
const LABEL: &str = "console";

/// Opens the window and runs until it is closed.
///
/// # Errors
/// If there is no display, or the web view cannot be made.
pub fn run(start: Start) -> Result<(), Error> {
    // Tauri would panic where this is refused.
    #[cfg(target_os = "linux")]
    gtk::init().map_err(|_| Error::NoDisplay)?;
    let app = tauri::Builder::default()
        .setup(|app| Ok(set_up(app, start)?))
        .invoke_handler(tauri::generate_handler![
            commands::open,
            commands::connect,
            commands::pull,
            commands::ask,
            commands::tail_open,
            commands::tail_pull,
            commands::tail_close,
            commands::save,
            commands::notify,
            commands::profiles,
            commands::profile_use,
            commands::profile_forget,
            commands::local_status,
            commands::local_start,
            commands::local_stop,
            commands::local_follow,
            commands::condition,
        ])
        .build(tauri::generate_context!())
        .map_err(Error::Window)?;
    app.run(|app, event| {
        if matches!(event, RunEvent::Exit) {
            // The window is gone by then; what it started ends before it does.
            async_runtime::block_on(app.state::<Console>().local().stop());
        }
    });
    Ok(())
}

fn set_up(app: &App, start: Start) -> Result<(), Error> {
    let console = Console::new(start, places(app)?, Box::new(SecretServiceKeychain::default()))?;
    app.manage(console);
    let handle = app.handle().clone();
    app.manage(Desktop::new(Arc::new(move |action| act(&handle, action))));
    let handle = app.handle().clone();
    async_runtime::spawn(async move { handle.state::<Desktop>().show_tray().await });
    async_runtime::spawn(end_on_signal(app.handle().clone()));
    Ok(())
}

fn places(app: &App) -> Result<Places, Error> {
    let known = app.path();
    let data_dir = known.app_local_data_dir().map_err(Error::Window)?.join("local-system");
    let downloads = known.download_dir().or_else(|_| known.home_dir().map(|home| home.join("Downloads")));
    let beside = std::env::current_exe().ok();
    let program = find_program(beside.as_deref(), std::env::var_os("PATH").as_deref());
    Ok(Places {
        config: known.app_config_dir().map_err(Error::Window)?,
        downloads: downloads.map_err(Error::Window)?,
        local: Plan { program, data_dir, ports: Ports::default() },
    })
}

fn act(app: &AppHandle, action: Action) {
    match action {
        Action::Quit => app.exit(0),
        Action::Open => {
            if let Some(window) = app.get_webview_window(LABEL) {
                let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
                if let Err(error) = shown {
                    tracing::debug!("the window did not come to the front: {error}");
                }
            }
        }
    }
}

/// A session that ends, or an interrupt at the terminal, ends the console as closing its window does.
async fn end_on_signal(app: AppHandle) {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    app.exit(0);
}
