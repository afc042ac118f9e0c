import { Copy } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import { Section } from "../../shell/Section";

/** The hash over what the document was computed from, and how anybody recomputes it. */
export function Proof({ document: { input_hash, number } }: { document: DocumentView }) {
  const command = `suiftly audit ${number}`;
  return (
    <Section title="Proof" note="SHA-256 over everything this was computed from">
      <p className="code break-all">{input_hash}</p>
      <div className="mt-2 no-print">
        <Copy text={input_hash}>Copy the hash</Copy>
      </div>
      <h3 className="mt-5">How to check it</h3>
      <p className="mt-1 max-w-160 text-13 text-ink-2">
        The hash covers the journal’s range, the price book and the usage of every hour. On any
        machine that has the archived journal, this command computes the document anew, to the last
        micro-dollar, and says what differs.
      </p>
      <p className="mt-2 flex flex-wrap items-center gap-3">
        <code className="code command">{command}</code>
        <Copy text={command}>Copy the command</Copy>
      </p>
    </Section>
  );
}
