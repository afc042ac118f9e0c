//! The icon's menu, as desktops ask for it: `com.canonical.dbusmenu`. It has one level: the condition's word, a line,
//! Open, Quit.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedValue, StructureBuilder, Value};
use zbus::{fdo, interface};

use super::{Act, Action, Condition, TITLE};

const ROOT: i32 = 0;
const WORD: i32 = 1;
const LINE: i32 = 2;
const OPEN: i32 = 3;
const QUIT: i32 = 4;
const ENTRIES: [i32; 4] = [WORD, LINE, OPEN, QUIT];

type Properties = HashMap<&'static str, OwnedValue>;
type Layout = (i32, Properties, Vec<OwnedValue>);

pub(super) struct Menu {
    pub(super) condition: Arc<Mutex<Condition>>,
    pub(super) act: Act,
}

impl Menu {
    fn properties(&self, id: i32) -> Option<Properties> {
        let text = |text: &str| ("label", OwnedValue::from(zbus::zvariant::Str::from(text.to_owned())));
        Some(match id {
            ROOT => HashMap::from([("children-display", OwnedValue::from(zbus::zvariant::Str::from("submenu")))]),
            WORD => HashMap::from([text(&self.label()), ("enabled", OwnedValue::from(false))]),
            LINE => HashMap::from([("type", OwnedValue::from(zbus::zvariant::Str::from("separator")))]),
            OPEN => HashMap::from([text("Open")]),
            QUIT => HashMap::from([text("Quit")]),
            _ => return None,
        })
    }

    /// An underscore would be taken for the mark of an access key.
    fn label(&self) -> String {
        let word = self.condition.lock().word.replace('_', "__");
        if word.is_empty() { TITLE.into() } else { word }
    }

    fn child(&self, id: i32) -> fdo::Result<OwnedValue> {
        let properties = self.properties(id).unwrap_or_default();
        let structure = StructureBuilder::new().add_field(id).add_field(properties).add_field(Vec::<OwnedValue>::new());
        let built = structure.build().and_then(|built| OwnedValue::try_from(Value::from(built)));
        built.map_err(|error| fdo::Error::Failed(error.to_string()))
    }

    fn choose(&self, id: i32, event: &str) {
        match (id, event) {
            (OPEN, "clicked") => (self.act)(Action::Open),
            (QUIT, "clicked") => (self.act)(Action::Quit),
            _ => {}
        }
    }
}

#[interface(name = "com.canonical.dbusmenu")]
impl Menu {
    #[zbus(property)]
    fn version(&self) -> u32 {
        3
    }

    #[zbus(property)]
    fn text_direction(&self) -> &'static str {
        "ltr"
    }

    #[zbus(property)]
    fn status(&self) -> &'static str {
        "normal"
    }

    #[zbus(property)]
    fn icon_theme_path(&self) -> Vec<String> {
        Vec::new()
    }

    /// The names of properties asked for are ignored: there are few, and more may be answered.
    fn get_layout(&self, parent_id: i32, depth: i32, _names: Vec<String>) -> fdo::Result<(u32, Layout)> {
        let properties = self.properties(parent_id).ok_or_else(|| no_entry(parent_id))?;
        let children = if parent_id == ROOT && depth != 0 {
            ENTRIES.iter().map(|&id| self.child(id)).collect::<fdo::Result<_>>()?
        } else {
            Vec::new()
        };
        Ok((self.condition.lock().revision, (parent_id, properties, children)))
    }

    /// No ids mean all.
    fn get_group_properties(&self, ids: Vec<i32>, _names: Vec<String>) -> Vec<(i32, Properties)> {
        let ids = if ids.is_empty() { ENTRIES.to_vec() } else { ids };
        ids.into_iter().filter_map(|id| Some((id, self.properties(id)?))).collect()
    }

    fn get_property(&self, id: i32, name: &str) -> fdo::Result<OwnedValue> {
        let mut properties = self.properties(id).ok_or_else(|| no_entry(id))?;
        properties.remove(name).ok_or_else(|| fdo::Error::InvalidArgs(format!("entry {id} has no {name}")))
    }

    fn event(&self, id: i32, event_id: &str, _data: Value<'_>, _timestamp: u32) {
        self.choose(id, event_id);
    }

    fn event_group(&self, events: Vec<(i32, String, Value<'_>, u32)>) -> Vec<i32> {
        for (id, event, ..) in &events {
            self.choose(*id, event);
        }
        events.into_iter().map(|(id, ..)| id).filter(|id| self.properties(*id).is_none()).collect()
    }

    /// Whether it has to be asked for again first: what changes is told as it changes.
    fn about_to_show(&self, _id: i32) -> bool {
        false
    }

    fn about_to_show_group(&self, _ids: Vec<i32>) -> (Vec<i32>, Vec<i32>) {
        (Vec::new(), Vec::new())
    }

    #[zbus(signal)]
    pub(super) async fn layout_updated(emitter: &SignalEmitter<'_>, revision: u32, parent: i32) -> zbus::Result<()>;
}

fn no_entry(id: i32) -> fdo::Error {
    fdo::Error::InvalidArgs(format!("there is no entry {id}"))
}
