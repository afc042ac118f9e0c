// Every customer: found, filtered, with what they used; beside them who used the most, and whose use changed the most.
import { Segmented } from "@suiftly/ui";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { Page } from "../parts/Page";
import { CustomerTable } from "./CustomerTable";
import "./customers.css";
import { Ranking } from "./Ranking";

const route = getRouteApi("/customers");
const SEARCH_MS = 200;

const STATUSES = [
  { value: "all", label: "All" },
  { value: "active", label: "Active" },
  { value: "suspended", label: "Suspended" },
  { value: "closed", label: "Closed" },
] as const;
type StatusFilter = (typeof STATUSES)[number]["value"];

export function Customers() {
  const { search, status } = route.useSearch();
  const navigate = route.useNavigate();
  const chosen = STATUSES.find(({ value }) => value === status)?.value ?? "all";
  const choose = (value: StatusFilter) =>
    void navigate({
      search: ({ status: _, ...rest }) => (value === "all" ? rest : { ...rest, status: value }),
      replace: true,
    });
  const filters = (
    <div className="customers-filters">
      <SearchField />
      <Segmented label="Status" value={chosen} onChange={choose} options={STATUSES} />
    </div>
  );
  return (
    <Page title="Customers" actions={filters}>
      <div className="customers-body">
        <CustomerTable search={search} status={chosen === "all" ? undefined : chosen} />
        <Ranking />
      </div>
    </Page>
  );
}

/** Goes into the address once the typing rests. */
function SearchField() {
  const { search = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(search);
  const sent = useRef(search);
  useEffect(() => {
    // From elsewhere: back, a link, the palette.
    if (search !== sent.current) setTyped(search);
    sent.current = search;
  }, [search]);
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = wanted;
      void navigate({
        search: ({ search: _, ...rest }) => (wanted === "" ? rest : { ...rest, search: wanted }),
        replace: true,
      });
    }, SEARCH_MS);
    return () => clearTimeout(timer);
  }, [typed, navigate]);
  return (
    <input
      type="search"
      className="customers-search"
      aria-label="Find customers"
      placeholder="Name, e-mail, wallet or id"
      maxLength={100}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "ArrowDown") return;
        event.preventDefault();
        document.querySelector<HTMLElement>(".customers-list .grid-table")?.focus();
      }}
      data-testid="customer-search"
    />
  );
}
