import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { Overview } from "./Overview";

export const overviewRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/",
    component: Overview,
  }),
] as const;
