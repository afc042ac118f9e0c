import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { tailSearch } from "../app/search";
import { LiveTail } from "./LiveTail";

export const tailRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/tail",
    validateSearch: tailSearch,
    component: LiveTail,
  }),
] as const;
