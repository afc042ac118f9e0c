import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { Lines } from "./Lines";

export const linesRoutes = [
  createRoute({ getParentRoute: () => rootRoute, path: "/lines", component: Lines }),
] as const;
