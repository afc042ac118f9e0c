//! The commands that the page may call: exactly those that its capability and `build.rs` name. Each passes on to the
//! console; none gives the token out.

use tauri::State;

use crate::ask::{Answer, Question};
use crate::console::{Console, Listed, Opened};
use crate::desktop::Desktop;
use crate::feed::{Batch, Session};
use crate::local::LocalStatus;
use crate::save::Saved;
use crate::tail::{Number, TailBatch};
use crate::tray::Level;

type Told<T> = Result<T, String>;

/// Begins anew on the server known.
#[tauri::command]
pub(crate) async fn open(console: State<'_, Console>) -> Told<Opened> {
    Ok(console.open().await)
}

/// Follows another server.
#[tauri::command]
pub(crate) async fn connect(
    console: State<'_, Console>,
    address: &str,
    token: &str,
    profile: Option<&str>,
    keep: bool,
) -> Told<Opened> {
    console.connect(address, token, profile, keep).await
}

/// What is new in the stream.
#[tauri::command]
pub(crate) async fn pull(console: State<'_, Console>, session: Session) -> Told<Batch> {
    Ok(console.pull(session).await)
}

/// A question to the server followed.
#[tauri::command]
pub(crate) async fn ask(console: State<'_, Console>, request: Question) -> Told<Answer> {
    console.ask(request).await
}

/// Opens the live tail.
#[tauri::command]
pub(crate) async fn tail_open(console: State<'_, Console>, query: &str) -> Told<Number> {
    console.open_tail(query).await
}

/// What is new in the tail.
#[tauri::command]
pub(crate) async fn tail_pull(console: State<'_, Console>, tail: Number) -> Told<TailBatch> {
    Ok(console.pull_tail(tail).await)
}

/// Closes the tail.
#[tauri::command]
pub(crate) async fn tail_close(console: State<'_, Console>, tail: Number) -> Told<()> {
    console.close_tail(tail);
    Ok(())
}

/// Saves an answer as a file.
#[tauri::command]
pub(crate) async fn save(console: State<'_, Console>, path: &str, name: &str) -> Told<Saved> {
    console.save(path, name).await
}

/// The servers known by name.
#[tauri::command]
pub(crate) async fn profiles(console: State<'_, Console>) -> Told<Vec<Listed>> {
    console.profiles().await
}

/// Follows the server under this name.
#[tauri::command]
pub(crate) async fn profile_use(console: State<'_, Console>, name: &str) -> Told<Opened> {
    console.use_profile(name).await
}

/// Takes a name off the list.
#[tauri::command]
pub(crate) async fn profile_forget(console: State<'_, Console>, name: &str) -> Told<()> {
    console.forget_profile(name).await
}

/// How the local system stands.
#[tauri::command]
pub(crate) async fn local_status(console: State<'_, Console>) -> Told<LocalStatus> {
    Ok(console.local().status())
}

/// Starts the local system.
#[tauri::command]
pub(crate) async fn local_start(console: State<'_, Console>) -> Told<LocalStatus> {
    Ok(console.local().start())
}

/// Ends the local system.
#[tauri::command]
pub(crate) async fn local_stop(console: State<'_, Console>) -> Told<LocalStatus> {
    Ok(console.local().stop().await)
}

/// Follows the local system.
#[tauri::command]
pub(crate) async fn local_follow(console: State<'_, Console>) -> Told<Opened> {
    console.follow_local()
}

/// Shows a native notification.
#[tauri::command]
pub(crate) async fn notify(desktop: State<'_, Desktop>, title: &str, body: &str) -> Told<()> {
    desktop.notify(title, body).await
}

/// Says in the tray how it stands.
#[tauri::command]
pub(crate) async fn condition(desktop: State<'_, Desktop>, word: &str, level: Level) -> Told<()> {
    desktop.tray().tell(word, level).await;
    Ok(())
}
