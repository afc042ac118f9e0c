// Serves the built dashboard, and the recorded answers in place of the API.
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { nameOf, type Recording } from "./answers";

const DIST = join(import.meta.dirname, "../dist");
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
/** As the real server has it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
/** A page with this cookie has no session. */
export const OUTSIDE = "outside=1";
const SECOND_MS = 1_000;
const NEEDS_NO_SESSION = "/api/v1/auth/config";

export interface Fixture {
  readonly url: string;
  /** What was asked for and is not in the recording. */
  readonly unknown: Set<string>;
  readonly close: () => void;
}

export async function serve(recording: Recording): Promise<Fixture> {
  const unknown = new Set<string>();
  const server = createServer((request, response) => answer(recording, unknown, request, response));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, unknown, close: () => end(server) };
}

function end(server: Server) {
  server.closeAllConnections();
  server.close();
}

function answer(
  recording: Recording,
  unknown: Set<string>,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const url = request.url ?? "/";
  if (!url.startsWith("/api/v1/")) return file(url, response);
  if (request.headers.cookie?.includes(OUTSIDE) && !url.startsWith(NEEDS_NO_SESSION)) {
    return json(response, 401, {
      code: "unauthorized",
      title: "There is no session.",
      status: 401,
    });
  }
  const stream = recording.streams[url];
  if (stream !== undefined) return keepOpen(response, stream);
  const known = recording.answers[nameOf(request.method ?? "", url) ?? ""];
  if (known !== undefined) return json(response, known.status, known.body);
  unknown.add(`${request.method} ${url}`);
  json(response, 404, { code: "not_found", title: "It is not in the recording.", status: 404 });
}

function json(response: ServerResponse, status: number, body: unknown) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type }).end(JSON.stringify(body));
}

/** A stream that says the last thing again each second: silence would be a lost connection. */
function keepOpen(response: ServerResponse, events: string) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(events);
  const clock = events.slice(events.lastIndexOf("event: clock"));
  const timer = setInterval(() => response.write(clock), SECOND_MS);
  response.on("close", () => clearInterval(timer));
}

function file(url: string, response: ServerResponse) {
  const path = normalize(new URL(url, "http://local").pathname);
  const asked = join(DIST, path);
  const found = path !== "/" && existsSync(asked) && statSync(asked).isFile();
  const chosen = found ? asked : join(DIST, "index.html");
  const type = TYPES[extname(chosen)] ?? "application/octet-stream";
  response.writeHead(200, { "content-type": type, "content-security-policy": POLICY });
  response.end(readFileSync(chosen));
}
