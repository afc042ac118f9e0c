// The service whose pages are shown.
import type { ServiceView } from "@suiftly/ui/api/customer";
import { createContext, useContext } from "react";

export const ServiceContext = createContext<ServiceView | null>(null);

export function useService(): ServiceView {
  const service = useContext(ServiceContext);
  if (service === null) throw new Error("outside of a service's page");
  return service;
}
