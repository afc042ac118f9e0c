import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { quarantineSearch } from "../app/search";
import { Quarantine } from "./Quarantine";

export const quarantineRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/quarantine",
    validateSearch: quarantineSearch,
    component: Quarantine,
  }),
] as const;
