import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { incidentsSearch } from "../app/search";
import { Incidents } from "./Incidents";

export const incidentsRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/incidents",
    validateSearch: incidentsSearch,
    component: Incidents,
  }),
] as const;
