import { Button, Empty, explain, Failed, SkeletonRows } from "@suiftly/ui";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Page } from "../../shell/Page";
import { Section } from "../../shell/Section";
import { transactionsQuery } from "../queries";
import { Statement } from "./Statement";
import { TransactionTable } from "./TransactionTable";

/** Everything the escrow did, and the account's books over a range. */
export function TransactionsPage() {
  return (
    <Page title="Transactions">
      <p className="mb-5 text-13">
        <Link to="/billing" className="link">
          Billing
        </Link>
      </p>
      <Section title="Statement of account" note="Every posting between two days, UTC">
        <Statement />
      </Section>
      <Section title="Escrow transactions" note="The latest first">
        <Transactions />
      </Section>
    </Page>
  );
}

function Transactions() {
  const query = useInfiniteQuery(transactionsQuery);
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  if (data === undefined) {
    if (error === null) return <SkeletonRows rows={6} columns={4} />;
    return (
      <Failed
        what="Transactions did not load"
        problem={explain(error)}
        onRetry={() => void refetch()}
        unaffected="Your escrow is not affected."
      />
    );
  }
  const rows = data.pages.flatMap(({ items }) => items);
  if (rows.length === 0) {
    return (
      <Empty
        title="No transactions yet"
        action={
          <Link to="/billing" className="btn">
            Make a deposit
          </Link>
        }
      >
        Deposits, withdrawals, charges and changes of your limit appear here, each with the digest
        that names it.
      </Empty>
    );
  }
  return (
    <>
      <TransactionTable rows={rows} />
      {hasNextPage && (
        <Button className="mt-3" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Earlier transactions
        </Button>
      )}
    </>
  );
}
