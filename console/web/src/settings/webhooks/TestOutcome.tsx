import { explain, StatusGlyph } from "@suiftly/ui";
import type { DeliveryStateWord } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useLive } from "../../app/live";
import { deliveriesQuery } from "./queries";
import { outcomeWords } from "./words";

interface TestOutcomeProps {
  webhook: number;
  /** The test's delivery; null before there was one. */
  delivery: number | null;
  error: Error | null;
}

const STATUS = { delivered: "ok", pending: "updating", dead: "down" } as const satisfies Record<
  DeliveryStateWord,
  string
>;
const WORD: Record<DeliveryStateWord, string> = {
  delivered: "Test arrived",
  pending: "Test sent",
  dead: "Test given up",
};

/** What became of the test, as it becomes it. */
export function TestOutcome({ webhook, delivery, error }: TestOutcomeProps) {
  const { view } = useLive();
  const { data } = useQuery({ ...deliveriesQuery(webhook), enabled: delivery !== null });
  const found = data?.items.find(({ id }) => id === delivery);
  return (
    <div role="status" className="text-13 text-ink-2">
      {error && <Refused error={error} />}
      {!error && found && (
        <p className="mt-3 flex flex-wrap gap-x-3">
          <StatusGlyph status={STATUS[found.state]} word={WORD[found.state]} />
          {outcomeWords(found, view.now)}
        </p>
      )}
    </div>
  );
}

function Refused({ error }: { error: Error }) {
  const { title, code } = explain(error);
  return (
    <p className="mt-3 flex flex-wrap gap-x-3">
      <StatusGlyph status="down" word="No test was sent" />
      <span>
        {title} Code <code className="code">{code}</code>
      </span>
    </p>
  );
}
