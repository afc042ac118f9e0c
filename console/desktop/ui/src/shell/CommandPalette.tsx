// Everything that can be gone to or done, by a few letters.
import { chooseTheme, Palette, type PaletteItem } from "@suiftly/ui";
import { listCustomers } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useConsole } from "../app/console";
import { client } from "../app/session";
import { keyOf } from "../app/topics";
import { fleetQuery } from "../fleet/queries";
import { PLACES } from "./navigation";

/** Customers offered before anything is typed; all are found on their page. */
const CUSTOMERS = 200;

interface CommandPaletteProps {
  onClose: () => void;
  onKeys: () => void;
  onChangeServer: () => void;
}

export function CommandPalette({ onClose, onKeys, onChangeServer }: CommandPaletteProps) {
  const navigate = useNavigate();
  const { hold, held } = useConsole();
  const go = (href: string) => void navigate({ href });
  const act = (id: string, label: string, run: () => void, keywords = ""): PaletteItem => ({
    id,
    label,
    run,
    keywords,
    group: "Do",
  });
  const items = [
    ...placeItems(go),
    act("hold", held ? "Let the screen go" : "Hold the screen", hold, "pause space freeze"),
    act("server", "Change server", onChangeServer, "connect profile token"),
    act("light", "Theme: light", () => chooseTheme("light"), "appearance"),
    act("dark", "Theme: dark", () => chooseTheme("dark"), "appearance"),
    act("system", "Theme: as the system", () => chooseTheme("system"), "appearance"),
    act("keys", "List of keys", onKeys, "keyboard shortcuts help"),
    ...useCustomerItems(go),
    ...useServerItems(go),
  ];
  return (
    <Palette
      open
      onClose={onClose}
      items={items}
      placeholder="Find a customer, key, server, request…"
    />
  );
}

type Go = (href: string) => void;

function placeItems(go: Go): readonly PaletteItem[] {
  return PLACES.map(({ to, word, keywords, key }) => ({
    id: `go:${to}`,
    label: word,
    keywords,
    group: "Go to",
    ...(key && { hint: key }),
    run: () => go(to),
  }));
}

function useCustomerItems(go: Go): readonly PaletteItem[] {
  const { data } = useQuery({
    queryKey: keyOf("customers", "palette"),
    queryFn: async ({ signal }) =>
      (await listCustomers({ client, signal, query: { limit: CUSTOMERS } })).data.items,
  });
  return (data ?? []).map(({ customer_id, display_name, wallet_address }) => ({
    id: `customer:${customer_id}`,
    label: display_name || String(customer_id),
    hint: String(customer_id),
    keywords: `customer ${customer_id} ${wallet_address}`,
    group: "Customers",
    run: () => go(`/customers/${customer_id}`),
  }));
}

function useServerItems(go: Go): readonly PaletteItem[] {
  const { data } = useQuery(fleetQuery);
  return (data?.edges ?? []).flatMap(({ name, servers }) =>
    servers.map((server) => ({
      id: `server:${server}`,
      label: servers.length === 1 ? name : `${name}/${server}`,
      hint: `server ${server}`,
      keywords: `gateway edge haproxy ${server}`,
      group: "Servers",
      run: () => go(`/tail?server_id=${server}`),
    })),
  );
}
