//! Thresholds: looks at every alert, and tells those that are crossed. Who is told, and how, is the store's transaction.

use crate::{Notifier, NotifyError};

/// What a look at all alerts came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertReport {
    /// Alerts that were told.
    pub alerts: u64,
    /// Customers that were told that they have reached their month's limit.
    pub limits: u64,
}

impl Notifier {
    /// Looks at all alerts, page by page. Each crossing is told once, whoever else looks.
    pub async fn evaluate_alerts(&self) -> Result<AlertReport, NotifyError> {
        let now = self.now();
        let mut report = AlertReport { alerts: 0, limits: self.store.tell_limits(now).await? };
        let mut after = 0;
        while let Some(page) = self.store.crossed_alerts(after, now).await? {
            for alert in &page.alerts {
                report.alerts += u64::from(self.store.tell_alert(alert, now).await?);
            }
            after = page.upto;
        }
        Ok(report)
    }
}
