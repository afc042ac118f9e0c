//! The tray and the notifications, against the other end of a bus without a daemon between.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use suiftly_console::notify;
use suiftly_console::tray::{Action, Level, Tray};
use tokio::net::UnixStream;
use zbus::connection::Builder;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, Guid, interface, proxy};

/// The console's end and the desktop's.
async fn bus(desktop: impl FnOnce(Builder<'static>) -> Builder<'static>) -> (Connection, Connection) {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let server = Builder::unix_stream(ours).server(Guid::generate()).expect("a server").p2p().build();
    let client = desktop(Builder::unix_stream(theirs).p2p()).build();
    let (ours, theirs) = tokio::join!(server, client);
    (ours.expect("our end"), theirs.expect("their end"))
}

type Pixmap = (i32, i32, Vec<u8>);
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
type Entry = (i32, HashMap<String, OwnedValue>);

#[proxy(interface = "org.kde.StatusNotifierItem", default_path = "/StatusNotifierItem", gen_blocking = false)]
trait Item {
    #[zbus(property(emits_changed_signal = "false"))]
    fn icon_pixmap(&self) -> zbus::Result<Vec<Pixmap>>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn tool_tip(&self) -> zbus::Result<(String, Vec<Pixmap>, String, String)>;
    #[zbus(property)]
    fn id(&self) -> zbus::Result<String>;
    fn activate(&self, x: i32, y: i32) -> zbus::Result<()>;
    #[zbus(signal)]
    fn new_tool_tip(&self) -> zbus::Result<()>;
}

#[proxy(interface = "com.canonical.dbusmenu", default_path = "/MenuBar", gen_blocking = false)]
trait Menu {
    fn get_layout(&self, parent: i32, depth: i32, names: &[&str]) -> zbus::Result<(u32, Layout)>;
    fn get_group_properties(&self, ids: &[i32], names: &[&str]) -> zbus::Result<Vec<Entry>>;
    fn event(&self, id: i32, event: &str, data: &Value<'_>, time: u32) -> zbus::Result<()>;
    #[zbus(signal)]
    fn layout_updated(&self, revision: u32, parent: i32) -> zbus::Result<()>;
}

fn text(entry: &HashMap<String, OwnedValue>, name: &str) -> Option<String> {
    entry.get(name).map(|value| value.downcast_ref::<String>().expect("text"))
}

struct Tested {
    tray: Tray,
    chosen: Arc<Mutex<Vec<Action>>>,
    desktop: Connection,
    _console: Connection,
}

async fn tray() -> Tested {
    let (console, desktop) = bus(|builder| builder).await;
    let chosen = Arc::<Mutex<Vec<Action>>>::default();
    let chooser = Arc::clone(&chosen);
    let tray = Tray::new(Arc::new(move |action| chooser.lock().push(action)));
    tray.tell("said before the icon is shown", Level::Warn).await;
    tray.serve(&console).await.expect("served");
    Tested { tray, chosen, desktop, _console: console }
}

#[tokio::test]
async fn the_icon_says_how_it_stands_and_tells_when_it_changes() {
    use futures::StreamExt as _;
    let Tested { tray, chosen, desktop, _console } = tray().await;
    let item =
        ItemProxy::builder(&desktop).destination("org.example.Tray").expect("a name").build().await.expect("an item");
    assert_eq!(item.id().await.expect("an id"), "suiftly-console");
    assert_eq!(item.tool_tip().await.expect("a tip").3, "said before the icon is shown");
    let before = item.icon_pixmap().await.expect("pictures");
    let mut changes = item.receive_new_tool_tip().await.expect("signals");
    tray.tell("Losing lines", Level::Bad).await;
    changes.next().await.expect("a signal");
    assert_eq!(item.tool_tip().await.expect("a tip").3, "Losing lines");
    let after = item.icon_pixmap().await.expect("pictures");
    assert_ne!(before, after);
    for (width, height, pixels) in after {
        assert_eq!(pixels.len(), usize::try_from(width * height * 4).expect("small"));
    }
    item.activate(0, 0).await.expect("done");
    assert_eq!(*chosen.lock(), [Action::Open]);
}

#[tokio::test]
async fn the_menu_has_the_word_open_and_quit() {
    use futures::StreamExt as _;
    let Tested { tray, chosen, desktop, _console } = tray().await;
    let menu =
        MenuProxy::builder(&desktop).destination("org.example.Tray").expect("a name").build().await.expect("a menu");
    let mut changes = menu.receive_layout_updated().await.expect("signals");
    tray.tell("All is_well", Level::Ok).await;
    tray.tell("All is_well", Level::Ok).await;
    let change = changes.next().await.expect("a signal");
    let (revision, (root, properties, children)) = menu.get_layout(0, -1, &[]).await.expect("a layout");
    assert_eq!(change.args().expect("words").revision, revision, "the same again is no change");
    assert_eq!((root, text(&properties, "children-display")), (0, Some("submenu".into())));
    let entries = menu.get_group_properties(&[], &[]).await.expect("entries");
    assert_eq!((children.len(), entries.len()), (4, 4));
    for child in children {
        let entry: Layout = child.try_into().expect("an entry");
        assert!(entries.contains(&(entry.0, entry.1)), "both ways say the same");
    }
    let labels: Vec<_> = entries.iter().map(|(_, entry)| text(entry, "label")).collect();
    assert_eq!(labels, [Some("All is__well".into()), None, Some("Open".into()), Some("Quit".into())]);
    for (id, _) in &entries {
        menu.event(*id, "hovered", &Value::from(0), 0).await.expect("taken");
        menu.event(*id, "clicked", &Value::from(0), 0).await.expect("taken");
    }
    assert_eq!(*chosen.lock(), [Action::Open, Action::Quit]);
}

/// What a notification service was told: title and text.
#[derive(Default, Clone)]
struct Shown(Arc<Mutex<Vec<(String, String)>>>);

#[interface(name = "org.freedesktop.Notifications")]
impl Shown {
    // As the specification lists them, and as they come off the bus.
    #[expect(clippy::too_many_arguments, clippy::needless_pass_by_value)]
    fn notify(
        &self,
        _application: &str,
        _replaces: u32,
        _icon: &str,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        assert!(actions.is_empty());
        self.0.lock().push((summary, body));
        7
    }
}

#[tokio::test]
async fn a_notification_is_shown_as_plain_text() {
    let shown = Shown::default();
    let service = shown.clone();
    let path = "/org/freedesktop/Notifications";
    let (console, _desktop) = bus(|builder| builder.serve_at(path, service).expect("served")).await;
    notify::show(&console, "Server DOWN", "seal-1 <b>since</b> 12:04").await.expect("shown");
    assert!(notify::show(&console, " \n", "x").await.is_err());
    assert_eq!(*shown.0.lock(), [("Server DOWN".into(), "seal-1 &lt;b&gt;since&lt;/b&gt; 12:04".into())]);
}

#[tokio::test]
async fn without_a_service_it_is_said() {
    // Somebody is there, with something else.
    let (console, _desktop) = bus(|builder| builder.serve_at("/elsewhere", Shown::default()).expect("served")).await;
    let error = notify::show(&console, "Server DOWN", "").await.expect_err("nobody");
    assert_eq!(error, "nothing in this session shows notifications");
}
