// The proof's dialog: what it says of files that verify, and of those that do not. How files are verified is tested in ui.

import { readFileSync } from "node:fs";
import { ProofError, type VerifiedProof, verifyProof } from "@suiftly/ui/proof";
import { expect, test, vi } from "vitest";
import { client } from "../src/app/client";
import { proofQuery } from "../src/billing/proof/query";
import { brokenWords, count, fileName, steps } from "../src/billing/proof/says";
import { WORDS } from "../src/billing/proof/words";

interface Vectors {
  valid: { name: string; root: string; file: string }[];
}

function vector(name: string) {
  const at = new URL("../../../schema/tests/data/proof/files.json", import.meta.url);
  const { valid }: Vectors = JSON.parse(readFileSync(at, "utf8"));
  const found = valid.find((of) => of.name === name);
  if (found === undefined) throw new Error(`there is no vector ${name}`);
  return { ...found, bytes: new TextEncoder().encode(found.file) };
}

/** Asks as the dialog does, of a server that answers these bytes. */
function ask(body: Uint8Array<ArrayBuffer>, request = "17-1795100000123-4242") {
  const headers = { "content-type": "application/json" };
  const fetched = vi.fn(async () => new Response(body, { headers }));
  client.setConfig({ baseUrl: "https://suiftly.test", fetch: fetched });
  const { queryFn } = proofQuery(request, "2026-11-21T22:00:00Z");
  if (typeof queryFn !== "function") throw new Error("it is no query");
  const context = { signal: new AbortController().signal } as Parameters<typeof queryFn>[0];
  return { answer: Promise.resolve(queryFn(context)), fetched };
}

test("a proof is fetched as it is, and verified here", async () => {
  const { bytes, root } = vector("closed");
  const { answer, fetched } = ask(bytes);
  const checked = await answer;
  expect(checked.bytes).toEqual(bytes);
  expect(checked.verified.tree.root).toBe(root);
  const [[asked]] = fetched.mock.calls as unknown as [[Request]];
  expect(new URL(asked.url).search).toBe(
    "?request=17-1795100000123-4242&hour=2026-11-21T22%3A00%3A00Z",
  );
});

test("a server that changes a byte is found out", async () => {
  const { bytes } = vector("closed");
  for (const at of [40, 200, bytes.length - 10]) {
    const { answer } = ask(bytes.with(at, (bytes[at] ?? 0) ^ 1));
    const error = await answer.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ProofError);
    expect(brokenWords(error)).toContain(WORDS.brokenMore);
  }
  expect(brokenWords(new Error("something else"))).toBeNull();
});

test("a server that proves another request is found out", async () => {
  const { bytes } = vector("closed");
  expect((await ask(bytes, "6931CC2D199-2F1A-000A").answer).bytes).toEqual(bytes);
  const others = ["17-1795100000123-4243", "18-1795100000123-4242", "6931CC2D199-2F1A-000B", ""];
  for (const request of others) {
    const error = await ask(bytes, request).answer.catch((error: unknown) => error);
    expect(error).toMatchObject({ failure: "another" });
  }
  const unnamed = await ask(vector("alone").bytes, "null").answer.catch((error: unknown) => error);
  expect(unnamed).toMatchObject({ failure: "another" });
});

test("the way from the request to the root in words", async () => {
  const verified = await verifyProof(vector("closed").bytes);
  expect(steps(verified)).toEqual([
    {
      name: "Request 6931CC2D199-2F1A-000A",
      says: "2026-11-21T22:01:17.199Z, status 200, 1,234 bytes",
      hash: null,
    },
    {
      name: "Hour of 2026-11-21T22:00:00.000Z",
      says: "one of 5 billed records, epochs 9001 to 12600 of journal 00010203…",
      hash: null,
    },
    { name: "Month 2026-11", says: "one of 7 parts, whose root is", hash: verified.tree.root },
  ]);
  const unnamed: VerifiedProof = await verifyProof(vector("alone").bytes);
  expect(steps(unnamed)[0]?.name).toBe("Request");
  expect(steps(unnamed)[2]?.says).toBe("one of 1 part, whose root is");
  expect(fileName(verified)).toBe("proof-2026-11-21T220117199Z.json");
  expect(count(1_234, "byte")).toBe("1,234 bytes");
});
