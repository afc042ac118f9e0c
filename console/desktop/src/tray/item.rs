//! The icon itself, as desktops ask for it: `org.kde.StatusNotifierItem`.

use std::sync::Arc;

use parking_lot::Mutex;
use zbus::interface;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedObjectPath;

use super::icon::{Pixmap, pixmaps};
use super::{Act, Action, Condition, ID, MENU_PATH, TITLE};

pub(super) struct Item {
    pub(super) condition: Arc<Mutex<Condition>>,
    pub(super) act: Act,
}

#[interface(name = "org.kde.StatusNotifierItem")]
impl Item {
    #[zbus(property)]
    fn category(&self) -> &'static str {
        "SystemServices"
    }

    #[zbus(property)]
    fn id(&self) -> &'static str {
        ID
    }

    #[zbus(property)]
    fn title(&self) -> &'static str {
        TITLE
    }

    #[zbus(property)]
    fn status(&self) -> &'static str {
        "Active"
    }

    #[zbus(property)]
    fn window_id(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn icon_name(&self) -> &'static str {
        ""
    }

    #[zbus(property)]
    fn icon_pixmap(&self) -> Vec<Pixmap> {
        pixmaps(self.condition.lock().level)
    }

    #[zbus(property)]
    fn tool_tip(&self) -> (String, Vec<Pixmap>, String, String) {
        (String::new(), Vec::new(), TITLE.into(), self.condition.lock().word.clone())
    }

    /// The left button opens the window, the right one the menu.
    #[zbus(property)]
    fn item_is_menu(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn menu(&self) -> OwnedObjectPath {
        MENU_PATH.into()
    }

    fn activate(&self, _x: i32, _y: i32) {
        (self.act)(Action::Open);
    }

    fn secondary_activate(&self, _x: i32, _y: i32) {
        (self.act)(Action::Open);
    }

    /// The desktop draws the menu.
    fn context_menu(&self, _x: i32, _y: i32) {}

    fn scroll(&self, _delta: i32, _orientation: &str) {}

    #[zbus(signal)]
    pub(super) async fn new_icon(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    #[zbus(signal)]
    pub(super) async fn new_tool_tip(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}
