//! What the console has of the desktop around it: the tray and the notifications, over one connection to its bus.

use tokio::sync::OnceCell;
use zbus::Connection;

use crate::tray::{Act, Tray};
use crate::{dbus, notify};

/// The desktop, there or not.
pub struct Desktop {
    bus: OnceCell<Connection>,
    tray: Tray,
}

impl Desktop {
    /// Nothing is connected yet. `act` does what the user chooses in the tray.
    #[must_use]
    pub fn new(act: Act) -> Self {
        Self { bus: OnceCell::new(), tray: Tray::new(act) }
    }

    /// Shows the icon in the tray for as long as there is a bus. Without one the console works as well.
    pub async fn show_tray(&self) {
        let shown = match self.bus().await {
            Ok(bus) => self.tray.show(bus).await,
            Err(error) => Err(error),
        };
        if let Err(error) = shown {
            tracing::debug!("no icon in the tray: {error}");
        }
    }

    /// The icon.
    #[must_use]
    pub const fn tray(&self) -> &Tray {
        &self.tray
    }

    /// Shows a notification.
    ///
    /// # Errors
    /// If there is nobody who shows them: in one sentence.
    pub async fn notify(&self, title: &str, body: &str) -> Result<(), String> {
        let bus = self.bus().await.map_err(|error| notify::nobody(&error))?;
        notify::show(&bus, title, body).await
    }

    /// Connected at the first need, and again at the next where there was none.
    async fn bus(&self) -> zbus::Result<Connection> {
        self.bus.get_or_try_init(dbus::session).await.cloned()
    }
}
