import { Button, Copy, Empty, formatCount, Moment, Segmented } from "@suiftly/ui";
import type { QuarantineText } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useNow } from "../app/console";
import { Facts } from "../parts/Facts";
import { Loaded } from "../parts/Pane";
import { bytesOf, dump } from "./hex";
import { spanOf } from "./progress";
import { lineQuery } from "./queries";
import { outcomeWord, reasonWord, standOf } from "./words";

interface LineViewProps {
  offset: number | null;
  /** The ingester whose line it is; none of a process alone. */
  journal: string | undefined;
  onFix: () => void;
}

/** One line, whole. */
export function LineView({ offset, journal, onFix }: LineViewProps) {
  if (offset === null) {
    return (
      <Empty title="No line is chosen">
        Choose a line to see it whole: its bytes, who sent it, where it stands in the journal, and
        what became of it.
      </Empty>
    );
  }
  return <ChosenLine {...{ offset, journal, onFix }} />;
}

function ChosenLine({ offset, journal, onFix }: LineViewProps & { offset: number }) {
  const query = useQuery(lineQuery(offset, journal));
  return (
    <Loaded query={query} what="The line" rows={6}>
      {(line) => (
        <>
          <LineFacts line={line} />
          <Verbatim line={line} />
          <div className="tight-row tight-part">
            <Button kind="primary" onClick={onFix}>
              Fix the format
            </Button>
            <Copy text={line.text}>Copy the line</Copy>
          </div>
        </>
      )}
    </Loaded>
  );
}

function LineFacts({ line }: { line: QuarantineText }) {
  const now = useNow();
  const became = standOf(line) === "record" ? spanOf([line.received_at]) : null;
  return (
    <Facts
      of={[
        [
          "Reason",
          <span key="reason" title={line.reason}>
            {reasonWord(line.reason)}
          </span>,
        ],
        ["Received", <Moment key="received" iso={line.received_at} now={now} />],
        [
          "Source",
          <code key="source" className="mono">
            {line.source}
          </code>,
        ],
        [
          "Journal offset",
          <code key="offset" className="mono">
            {formatCount(line.offset)}
          </code>,
        ],
        [
          "Epoch",
          <code key="epoch" className="mono">
            {formatCount(line.epoch)}
          </code>,
        ],
        ["Length", `${formatCount(line.bytes)} bytes`],
        [
          "Stands",
          <span key="stands" data-testid="outcome" data-value={line.outcome ?? ""}>
            {outcomeWord(line)}
            {line.outcome_epoch != null && ` in epoch ${formatCount(line.outcome_epoch)}`}
          </span>,
        ],
        line.requested_at == null
          ? null
          : ["Given again", <Moment key="again" iso={line.requested_at} now={now} />],
        became === null
          ? null
          : [
              "Its record",
              <Link key="drill" to="/drill" search={became}>
                open the drill at its time
              </Link>,
            ],
      ]}
    />
  );
}

const SHOWN = [
  { value: "text", label: "Text" },
  { value: "hex", label: "Hex" },
  { value: "base64", label: "Base64" },
] as const;

function Verbatim({ line }: { line: QuarantineText }) {
  const [as, setAs] = useState<(typeof SHOWN)[number]["value"]>("text");
  return (
    <div className="tight-part">
      <Segmented label="Show it as" value={as} onChange={setAs} options={SHOWN} />
      <pre className="verbatim mono" data-testid="verbatim">
        {as === "text" && line.text}
        {as === "base64" && line.base64}
        {as === "hex" &&
          dump(bytesOf(line.base64))
            .map(({ at, bytes, text }) => `${at}  ${bytes.padEnd(47)}  ${text}`)
            .join("\n")}
      </pre>
      {as === "text" && line.text.includes("\uFFFD") && (
        <p className="text-ink-3">
          “{"\uFFFD"}” stands for bytes that are no UTF-8. Hex shows them.
        </p>
      )}
    </div>
  );
}
