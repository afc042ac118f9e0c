import { Segmented } from "@suiftly/ui";
import type { QuarantineReason } from "@suiftly/ui/api/admin";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FixFormat } from "./FixFormat";
import { LineView } from "./LineView";
import { PublishedFormats } from "./PublishedFormats";
import type { Draft, Replaying } from "./Quarantine";

const TABS = [
  { value: "line", label: "Line" },
  { value: "fix", label: "Fix the format" },
  { value: "formats", label: "Published formats" },
] as const;

type Tab = (typeof TABS)[number]["value"];

export interface BesideProps {
  stand: QuarantineReason | null;
  /** The ingester whose lines are looked at; none of a process alone. */
  journal: string | undefined;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  replaying: Replaying;
}

/** Beside the lines: one of them whole, or what would read them. */
export function Beside(props: BesideProps) {
  const { tab: asked, offset } = useSearch({ from: "/quarantine" });
  const navigate = useNavigate({ from: "/quarantine" });
  const tab: Tab = TABS.find(({ value }) => value === asked)?.value ?? "line";
  const show = (next: Tab) => void navigate({ search: (now) => ({ ...now, tab: next }) });
  return (
    <section className="pane quarantine-beside" aria-label="The line and its format">
      <header className="tight-row">
        <Segmented label="Beside the lines" value={tab} onChange={show} options={TABS} />
      </header>
      <div className="quarantine-tab">
        {tab === "line" && (
          <LineView
            key={offset}
            offset={offset ?? null}
            journal={props.journal}
            onFix={() => show("fix")}
          />
        )}
        {tab === "fix" && <FixFormat {...props} />}
        {tab === "formats" && (
          <PublishedFormats
            onEdit={(draft) => {
              props.setDraft(draft);
              show("fix");
            }}
          />
        )}
      </div>
    </section>
  );
}
