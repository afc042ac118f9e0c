import { Button, explain, type Problem, Refusal } from "@suiftly/ui";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "../../app/queries";

const EXPORT = "/api/v1/account/export";

/** The browser saves it as it comes: it may be long. */
export function ExportButton() {
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const begin = async () => {
    setBusy(true);
    setProblem(null);
    try {
      // A download cannot renew a session that ran out: this does before it.
      await cache.fetchQuery({ ...meQuery, staleTime: 0 });
      location.assign(EXPORT);
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button busy={busy} onClick={() => void begin()}>
        Download your data
      </Button>
      {problem && <Refusal problem={problem} />}
    </>
  );
}
