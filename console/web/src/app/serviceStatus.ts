import type { Status } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";

const SHAPES: Record<ServiceView["status"], Status> = {
  ok: "ok",
  config_needed: "config-needed",
  disabled: "disabled",
  suspended: "suspended",
  down: "down",
};

/** What refuses requests is said before what is on its way. */
export function serviceStatus({ status, is_updating }: ServiceView): Status {
  const refuses = status === "suspended" || status === "down" || status === "disabled";
  return is_updating && !refuses ? "updating" : SHAPES[status];
}
