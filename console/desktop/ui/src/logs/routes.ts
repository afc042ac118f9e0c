import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { logsSearch } from "../app/search";
import { SystemLogs } from "./SystemLogs";

export const logsRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/logs",
    validateSearch: logsSearch,
    component: SystemLogs,
  }),
] as const;
