import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { jobsSearch } from "../app/search";
import { Jobs } from "./Jobs";

export const jobsRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/jobs",
    validateSearch: jobsSearch,
    component: Jobs,
  }),
] as const;
