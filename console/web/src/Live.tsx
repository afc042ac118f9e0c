import { freshness, LiveMarker, type LiveView, useLiveUsage } from "@suiftly/ui";
import { Overview } from "./overview/Overview";
import { Frame } from "./shell/Frame";
import { useTitle } from "./shell/useTitle";
import { SignIn } from "./signin/SignIn";
import { SignOut } from "./signin/SignOut";
import { renewSession } from "./signin/session";

interface LiveProps {
  onSignedIn: () => void;
  onSignedOut: () => void;
}

/** Everything that needs the live stream, or the way in when there is no session. */
export function Live({ onSignedIn, onSignedOut }: LiveProps) {
  const { view, retry } = useLiveUsage(renewSession);
  if (view.connection.phase === "signed-out") {
    return <SignIn ended={view.state.usage !== null} onSignedIn={onSignedIn} />;
  }
  return <LiveOverview view={view} retry={retry} onSignedOut={onSignedOut} />;
}

interface LiveOverviewProps {
  view: LiveView;
  retry: () => void;
  onSignedOut: () => void;
}

function LiveOverview({ view, retry, onSignedOut }: LiveOverviewProps) {
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
      account={<SignOut onSignedOut={onSignedOut} />}
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
