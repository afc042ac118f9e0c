import { Empty, explain, Failed, SkeletonRows } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useLastError } from "../../app/useLastError";
import { latestTransactionsQuery } from "../queries";
import { TransactionTable } from "./TransactionTable";

const FEW = 5;

/** The last few things the escrow did. */
export function LatestTransactions() {
  const query = useQuery(latestTransactionsQuery(FEW));
  const error = useLastError(query);
  const { data, refetch } = query;
  if (data === undefined) {
    if (error === null) return <SkeletonRows rows={3} columns={4} />;
    return (
      <Failed
        what="Transactions did not load"
        problem={explain(error)}
        onRetry={() => void refetch()}
        unaffected="Your escrow is not affected."
      />
    );
  }
  if (data.length === 0) {
    return (
      <Empty title="No transactions yet">
        Your first deposit appears here within a second, with the digest that names it.
      </Empty>
    );
  }
  return (
    <div data-stale={error !== null}>
      <TransactionTable rows={data} />
      <p className="mt-3">
        <Link to="/billing/transactions" className="link text-13">
          All transactions, and the statement of account
        </Link>
      </p>
    </div>
  );
}
