import { describe, expect, it } from "vitest";
import { aFleet, aGateway, anEdge } from "./testing";
import { fleetTroubles } from "./trouble";

const NOW = Date.parse("2026-11-22T22:30:00Z");
const SERVER = { backend: "seal_mainnet", server: "s1", status: "DOWN", sessions: 0 };

describe("trouble in the fleet", () => {
  it("is none where all is well, or nobody is waited for", () => {
    const implied = anEdge({ name: "local", state: "never_seen", is_implied: true });
    expect(fleetTroubles(aFleet([anEdge(), implied]), NOW)).toEqual([]);
  });

  const cases = [
    [
      "behind",
      anEdge({
        state: "behind",
        version: 5,
        lag_ms: 192_000,
        gateways: [aGateway({ state: "updating", trouble: "map version in use" })],
      }),
      "warn",
      "fra-1 has not applied v6:",
      "map version in use. It tries again each second, for 3 min 12 s so far; meanwhile it enforces v5.",
    ],
    [
      "unreachable",
      anEdge({ state: "unreachable", out_since: "2026-11-22T22:21:29Z" }),
      "bad",
      "fra-1 does not answer since 22:21:29.",
      "Its gateways go on with v6",
    ],
    [
      "never seen",
      anEdge({ state: "never_seen", version: null, gateways: [] }),
      "warn",
      "fra-1 is expected and has never reported.",
      "Start its edge",
    ],
    [
      "refused, and not passed",
      anEdge({ refused: [{ at: "2026-11-20T00:00:00Z", version: 7, reason: "the root differs" }] }),
      "bad",
      "fra-1 refused v7 at 20 Nov 00:00:00:",
      "the root differs. It keeps what it could prove",
    ],
    [
      "a server down",
      anEdge({ servers: [17, 18], gateways: [aGateway({ servers: [SERVER] })] }),
      "bad",
      "seal_mainnet/s1 is down behind fra-1/17.",
      "checks until it answers",
    ],
    [
      "two servers down",
      anEdge({ gateways: [aGateway({ servers: [SERVER, { ...SERVER, server: "s2" }] })] }),
      "bad",
      "2 servers are down behind fra-1.",
      "seal_mainnet/s1, seal_mainnet/s2. HAProxy",
    ],
    [
      "lines not sent",
      anEdge({ gateways: [aGateway({ dropped_logs: 1_041 })] }),
      "warn",
      "fra-1 could not send 1,041 log lines.",
      "counted as lost",
    ],
    [
      "a disk",
      anEdge({ gateways: [aGateway({ trouble: "the map files cannot be written: no space" })] }),
      "warn",
      "fra-1 has trouble:",
      "no space. It enforces the version in force all the same.",
    ],
  ] as const;
  it.each(cases)("%s", (_, edge, kind, head, words) => {
    const [trouble, ...more] = fleetTroubles(aFleet([edge]), NOW);
    expect(more).toEqual([]);
    expect(trouble).toMatchObject({ kind, head, edge: "fra-1" });
    expect(trouble?.words).toContain(words);
  });

  it("is forgotten an hour after a refused version was passed", () => {
    const refused = (at: string) =>
      fleetTroubles(aFleet([anEdge({ refused: [{ at, version: 5, reason: "cut" }] })]), NOW).length;
    expect([refused("2026-11-22T22:00:00Z"), refused("2026-11-22T21:00:00Z")]).toEqual([1, 0]);
  });

  it("has the gravest first", () => {
    const behind = anEdge({ state: "behind", version: 5 });
    const canary = {
      server_id: 17,
      alarm: "unmetered" as const,
      alarm_since: "2026-11-22T22:29:00Z",
    };
    const found = fleetTroubles(aFleet([behind], { canaries: [canary] }), NOW);
    expect(found.map(({ kind, act }) => [kind, act])).toEqual([
      ["bad", "loss"],
      ["warn", "push"],
    ]);
  });
});
