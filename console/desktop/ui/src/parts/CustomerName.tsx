// A customer's name for their number. Names are asked for together, and kept.
import { customerNames } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client } from "../app/session";
import { keyOf } from "../app/topics";

const KEPT_MS = 300_000;

/** Their name, or null while it is not known. */
export function useCustomerName(id: number | null): string | null {
  const { data } = useQuery({
    queryKey: keyOf("customers", "name", id),
    queryFn: () => askTogether(id ?? 0),
    enabled: id !== null,
    staleTime: KEPT_MS,
  });
  return data ?? null;
}

/** Opens the customer. Their number stands in where they have no name. */
export function CustomerLink({ id }: { id: number | null }) {
  const name = useCustomerName(id);
  if (id === null) return <span className="text-ink-3">no customer</span>;
  return (
    <Link
      to="/customers/$id"
      params={{ id: String(id) }}
      className="quiet-link"
      onClick={(event) => event.stopPropagation()}
    >
      {name === null || name === "" ? <code>{id}</code> : name}
    </Link>
  );
}

type Waiting = (name: string | null) => void;
let waiting: Map<number, Waiting[]> | null = null;

/** All that are asked for in one turn are one request. */
function askTogether(id: number): Promise<string | null> {
  if (waiting === null) {
    waiting = new Map();
    queueMicrotask(() => setTimeout(() => void answerAll(), 0));
  }
  const asked = waiting;
  return new Promise((resolve) => asked.set(id, [...(asked.get(id) ?? []), resolve]));
}

async function answerAll() {
  const asked = waiting ?? new Map<number, Waiting[]>();
  waiting = null;
  const names = await namesOf([...asked.keys()]).catch(() => new Map<number, string>());
  for (const [id, all] of asked) for (const tell of all) tell(names.get(id) ?? null);
}

/** The API answers for so many at once. */
const NAMES_MAX = 200;

async function namesOf(ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const pages = Array.from({ length: Math.ceil(ids.length / NAMES_MAX) }, (_, page) =>
    ids.slice(page * NAMES_MAX, (page + 1) * NAMES_MAX).join(","),
  );
  const answers = await Promise.all(
    pages.map((of) => customerNames({ client, query: { ids: of } })),
  );
  const names = answers.flatMap(({ data }) => data.names);
  return new Map(names.map(({ customer_id, display_name }) => [customer_id, display_name]));
}
