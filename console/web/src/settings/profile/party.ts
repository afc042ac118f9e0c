// Whom invoices are made out to, as somebody types it and as the API takes it.
import type { BillingParty } from "@suiftly/ui/api/customer";

export interface PartyText {
  readonly name: string;
  /** Line by line. */
  readonly address: string;
  readonly country: string;
  readonly taxId: string;
}

export function writeParty({ name, address_lines, country, tax_id }: BillingParty): PartyText {
  return {
    name: name ?? "",
    address: (address_lines ?? []).join("\n"),
    country: country ?? "",
    taxId: tax_id ?? "",
  };
}

/** Lines without words are left out, and a country's letters may be typed small. */
export function readParty({ name, address, country, taxId }: PartyText): BillingParty {
  const lines = address.split("\n").map((line) => line.trim());
  return {
    name: name.trim(),
    address_lines: lines.filter((line) => line !== ""),
    country: country.trim().toUpperCase(),
    tax_id: taxId.trim(),
  };
}
