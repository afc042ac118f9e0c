//! The icon in the desktop's tray: the server's condition at a glance, and the way back to the window.
//!
//! It speaks the Status Notifier protocol over D-Bus, which KDE, Xfce, Cinnamon, MATE and GNOME (with its extension for
//! it) understand. Where there is no bus or no tray there is no icon, and the console works without.

mod icon;
mod item;
mod menu;

use std::sync::Arc;

use futures::StreamExt as _;
use parking_lot::Mutex;
use serde::Deserialize;
use zbus::zvariant::ObjectPath;
use zbus::{Connection, fdo};

use item::Item;
use menu::Menu;

const ID: &str = "suiftly-console";
const TITLE: &str = "Suiftly console";
const ITEM_PATH: ObjectPath<'static> = ObjectPath::from_static_str_unchecked("/StatusNotifierItem");
const MENU_PATH: ObjectPath<'static> = ObjectPath::from_static_str_unchecked("/MenuBar");
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// Longest word shown, in characters.
const MAX_WORD_CHARS: usize = 80;

/// How bad it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// All is well.
    Ok,
    /// Something wants attention.
    Warn,
    /// Something is wrong.
    Bad,
    /// Nothing is known.
    #[default]
    Unknown,
}

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Show the window.
    Open,
    /// End the console.
    Quit,
}

/// Does what the user chose.
pub type Act = Arc<dyn Fn(Action) + Send + Sync>;

#[derive(Debug, Default)]
struct Condition {
    word: String,
    level: Level,
    /// Goes up with each change.
    revision: u32,
}

/// The icon, shown or not.
pub struct Tray {
    condition: Arc<Mutex<Condition>>,
    bus: Mutex<Option<Connection>>,
    act: Act,
}

impl Tray {
    /// An icon that is shown nowhere yet.
    #[must_use]
    pub fn new(act: Act) -> Self {
        Self { condition: Arc::default(), bus: Mutex::new(None), act }
    }

    /// Shows the icon, wherever a tray is and whenever one appears, until the bus is gone.
    ///
    /// # Errors
    /// If the bus does not do what a session's bus does.
    pub async fn show(&self, bus: Connection) -> zbus::Result<()> {
        self.serve(&bus).await?;
        let dbus = fdo::DBusProxy::new(&bus).await?;
        let mut owners = dbus.receive_name_owner_changed_with_args(&[(0, WATCHER)]).await?;
        // Without a watcher it waits for one.
        let _ = register(&bus).await;
        while let Some(change) = owners.next().await {
            if change.args()?.new_owner().is_some() {
                let _ = register(&bus).await;
            }
        }
        Ok(())
    }

    /// Answers on this bus what a tray asks.
    ///
    /// # Errors
    /// If the bus is gone.
    pub async fn serve(&self, bus: &Connection) -> zbus::Result<()> {
        let (condition, act) = (&self.condition, &self.act);
        let item = Item { condition: Arc::clone(condition), act: Arc::clone(act) };
        let menu = Menu { condition: Arc::clone(condition), act: Arc::clone(act) };
        bus.object_server().at(ITEM_PATH, item).await?;
        bus.object_server().at(MENU_PATH, menu).await?;
        *self.bus.lock() = Some(bus.clone());
        Ok(())
    }

    /// Says how it stands. Where no icon is shown it is kept for when one is.
    pub async fn tell(&self, word: &str, level: Level) {
        let plain = word.chars().filter(|char| !char.is_control()).take(MAX_WORD_CHARS);
        let revision = {
            let mut condition = self.condition.lock();
            let word: String = plain.collect();
            if (&condition.word, condition.level) == (&word, level) {
                return;
            }
            *condition = Condition { word, level, revision: condition.revision.wrapping_add(1) };
            condition.revision
        };
        let bus = self.bus.lock().clone();
        if let Some(bus) = bus
            && let Err(error) = announce(&bus, revision).await
        {
            tracing::debug!("the tray was not told: {error}");
        }
    }
}

async fn announce(bus: &Connection, revision: u32) -> zbus::Result<()> {
    let item = bus.object_server().interface::<_, Item>(ITEM_PATH).await?;
    Item::new_icon(item.signal_emitter()).await?;
    Item::new_tool_tip(item.signal_emitter()).await?;
    let menu = bus.object_server().interface::<_, Menu>(MENU_PATH).await?;
    Menu::layout_updated(menu.signal_emitter(), revision, 0).await
}

/// Tells the desktop's watcher that there is an icon here.
async fn register(bus: &Connection) -> zbus::Result<()> {
    let name = bus.unique_name().map(|name| name.as_str()).unwrap_or_default();
    bus.call_method(Some(WATCHER), "/StatusNotifierWatcher", Some(WATCHER), "RegisterStatusNotifierItem", &name)
        .await
        .map(drop)
}
