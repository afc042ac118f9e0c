//! The process itself and what it stands on: its version, its roles, its disks, its database's size.

use super::{Page, flag, float};
use crate::app::App;
use crate::health::{self, RoleState, VERSION};
use crate::pipeline::{DiskLive, PipelineLive, SuiLive};

pub(super) fn process(page: &Page, app: &App, live: &PipelineLive) -> Result<(), prometheus::Error> {
    page.gauges("suiftly_build_info", "1, by the program's version.", "version", [(VERSION, 1.0)])?;
    let roles = health::look(app, live);
    let lives = roles.iter().map(|(role, (state, _))| (role.word(), flag(*state == RoleState::Live)));
    page.gauges("suiftly_role_live", "1 while a role of this process does its work.", "role", lives)?;
    let fails = roles.iter().map(|(role, (state, _))| (role.word(), flag(*state == RoleState::Failing)));
    page.gauges("suiftly_role_failing", "1 while a role cannot do its work and goes on trying.", "role", fails)
}

pub(super) fn disks(page: &Page, live: &PipelineLive) -> Result<(), prometheus::Error> {
    let gauges = |name, help, of: fn(&DiskLive) -> Option<f64>| {
        let each = live.disks.iter().filter_map(|disk| Some((disk.place.as_str(), of(disk)?)));
        page.gauges(name, help, "place", each)
    };
    let (free, size) = ("suiftly_disk_free_bytes", "suiftly_disk_size_bytes");
    gauges(free, "What may still be written to the file system of a place.", |disk| Some(float(disk.free_bytes)))?;
    gauges(size, "How large the file system of a place is.", |disk| Some(float(disk.size_bytes)))?;
    let help = "How many files may still be made there; absent where the file system does not bound them.";
    gauges("suiftly_disk_free_files", help, |disk| disk.free_files.map(float))?;
    let help = "When it is full if it goes on filling as in the last hour; absent while it does not fill.";
    gauges("suiftly_disk_time_to_full_seconds", help, |disk| disk.time_to_full_s.map(float))?;
    let Some(bytes) = live.database_bytes else { return Ok(()) };
    page.gauge("suiftly_database_bytes", "How large the database is, as of some minutes ago.", float(bytes))
}

pub(super) fn sui(page: &Page, sui: &SuiLive) -> Result<(), prometheus::Error> {
    let ups = sui.nodes.iter().map(|node| (node.name.as_str(), flag(node.checkpoint.is_some())));
    page.gauges("suiftly_sui_node_up", "1 while a node of Sui answers, of the right chain.", "node", ups)?;
    let checkpoints = sui.nodes.iter().filter_map(|node| Some((node.name.as_str(), float(node.checkpoint?))));
    page.gauges("suiftly_sui_node_checkpoint", "The newest checkpoint that a node of Sui has.", "node", checkpoints)?;
    if let Some(left) = sui.charges_left {
        let help = "How many charges the operator's gas pays for, at what one may cost.";
        page.gauge("suiftly_sui_charges_left", help, float(left))?;
    }
    let Some(behind) = sui.checkpoints_behind else { return Ok(()) };
    let help = "Checkpoints that both nodes have, and whose events are not mirrored.";
    page.gauge("suiftly_sui_checkpoints_behind", help, float(behind))
}
