import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { customersSearch } from "../app/search";
import { Customer } from "./Customer";
import { Customers } from "./Customers";

export const customersRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/customers",
    validateSearch: customersSearch,
    component: Customers,
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/customers/$id",
    component: Customer,
  }),
] as const;
