import { useToast } from "@suiftly/ui";
import { Outlet } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useConsole } from "../app/console";
import { commands, follower } from "../app/session";
import type { Target } from "../link/commands";
import { condition, figuresLevel, levelOf } from "../model/condition";
import { CommandPalette } from "./CommandPalette";
import { ConnectForm } from "./ConnectForm";
import { KeyList } from "./KeyList";
import { Nav } from "./Nav";
import { Outage } from "./Outage";
import { StatusBar } from "./StatusBar";
import { TitleBar } from "./TitleBar";
import { TrustBar } from "./TrustBar";
import { useKeys } from "./useKeys";
import { useTold } from "./useTold";

type Sheet = "palette" | "keys" | "connect" | null;

/** The frame: what is true of every page stands around it. */
export function Shell() {
  const { live, view, hold, release } = useConsole();
  const [sheet, setSheet] = useState<Sheet>(null);
  const toast = useToast();
  useKeys({ hold, palette: () => setSheet("palette"), list: () => setSheet("keys") });
  useTold();
  const { word, status } = condition(live);
  useCondition(word, levelOf(status));

  const known = view.server.usage.usage !== null || view.server.usage.pipeline !== null;
  const { phase } = live.status;
  const form = sheet === "connect" || phase === "idle" || (phase === "refused" && !known);
  const level = figuresLevel(view);
  const connect = async (target: Target) => {
    const { kept } = await follower.connect(target);
    if (target.keep && target.profile !== null && !kept) {
      toast({ text: "No keychain answers here: the token lasts as long as this window" });
    }
    release();
    setSheet(null);
  };
  return (
    <div className="console" data-level={level} data-stale={level === "stale"}>
      <TitleBar onPalette={() => setSheet("palette")} onChangeServer={() => setSheet("connect")} />
      <TrustBar />
      <Nav />
      <div className="work">
        <Outage
          view={live}
          onRetry={() => void follower.retry()}
          onChangeServer={() => setSheet("connect")}
        />
        {form ? (
          <main className="work-form">
            <ConnectForm
              key={phase}
              address={live.address}
              refused={live.status.phase === "refused" ? live.status.reason : null}
              onConnect={connect}
              onOpened={() => {
                release();
                setSheet(null);
              }}
              onCancel={known ? () => setSheet(null) : null}
            />
          </main>
        ) : (
          <Outlet />
        )}
      </div>
      <StatusBar pipeline={view.server.usage.pipeline} unencrypted={view.unencrypted} />
      {sheet === "palette" && (
        <CommandPalette
          onClose={() => setSheet((now) => (now === "palette" ? null : now))}
          onKeys={() => setSheet("keys")}
          onChangeServer={() => setSheet("connect")}
        />
      )}
      {sheet === "keys" && <KeyList onClose={() => setSheet(null)} />}
    </div>
  );
}

/** The window's title and the tray carry the condition, not a counter. */
function useCondition(word: string, level: ReturnType<typeof levelOf>) {
  useEffect(() => {
    document.title = `${word} · Suiftly console`;
    void commands.condition(word, level).catch(() => {});
  }, [word, level]);
}
