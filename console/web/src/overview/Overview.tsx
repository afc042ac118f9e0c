import { useLive } from "../app/live";
import { Guard } from "../shell/Guard";
import { Page } from "../shell/Page";
import { FirstSteps } from "./FirstSteps";
import { Month } from "./Month";
import { MonthByClass } from "./MonthByClass";
import { RecentActivity } from "./RecentActivity";
import { Services } from "./Services";
import { Traffic } from "./Traffic";
import "./overview.css";

/** Am I fine, what have I spent, what needs me. */
export function Overview() {
  const { view } = useLive();
  return (
    <Page title="Overview" busy={view.state.usage === null && view.connection.phase !== "retrying"}>
      <Guard what="First steps">
        <FirstSteps />
      </Guard>
      <Guard what="This month">
        <Month />
      </Guard>
      <Services />
      <Traffic />
      <MonthByClass />
      <RecentActivity />
    </Page>
  );
}
