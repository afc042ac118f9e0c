import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { Settings } from "./Settings";

export const settingsRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/settings",
    component: Settings,
  }),
] as const;
