import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { billingSearch } from "../app/search";
import { Billing } from "./Billing";

export const billingRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/billing",
    validateSearch: billingSearch,
    component: Billing,
  }),
] as const;
