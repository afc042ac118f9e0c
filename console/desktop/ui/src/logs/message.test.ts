import { describe, expect, it } from "vitest";
import { readMessage } from "./message";

// As HAProxy 2.6.12 sent them while servers were stopped and started, and it was reloaded; and those of the tests of
// ingest/src/haproxy/system.rs.
const SAID = [
  [
    'Server be_app/app1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
    "server_down",
    "bad",
    "be_app/app1 went down: Layer4 connection problem, Connection refused. 1 left",
  ],
  [
    'Backup Server be_app/app9 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 2 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
    "server_down",
    "bad",
    "backup be_app/app9 went down: Layer4 connection problem, Connection refused. 2 left",
  ],
  [
    "Server be_app/trk is DOWN via be_app/app1. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
    "server_down",
    "bad",
    "be_app/trk went down with be_app/app1. No server is left",
  ],
  [
    "backend be_app has no server available!",
    "none_left",
    "bad",
    "be_app has no server left: every request to it gets 503",
  ],
  [
    "[ALERT]    (7542) : backend 'be_app' has no server available!",
    "none_left",
    "bad",
    "be_app has no server left: every request to it gets 503",
  ],
  [
    "Server be_app/app1 is UP, reason: Layer7 check passed, code: 200, check duration: 0ms. 1 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.",
    "server_up",
    "ok",
    "be_app/app1 came back up",
  ],
  [
    "Server be_app/trk is UP via be_app/app1. 2 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.",
    "server_up",
    "ok",
    "be_app/trk came back up",
  ],
  [
    "Server be_app/app1 is going DOWN for maintenance. 1 active and 1 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
    "maintenance",
    "warn",
    "be_app/app1 was taken out for maintenance",
  ],
  [
    "Server be_app/app1 is UP/READY (leaving forced maintenance).",
    "maintenance",
    "ok",
    "be_app/app1 is back from maintenance",
  ],
  [
    "Server be_app/app1 enters drain state. 1 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.",
    "drain",
    "warn",
    "be_app/app1 finishes what it has and takes nothing new",
  ],
  [
    "Server be_app/app1 is UP (leaving forced drain).",
    "drain",
    "ok",
    "be_app/app1 takes new requests again",
  ],
  ["Paused frontend fe_api.", "proxy", "warn", "fe_api takes no connections"],
  ["Resumed frontend fe_api.", "proxy", "ok", "fe_api takes connections again"],
  [
    "Proxy <HTTPCLIENT> stopped (cumulated conns: FE: 0, BE: 0).",
    "reload",
    "info",
    "A worker that ends has closed <HTTPCLIENT>",
  ],
  ["[NOTICE]   (7540) : Reloading HAProxy", "reload", "warn", "HAProxy is being reloaded"],
  ["[NOTICE]   (7540) : New worker (7650) forked", "reload", "info", "A worker was started"],
  [
    "[WARNING]  (7540) : Former worker (7542) exited with code 0 (Exit)",
    "reload",
    "info",
    "A worker ended as it should",
  ],
  [
    "Current worker (7650) exited with code 139 (Segmentation fault)",
    "reload",
    "bad",
    "A worker ended, with code 139",
  ],
  [
    "[WARNING]  (7540) : All workers exited. Exiting... (0)",
    "reload",
    "bad",
    "HAProxy has stopped",
  ],
  ["Proxy fe_api started.", "reload", "info", "fe_api was started"],
  ["message repeated 3 times: [ Proxy fe started.]", "reload", "info", "fe was started"],
  ["Stopping frontend fe_api in 0 ms.", "reload", "info", "A worker that ends is closing fe_api"],
  [
    "SIGHUP received, dumping servers states for proxy fe_api.",
    "reload",
    "warn",
    "HAProxy is being reloaded",
  ],
  ["Loading success.", "reload", "info", "HAProxy has read its configuration"],
  [
    "Health check for server be_app/app1 failed, reason: Layer4 timeout, check duration: 2001ms, status: 2/3 UP.",
    "check",
    "warn",
    "A check of be_app/app1 failed: Layer4 timeout",
  ],
  [
    "127.0.0.1:4711 [21/Nov/2026:20:54:59.964] fe/1: SSL handshake failure",
    "connection",
    "info",
    "127.0.0.1:4711 could not connect to fe/1: SSL handshake failure",
  ],
  [
    "Connect from 127.0.0.1:4711 to 127.0.0.1:8080 (fe_api/HTTP)",
    "connection",
    "info",
    "127.0.0.1:4711 connected to 127.0.0.1:8080",
  ],
  [
    "be_app/app1 changed its IP from 10.0.0.1 to 10.0.0.2 by DNS.",
    "other",
    "info",
    "be_app/app1 changed its IP from 10.0.0.1 to 10.0.0.2 by DNS",
  ],
  ["[ALERT]    (1) : something nobody knows", "other", "bad", "something nobody knows"],
] as const;

describe("HAProxy’s messages", () => {
  it.each(SAID)("%s", (line, kind, weight, words) => {
    expect(readMessage(line)).toMatchObject({ kind, weight, words });
  });

  it("name the backend and the server", () => {
    expect(readMessage("Backup Server be_app/app9 is UP, reason: x.")).toMatchObject({
      backend: "be_app",
      server: "app9",
    });
    expect(readMessage("Loading success.")).toMatchObject({ backend: null, server: null });
  });
});
