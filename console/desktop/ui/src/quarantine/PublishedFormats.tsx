import {
  Button,
  ConfirmDialog,
  Empty,
  formatDuration,
  Moment,
  Refusal,
  Tag,
  useToast,
} from "@suiftly/ui";
import { type FormatItem, publishFormat, retireFormat } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../app/console";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { Loaded } from "../parts/Pane";
import type { Draft } from "./Quarantine";
import { formatsQuery } from "./queries";

/** Every format that was published, in the order in which they are tried. */
export function PublishedFormats({ onEdit }: { onEdit: (draft: Draft) => void }) {
  const query = useQuery(formatsQuery);
  const toast = useToast();
  const [retiring, setRetiring] = useState<FormatItem | null>(null);
  const retire = useAct({
    send: (name: string) => retireFormat({ client, path: { name } }),
    topics: ["formats"],
  });
  const publish = useAct({
    send: ({ name, format }: Draft) => publishFormat({ client, path: { name }, body: format }),
    topics: ["formats"],
    told: ({ tookMs }, { name }) => `${name} is in force again, after ${formatDuration(tookMs)}`,
  });
  const retireOne = async ({ name, log_format, attribution }: FormatItem) => {
    const { tookMs } = await retire.run(name);
    const back = () => void publish.press({ name, format: { log_format, attribution } });
    toast({
      text: `${name} retired in ${formatDuration(tookMs)}`,
      action: { label: "Undo", onPress: back },
    });
  };
  return (
    <Loaded query={query} what="Published formats" rows={3}>
      {(formats) =>
        formats.length === 0 ? (
          <Empty title="No format is published">
            A published format reads lines that no configured one can, from the moment it is in
            force. Write one under “Fix the format”.
          </Empty>
        ) : (
          <>
            {publish.problem && <Refusal problem={publish.problem} />}
            {formats.map((format) => (
              <FormatRow
                key={format.name}
                {...{ format }}
                onEdit={onEdit}
                onRetire={() => setRetiring(format)}
              />
            ))}
            <ConfirmDialog
              open={retiring !== null}
              onClose={() => setRetiring(null)}
              title={`Retire ${retiring?.name}?`}
              verb="Retire"
              keep="Keep it"
              danger
              onConfirm={async () => {
                if (retiring !== null) await retireOne(retiring);
              }}
            >
              <p>
                Lines that only this format can read go to quarantine again, from the next one on.
                What it has read stays. Publishing it again undoes this.
              </p>
            </ConfirmDialog>
          </>
        )
      }
    </Loaded>
  );
}

interface FormatRowProps {
  format: FormatItem;
  onEdit: (draft: Draft) => void;
  onRetire: () => void;
}

function FormatRow({ format, onEdit, onRetire }: FormatRowProps) {
  const now = useNow();
  const { name, log_format, attribution, state, published_at, published_by } = format;
  const isInForce = state === "in_force";
  return (
    <article className="format-row" data-testid="format" data-state={state}>
      <header className="tight-row">
        <b>{name}</b>
        <Tag fill={isInForce}>{isInForce ? "in force" : "retired"}</Tag>
        <span className="text-ink-3">
          {published_by}, <Moment iso={published_at} now={now} />
        </span>
        <span className="rest tight-row">
          <Button onClick={() => onEdit({ name, format: { log_format, attribution } })}>
            Edit
          </Button>
          {isInForce && (
            <Button kind="danger" onClick={onRetire}>
              Retire
            </Button>
          )}
        </span>
      </header>
      <code className="mono">{log_format}</code>
      <p className="mono text-ink-3">
        {Object.entries(attribution)
          .map(([what, from]) => `${what} = ${from}`)
          .join("   ")}
      </p>
    </article>
  );
}
