import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { notificationsSearch } from "../app/search";
import { Notifications } from "./Notifications";

export const notificationsRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/notifications",
    validateSearch: notificationsSearch,
    component: Notifications,
  }),
] as const;
