import { Button, Copy, Refusal, type Status, StatusGlyph } from "@suiftly/ui";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { commands, follower } from "../app/session";
import type { LocalSystem } from "../link/commands";
import { useWork } from "../parts/acts/useWork";
import { Facts } from "../parts/Facts";
import { Pane } from "../parts/Pane";

const KEY = ["window", "local"] as const;
const LOOK_MS = 1_000;

const WORDS: Record<LocalSystem["state"], { status: Status; word: string }> = {
  absent: { status: "disabled", word: "Not installed" },
  stopped: { status: "disabled", word: "Stopped" },
  starting: { status: "updating", word: "Starting" },
  running: { status: "ok", word: "Running" },
  failed: { status: "down", word: "Failed" },
};

/** The whole system on this machine, for a first look. */
export function LocalSystemPart() {
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: commands.localStatus,
    refetchInterval: LOOK_MS,
  });
  const queries = useQueryClient();
  const { busy, problem, work } = useWork();
  const run = (command: () => Promise<LocalSystem>) =>
    work(async () => queries.setQueryData(KEY, await command()));
  return (
    <Pane title="A system on this machine" className="settings-local">
      <p className="words">
        It starts a database, the pipeline and both APIs, in a folder of your own, and ends with
        this window. HAProxy’s lines come in by syslog, as on a server.
      </p>
      {data && (
        <>
          <Facts
            of={[
              ["State", <StatusGlyph key="state" {...WORDS[data.state]} />],
              ["Program", <code key="binary">{data.binary ?? "–"}</code>],
              ["Folder", <code key="dir">{data.data_dir || "–"}</code>],
            ]}
          />
          {data.reason && <p className="settings-reason">{data.reason}</p>}
          <div className="settings-acts">
            {(data.state === "stopped" || data.state === "failed") && (
              <Button kind="primary" busy={busy} onClick={() => void run(commands.localStart)}>
                Start
              </Button>
            )}
            {data.state === "running" && (
              <Button
                kind="primary"
                onClick={() => void work(() => follower.adopt(commands.localFollow()))}
              >
                Connect to it
              </Button>
            )}
            {(data.state === "running" || data.state === "starting") && (
              <Button kind="danger" busy={busy} onClick={() => void run(commands.localStop)}>
                Stop
              </Button>
            )}
          </div>
          {problem && <Refusal problem={problem} />}
          {data.log.length > 0 && <Log lines={data.log} />}
        </>
      )}
    </Pane>
  );
}

function Log({ lines }: { lines: readonly string[] }) {
  const text = lines.join("\n");
  return (
    <>
      <header className="settings-log-head">
        <h4>What it said last</h4>
        <Copy text={text} size="small" />
      </header>
      <pre className="settings-log" role="log">
        {text}
      </pre>
    </>
  );
}
