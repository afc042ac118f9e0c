import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { fleetSearch } from "../app/search";
import { Fleet } from "./Fleet";

export const fleetRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/fleet",
    validateSearch: fleetSearch,
    component: Fleet,
  }),
] as const;
