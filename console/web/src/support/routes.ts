import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/root";

const supportRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/support",
  component: lazyRouteComponent(() => import("./SupportPage"), "SupportPage"),
});

export const supportRoutes = [supportRoute] as const;
