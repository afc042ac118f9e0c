// Where a sentence leads: a page and what it is opened at.
import type { DrillSearch } from "../../app/search";

export type Goes =
  | { readonly to: "/drill"; readonly search: DrillSearch }
  | { readonly to: "/fleet"; readonly search: { readonly edge?: string } }
  | { readonly to: "/notifications"; readonly search: { readonly id?: number } }
  | { readonly to: "/customers/$id"; readonly id: number }
  | { readonly to: "/quarantine" }
  | { readonly to: "/lines" }
  | { readonly to: "/billing" }
  | { readonly to: "/jobs"; readonly search: { readonly job?: string } };

export const PLACES: Readonly<Record<Goes["to"], string>> = {
  "/drill": "Drill",
  "/fleet": "Fleet",
  "/notifications": "Notification",
  "/customers/$id": "Customer",
  "/quarantine": "Quarantine",
  "/lines": "Lines",
  "/billing": "Billing",
  "/jobs": "Jobs",
};
