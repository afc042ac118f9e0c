import { chooseTheme, currentTheme } from "@suiftly/ui";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { ConsoleView, Follower } from "../link/follow";
import { condition, figuresLevel } from "../model/condition";
import { ConnectForm } from "./ConnectForm";
import { KeyList } from "./KeyList";
import { Outage } from "./Outage";
import { Overview } from "./Overview";
import { StatusBar } from "./StatusBar";
import { TitleBar } from "./TitleBar";
import { TrustBar } from "./TrustBar";
import { useKeys } from "./useKeys";

export function App({ follower }: { follower: Follower }) {
  const live = useSyncExternalStore(follower.subscribe, follower.getView);
  const [held, setHeld] = useState<ConsoleView | null>(null);
  const [asking, setAsking] = useState(false);
  const [listing, setListing] = useState(false);
  const hold = useCallback(
    () => setHeld((now) => (now === null ? follower.getView() : null)),
    [follower],
  );
  useKeys({ hold, theme: toggleTheme, help: useCallback(() => setListing(true), []) });
  useWindowTitle(condition(live).word);

  const view = held ?? live;
  const known = view.server.usage.usage !== null || view.server.usage.pipeline !== null;
  const form =
    asking || live.status.phase === "idle" || (live.status.phase === "refused" && !known);
  const refused = live.status.phase === "refused" ? live.status.reason : null;

  async function connect(address: string, token: string) {
    await follower.connect(address, token);
    setAsking(false);
    setHeld(null);
  }

  return (
    <div
      className="console"
      data-level={figuresLevel(view)}
      data-stale={figuresLevel(view) === "stale"}
    >
      <TitleBar
        view={view}
        heldAt={held?.now ?? null}
        now={live.now}
        onChangeServer={() => setAsking(true)}
      />
      <TrustBar view={view} />
      {form ? (
        <main className="work-form">
          <ConnectForm
            key={refused}
            address={live.address}
            refused={refused}
            onConnect={connect}
            onCancel={known ? () => setAsking(false) : null}
          />
        </main>
      ) : (
        <main className="work">
          <Outage view={live} onRetry={follower.retry} onChangeServer={() => setAsking(true)} />
          <Overview view={view} />
        </main>
      )}
      <StatusBar pipeline={view.server.usage.pipeline} unencrypted={view.unencrypted} />
      {listing && <KeyList onClose={() => setListing(false)} />}
    </div>
  );
}

function toggleTheme() {
  chooseTheme(currentTheme() === "dark" ? "light" : "dark");
}

/** The title carries the condition, not a counter. */
function useWindowTitle(word: string) {
  useEffect(() => {
    document.title = `${word} · Suiftly console`;
  }, [word]);
}
