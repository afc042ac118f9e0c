// What of the account the palette finds.
import { formatUsd, monthName, type PaletteItem } from "@suiftly/ui";
import type { InvoiceRow, KeyView } from "@suiftly/ui/api/customer";
import { SERVICE_NAMES, SERVICES } from "../app/queries";
import { DEEPER, PLACES } from "./navigation";

type Go = (href: string) => void;

export function placeItems(go: Go): readonly PaletteItem[] {
  return [
    ...PLACES.map(({ to, word, letter }) => ({
      id: `go:${to}`,
      label: word,
      group: "Go to",
      ...(letter && { hint: `g ${letter}` }),
      run: () => go(to),
    })),
    ...DEEPER.map(({ to, word, keywords }) => ({
      id: `go:${to}`,
      label: word,
      keywords,
      group: "Go to",
      run: () => go(to),
    })),
    ...SERVICES.flatMap((service) => [
      {
        id: `service:${service}`,
        label: SERVICE_NAMES[service],
        keywords: "service",
        group: "Go to",
        run: () => go(`/services/${service}`),
      },
      {
        id: `configure:${service}`,
        label: `Configure ${SERVICE_NAMES[service]}`,
        keywords: "tier burst allowlist upgrade",
        group: "Go to",
        run: () => go(`/services/${service}/configure`),
      },
    ]),
  ];
}

export function recordItems(
  keys: readonly KeyView[],
  invoices: readonly InvoiceRow[],
  go: Go,
): readonly PaletteItem[] {
  return [
    ...keys.map((key) => ({
      id: `key:${key.id}`,
      label: `${key.prefix}…`,
      hint: [key.name, SERVICE_NAMES[key.service]].filter(Boolean).join(" · "),
      keywords: `key ${key.name} ${SERVICE_NAMES[key.service]}`,
      group: "API keys",
      run: () => go(`/keys?filter=${encodeURIComponent(key.prefix)}`),
    })),
    ...invoices.map((invoice) => ({
      id: `invoice:${invoice.number}`,
      label: invoice.number,
      hint: formatUsd(invoice.payable_micro_usd),
      keywords: `invoice ${monthName(invoice.month)} ${invoice.month}`,
      group: "Invoices",
      run: () => go(`/billing/invoices/${encodeURIComponent(invoice.number)}`),
    })),
  ];
}
