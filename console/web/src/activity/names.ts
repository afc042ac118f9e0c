import { isService, SERVICE_NAMES } from "../app/queries";

/** A service as people know it; one that is newer than this page by its own word. */
export function serviceName(word: string): string {
  return isService(word) ? SERVICE_NAMES[word] : word || "Service";
}
