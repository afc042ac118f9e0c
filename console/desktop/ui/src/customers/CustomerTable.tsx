import {
  Empty,
  explain,
  Failed,
  formatCount,
  formatShare,
  formatUsd,
  formatUsdCents,
  Moment,
  Money,
  Rail,
  SkeletonRows,
  StatusGlyph,
} from "@suiftly/ui";
import type { CustomerItem } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { useNow } from "../app/console";
import { type Column, DataTable } from "../parts/DataTable";
import { customersQuery } from "./queries";
import { shortAddress, standing } from "./status";
import { useDay, useMonthRated } from "./useFigures";

interface CustomerTableProps {
  search: string | undefined;
  status: string | undefined;
}

const ROW = 26;

export function CustomerTable({ search, status }: CustomerTableProps) {
  const query = useInfiniteQuery(customersQuery(search, status));
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const navigate = useNavigate();
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <section className="customers-list" aria-label="All customers">
      {error !== null && (
        <Failed
          what="Customers did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
        />
      )}
      {data === undefined && error === null && <SkeletonRows rows={12} />}
      {data !== undefined && (
        <DataTable
          label="Customers"
          columns={COLUMNS}
          rows={data}
          rowKey={keyOfRow}
          rowHeight={ROW}
          onOpen={({ customer_id }) =>
            void navigate({ to: "/customers/$id", params: { id: String(customer_id) } })
          }
          copy={({ customer_id }) => String(customer_id)}
          tone={({ status: said }) => (said === "closed" ? "dim" : undefined)}
          onEnd={onEnd}
          empty={<NoneFound search={search} />}
        />
      )}
    </section>
  );
}

const keyOfRow = ({ customer_id }: CustomerItem) => customer_id;

const COLUMNS: readonly Column<CustomerItem>[] = [
  {
    key: "name",
    head: "Customer",
    width: "minmax(120px, 1.4fr)",
    by: ({ display_name }) => display_name.toLowerCase(),
    cell: ({ customer_id, display_name, wallet_address }) => (
      <span data-testid={`customer-${customer_id}`} title={`${customer_id} · ${wallet_address}`}>
        <b>{display_name || <code>{customer_id}</code>}</b>{" "}
        <code className="text-ink-3">{shortAddress(wallet_address)}</code>
      </span>
    ),
  },
  {
    key: "state",
    head: "State",
    width: "112px",
    by: ({ status, state }) => standing(status, state ?? null).word,
    cell: ({ status, state }) => {
      const { glyph, word, isQuiet } = standing(status, state ?? null);
      // A healthy row needs no colour.
      return isQuiet ? word : <StatusGlyph status={glyph} word={word} />;
    },
  },
  {
    key: "month",
    head: "Usage, this month",
    width: "116px",
    number: true,
    cell: ({ customer_id }) => <MonthRated id={customer_id} />,
  },
  {
    key: "balance",
    head: "Escrow",
    width: "92px",
    number: true,
    by: ({ balance_usd_cents }) => balance_usd_cents,
    cell: ({ balance_usd_cents }) => formatUsdCents(balance_usd_cents),
  },
  {
    key: "limit",
    head: "Limit",
    width: "92px",
    number: true,
    by: ({ max_monthly_usd_cents }) => max_monthly_usd_cents || Number.MAX_SAFE_INTEGER,
    cell: ({ max_monthly_usd_cents }) =>
      max_monthly_usd_cents === 0 ? (
        <span className="text-ink-3">none</span>
      ) : (
        formatUsdCents(max_monthly_usd_cents)
      ),
  },
  {
    key: "requests",
    head: "Requests, 24 h",
    width: "176px",
    number: true,
    cell: ({ customer_id }) => <DayRequests id={customer_id} />,
  },
  {
    key: "errors",
    head: "Errors",
    width: "64px",
    number: true,
    cell: ({ customer_id }) => <DayErrors id={customer_id} />,
  },
  {
    key: "since",
    head: "Since",
    width: "88px",
    number: true,
    by: ({ created_at }) => created_at,
    cell: ({ created_at }) => <Since iso={created_at} />,
  },
];

function MonthRated({ id }: { id: number }) {
  const rated = useMonthRated(id);
  if (rated === undefined) return <Unknown />;
  return (
    <span
      data-value={rated}
      title={`${formatUsd(rated, { digits: "all" })} of usage, as rated; subscriptions are not in it`}
    >
      <Money microUsd={rated} />
    </span>
  );
}

function DayRequests({ id }: { id: number }) {
  const counts = useDay(id);
  if (counts === undefined) return <Unknown />;
  return (
    <span className="customers-traffic" data-value={counts.requests}>
      <span>{formatCount(counts.requests)}</span>
      <Rail counts={counts} />
    </span>
  );
}

function DayErrors({ id }: { id: number }) {
  const counts = useDay(id);
  if (counts === undefined) return <Unknown />;
  return formatShare(counts.client_error + counts.server_error, counts.requests);
}

function Since({ iso }: { iso: string }) {
  return <Moment iso={iso} now={useNow()} format="date" />;
}

function Unknown() {
  return <span className="unknown">–</span>;
}

function NoneFound({ search }: { search: string | undefined }) {
  return search === undefined ? (
    <Empty title="No customers">Whoever signs in with a wallet stands here from then on.</Empty>
  ) : (
    <Empty title={`Nobody has “${search}”`}>
      A part of a name or e-mail finds a customer, or how a wallet begins, or the whole id.
    </Empty>
  );
}
