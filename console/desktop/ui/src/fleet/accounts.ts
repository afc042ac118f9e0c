// Accounts as gateways name them: `customer:service`, in numbers.

export interface Account {
  readonly customer: number | null;
  readonly service: number | null;
}

export function accountOf(account: string): Account {
  const found = /^(\d+):(\d+)$/.exec(account);
  return {
    customer: found === null ? null : Number(found[1]),
    service: found === null ? null : Number(found[2]),
  };
}

const SERVICES: Readonly<Record<number, string>> = {
  1: "seal",
  2: "grpc",
  3: "graphql",
  4: "platform",
  5: "ssfn",
  6: "sealo",
};

/** The API’s word; the number of one that is not known. */
export function serviceWord(service: number): string {
  return SERVICES[service] ?? String(service);
}
