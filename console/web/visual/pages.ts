// Every page that is compared with its picture.
import { PROOF_PATH } from "./proof";

export interface PictureOf {
  /** Names the pictures. */
  readonly name: string;
  /** `{invoice}` stands for the number of one that was recorded. */
  readonly path: string;
  /** Without a session. */
  readonly outside?: boolean;
  /** Pressed once the page is there. */
  readonly keys?: string;
  /** The button that then opens a dialog: the first of this name. */
  readonly opens?: string;
  /** Its answers are made, not recorded. */
  readonly made?: boolean;
}

export const PAGES: readonly PictureOf[] = [
  { name: "signin", path: "/", outside: true },
  { name: "overview", path: "/" },
  { name: "seal", path: "/services/seal" },
  { name: "seal-configure", path: "/services/seal/configure?tier=pro" },
  { name: "seal-packages", path: "/services/seal/packages" },
  { name: "seal-stats", path: "/services/seal/stats" },
  { name: "grpc", path: "/services/grpc" },
  { name: "graphql", path: "/services/graphql" },
  { name: "usage", path: "/usage" },
  { name: "keys", path: "/keys" },
  { name: "billing", path: "/billing" },
  { name: "invoice", path: "/billing/invoices/{invoice}" },
  { name: "proof", path: PROOF_PATH, opens: "Prove", made: true },
  { name: "transactions", path: "/billing/transactions" },
  { name: "activity", path: "/activity" },
  { name: "notifications", path: "/notifications" },
  { name: "settings", path: "/settings" },
  { name: "settings-alerts", path: "/settings/alerts" },
  { name: "settings-webhooks", path: "/settings/webhooks" },
  { name: "settings-sessions", path: "/settings/sessions" },
  { name: "settings-account", path: "/settings/account" },
  { name: "support", path: "/support" },
  { name: "palette", path: "/", keys: "Control+k" },
  { name: "not-found", path: "/nowhere" },
];

export interface View {
  readonly name: string;
  readonly colorScheme: "light" | "dark";
  readonly width: number;
}

export const VIEWS: readonly View[] = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "phone", colorScheme: "light", width: 390 },
];
