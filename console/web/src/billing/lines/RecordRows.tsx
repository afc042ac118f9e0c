import { Button, explain, Failed, SkeletonRows } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { createPortal } from "react-dom";
import { recordsQuery, type Source } from "../queries";
import { RecordLine } from "./RecordLine";

/** With what verifies a proof, which nobody else needs. */
const ProofDialog = lazy(async () => ({
  default: (await import("../proof/ProofDialog")).ProofDialog,
}));

interface RecordRowsProps {
  source: Source;
  service: ServiceWord;
  /** Its first instant. */
  hour: string;
  network: string | null | undefined;
}

/** The requests of an hour, while they are kept. */
export function RecordRows({ source, service, hour, network }: RecordRowsProps) {
  const [proving, setProving] = useState<string | null>(null);
  const query = useInfiniteQuery(recordsQuery(source, service, hour, network ?? null));
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  if (data === undefined) {
    if (error === null) return <SkeletonRows rows={3} columns={3} />;
    return (
      <Failed
        what="The requests did not load"
        problem={explain(error)}
        onRetry={() => void refetch()}
        unaffected="The bill is not affected."
      />
    );
  }
  const records = data.pages.flatMap(({ items }) => items);
  if (records.length === 0) return <p className="text-12 text-ink-3">{GONE}</p>;
  return (
    <>
      <table className="records">
        <caption className="visually-hidden">Requests of the hour</caption>
        <tbody>
          {records.map((record, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two requests may be alike in all; rows only ever follow
            <RecordLine key={at} record={record} onProve={setProving} />
          ))}
        </tbody>
      </table>
      {hasNextPage && (
        <Button
          kind="quiet"
          size="small"
          busy={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          More requests of this hour
        </Button>
      )}
      {proving !== null &&
        // In the cell it would be set as the rows are: small, and in lines that do not break.
        createPortal(
          <Suspense>
            <ProofDialog request={proving} hour={hour} onClose={() => setProving(null)} />
          </Suspense>,
          document.body,
        )}
    </>
  );
}

const GONE =
  "The requests of this hour are no longer here: single requests are kept for two days, hours for good.";
