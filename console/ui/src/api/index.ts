// The API as the screens use it: short names for its shapes, a client that signs in again by itself, and what went
// wrong in words. Shapes, operations and validators are generated out of api/*.json: `npm run gen -w @suiftly/ui`.

export type { Pipeline } from "./admin";
export { type ClientOptions, openAdminClient, openCustomerClient, sharing } from "./client";
export type {
  Counts,
  SeriesPoint,
  StreamClock,
  StreamDelta,
  StreamReset,
  StreamSnapshot,
} from "./customer";
export {
  ApiError,
  CONNECTION_LOST,
  explain,
  type Problem,
  readProblem,
  UNREADABLE,
} from "./problem";
