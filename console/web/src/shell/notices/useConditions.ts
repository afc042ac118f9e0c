import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { billingQuery, meQuery, servicesQuery } from "../../app/queries";
import { type Condition, conditionsOf } from "./conditions";

/** What stands in the customer's way or soon will, most severe first. */
export function useConditions(): readonly Condition[] {
  const { data: money } = useQuery(billingQuery);
  const { data: account } = useQuery(meQuery);
  const { data: services } = useQuery(servicesQuery);
  return useMemo(() => conditionsOf(money, account, services), [money, account, services]);
}
