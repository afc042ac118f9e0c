// Everything that can be gone to or done, by a few letters. A chunk of its own: it reads lists that no page may need.
import { chooseTheme, Palette, type PaletteItem, useToast } from "@suiftly/ui";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { meQuery, servicesQuery } from "../app/queries";
import { FIRST_DEPOSIT_CENTS } from "../billing/escrow/amounts";
import { invoicesQuery } from "../billing/queries";
import { keysQuery } from "../keys/queries";
import { useSignOut } from "../signin/useSignOut";
import { placeItems, recordItems } from "./paletteItems";

interface CommandPaletteProps {
  onClose: () => void;
  onShortcuts: () => void;
}

export function CommandPalette({ onClose, onShortcuts }: CommandPaletteProps) {
  const navigate = useNavigate();
  const go = (href: string) => void navigate({ href });
  const { data: keys } = useQuery(keysQuery);
  const { data: invoices } = useInfiniteQuery(invoicesQuery);
  const items = [
    ...placeItems(go),
    ...useActs(go, onShortcuts),
    ...recordItems(keys ?? [], invoices?.pages.flatMap(({ items }) => items) ?? [], go),
  ];
  return <Palette open onClose={onClose} items={items} placeholder="Find a page, a key, an act" />;
}

function useActs(go: (href: string) => void, onShortcuts: () => void): readonly PaletteItem[] {
  const { data: account } = useQuery(meQuery);
  const { data: services } = useQuery(servicesQuery);
  const enabled = services?.find(({ state }) => state === "enabled");
  const { signOut } = useSignOut();
  const toast = useToast();
  const copyAddress = async () => {
    const address = account?.wallet_address ?? "";
    try {
      await navigator.clipboard.writeText(address);
      toast({ text: "Address copied" });
    } catch {
      toast({ kind: "bad", text: `The browser does not let this page copy. It is ${address}` });
    }
  };
  const act = (id: string, label: string, run: () => void, keywords?: string): PaletteItem => ({
    id,
    label,
    run,
    group: "Do",
    ...(keywords && { keywords }),
  });
  return [
    act(
      "deposit",
      "Deposit",
      () => go(`/billing?deposit=${FIRST_DEPOSIT_CENTS}#escrow`),
      "funds money escrow balance",
    ),
    act(
      "new-key",
      "New API key",
      () => go(enabled ? `/keys?new=${enabled.service}` : "/keys"),
      "create make",
    ),
    act("copy-address", "Copy wallet address", () => void copyAddress()),
    act("light", "Theme: light", () => chooseTheme("light"), "appearance"),
    act("dark", "Theme: dark", () => chooseTheme("dark"), "appearance"),
    act("system", "Theme: as the system", () => chooseTheme("system"), "appearance"),
    act("shortcuts", "List of keys", onShortcuts, "keyboard shortcuts help"),
    act("sign-out", "Sign out", () => void signOut(), "log leave"),
  ];
}
