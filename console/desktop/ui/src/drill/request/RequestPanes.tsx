import { Empty } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import { BillPane } from "./BillPane";
import { FieldsPane } from "./FieldsPane";
import { TimePane } from "./TimePane";

interface RequestPanesProps {
  line: RecordLine | null;
  /** The address names one that is no longer there. */
  gone: boolean;
  loading: boolean;
}

/** One request: every field, where its time went, and its place in the bill. */
export function RequestPanes({ line, gone, loading }: RequestPanesProps) {
  if (line === null) {
    return (
      <section className="pane drill-none" aria-label="One request">
        {!loading && (
          <Empty title={gone ? "That line is no longer kept" : "No line is chosen"}>
            {gone
              ? "Raw records are kept for two days. Its hour stays in the usage and in the bill."
              : "A line that is opened stands here, with where its time went and what it cost."}
          </Empty>
        )}
      </section>
    );
  }
  return (
    <>
      <FieldsPane line={line} />
      <TimePane line={line} />
      <BillPane line={line} />
    </>
  );
}
