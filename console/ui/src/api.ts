// Short names for the API's shapes. The shapes themselves are generated from api/openapi.json.
import type { components } from "./api.gen";

type Schemas = components["schemas"];

export type Counts = Schemas["Counts"];
export type Summary = Schemas["Summary"];
export type Series = Schemas["Series"];
export type SeriesPoint = Schemas["SeriesPoint"];
export type Pipeline = Schemas["Pipeline"];
export type StreamSnapshot = Schemas["StreamSnapshot"];
export type StreamDelta = Schemas["StreamDelta"];
export type StreamReset = Schemas["StreamReset"];
