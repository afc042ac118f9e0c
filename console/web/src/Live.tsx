import { freshness, LiveMarker, type LiveView, useLiveUsage } from "@suiftly/ui";
import { Overview } from "./overview/Overview";
import { Frame } from "./shell/Frame";
import { useTitle } from "./shell/useTitle";
import { SignIn } from "./signin/SignIn";
import { renewSession } from "./signin/session";

/** Everything that needs the live stream, or the way in when there is no session. */
export function Live() {
  const { view, retry } = useLiveUsage(renewSession);
  if (view.connection.phase === "signed-out") {
    return <SignIn ended={view.state.usage !== null} onSignedIn={retry} />;
  }
  return <LiveOverview view={view} retry={retry} />;
}

function LiveOverview({ view, retry }: { view: LiveView; retry: () => void }) {
  useTitle(`${conditionOf(view)}Overview`);
  return (
    <Frame
      marker={
        <LiveMarker
          data-testid="complete-to"
          completeTo={view.state.usage?.completeTo ?? null}
          now={view.now}
          reconnecting={view.connection.phase === "retrying"}
        />
      }
    >
      <Overview view={view} retry={retry} />
    </Frame>
  );
}

/** The tab carries the condition, not a counter. */
function conditionOf({ state, now }: LiveView): string {
  if (state.usage === null) return "";
  const { level } = freshness(state.usage.completeTo, now);
  return { live: "", late: "Behind · ", stale: "Stopped · " }[level];
}
