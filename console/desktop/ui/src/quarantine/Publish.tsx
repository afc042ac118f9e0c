import { Button, formatCount, formatDuration, Refusal, TextField } from "@suiftly/ui";
import { publishFormat, type TryFormatView } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { wrongName } from "./attribution";
import type { BesideProps } from "./Beside";
import type { Draft } from "./Quarantine";
import { formatsQuery } from "./queries";
import { ReplayProgress } from "./ReplayProgress";
import { replayable } from "./waiting";

type PublishProps = BesideProps & { tried: TryFormatView | undefined };

/** Publishes the format, and has the kept lines read by it. */
export function Publish({ stand, draft, setDraft, replaying, tried }: PublishProps) {
  const { most, words } = replayable(stand);
  const [touched, setTouched] = useState(false);
  const { data: formats } = useQuery(formatsQuery);
  const publish = useAct({
    send: ({ name, format }: Draft) => publishFormat({ client, path: { name }, body: format }),
    topics: ["formats", "quarantine"],
    told: ({ tookMs }, { name }) => `${name} is in force, after ${formatDuration(tookMs)}`,
  });
  if (stand === null) return null;
  const wrong = wrongName(draft.name);
  const published = formats?.find(({ name, state }) => name === draft.name && state === "in_force");
  const isSame = published !== undefined && sameFormat(published, draft);
  const ready = tried !== undefined && tried.error == null && draft.format.log_format.trim() !== "";
  const put = async () => {
    setTouched(true);
    if (wrong !== null) return false;
    return isSame || (await publish.press({ name: draft.name, format: draft.format })) !== null;
  };
  const both = async () => {
    if (await put()) await replaying.replay(stand.reason, tried);
  };
  const busy = publish.busy || replaying.busy;
  const given = replaying.givenOf(stand.reason);
  return (
    <div className="publish tight-part">
      <div className="tight-row">
        <div className="publish-name">
          <TextField
            label="Name of the format"
            hideLabel
            placeholder="name, such as edge-2"
            value={draft.name}
            onChange={(name) => {
              setTouched(true);
              setDraft({ ...draft, name });
            }}
            error={touched ? wrong : null}
            maxLength={64}
            code
          />
        </div>
        <Button
          disabled={!ready || isSame}
          busy={busy}
          onClick={() => void put()}
          data-testid="publish"
        >
          Publish the format
        </Button>
        <Button
          kind="primary"
          disabled={!ready || most === 0}
          busy={busy}
          onClick={() => void both()}
          data-testid="publish-replay"
        >
          {isSame ? "Replay" : "Publish and replay"} {words}
        </Button>
      </div>
      {publish.problem && <Refusal problem={publish.problem} />}
      {replaying.problem && <Refusal problem={replaying.problem} />}
      {given === null ? (
        <Effect tried={tried} draft={draft} isChange={published !== undefined && !isSame} />
      ) : (
        <ReplayProgress given={given} onDone={replaying.forget} />
      )}
    </div>
  );
}

function sameFormat(one: Draft["format"], { format }: Draft): boolean {
  const text = (attribution: Readonly<Record<string, string>>) =>
    JSON.stringify(Object.entries(attribution).toSorted(([a], [b]) => a.localeCompare(b)));
  return one.log_format === format.log_format && text(one.attribution) === text(format.attribution);
}

interface EffectProps {
  tried: TryFormatView | undefined;
  draft: Draft;
  isChange: boolean;
}

/** What the press does, before it. */
function Effect({ tried, draft: { format }, isChange }: EffectProps) {
  const unbilled = format.attribution.traffic === undefined;
  return (
    <p className="words" data-testid="effect">
      From then on it is tried on lines that their source’s own format cannot read; lines that are
      readable are read as before.{isChange && " It replaces the one in force under this name."}{" "}
      Replayed lines that become records count in the usage and the bill of their own hour.
      {unbilled && " Without an attribution of traffic none of them is billed."}
      {tried !== undefined && tried.error == null && tried.failed > 0 && (
        <> {formatCount(tried.failed)} of those tried do not fit, and stay quarantined.</>
      )}{" "}
      It needs the role operator, and is recorded with your name.
    </p>
  );
}
