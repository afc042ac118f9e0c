const SERVICES: Readonly<Record<string, string>> = {
  seal: "Seal",
  grpc: "gRPC",
  graphql: "GraphQL",
  platform: "Platform",
  ssfn: "SSFN",
  sealo: "Sealo",
};

/** A service's name as people know it. */
export function serviceWord(service: string | null | undefined): string {
  return service == null ? "unknown" : (SERVICES[service] ?? service);
}
