import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { drillSearch } from "../app/search";
import { Drill } from "./Drill";

export const drillRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/drill",
    validateSearch: drillSearch,
    component: Drill,
  }),
] as const;
