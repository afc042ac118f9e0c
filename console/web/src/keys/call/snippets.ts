// The first call in three forms. Each works as it stands once SUIFTLY_KEY is set.
import type { ServiceWord } from "@suiftly/ui/api/customer";
import type { Language } from "./language";

/** One small request that each service answers. */
type Call =
  | { readonly path: string; readonly body: "none" }
  | { readonly path: string; readonly body: "query"; readonly query: string }
  // gRPC-Web: the same framing as gRPC, over any HTTP client. An empty message is five zero bytes.
  | { readonly path: string; readonly body: "frame" };

const CALLS: Record<ServiceWord, Call> = {
  seal: { path: "/v1/service", body: "none" },
  grpc: { path: "/sui.rpc.v2.LedgerService/GetServiceInfo", body: "frame" },
  graphql: { path: "/graphql", body: "query", query: "{ chainIdentifier }" },
};

const FRAME_TYPE = "application/grpc-web+proto";

const WRITERS: Record<Language, (url: string, call: Call) => string> = { curl, typescript, rust };

export function snippet(language: Language, service: ServiceWord, endpoint: string): string {
  const call = CALLS[service];
  return WRITERS[language](endpoint.replace(/\/+$/, "") + call.path, call);
}

function curl(url: string, call: Call): string {
  const key = '-H "X-API-Key: $SUIFTLY_KEY"';
  switch (call.body) {
    case "none":
      return lines(`curl ${url} \\`, `  ${key}`);
    case "query":
      return lines(
        `curl ${url} \\`,
        `  ${key} \\`,
        '  -H "Content-Type: application/json" \\',
        `  -d '${JSON.stringify({ query: call.query })}'`,
      );
    case "frame":
      return lines(
        "# An empty message, framed; the answer is binary, so only its status is shown.",
        `head -c 5 /dev/zero | curl ${url} \\`,
        `  ${key} \\`,
        `  -H "Content-Type: ${FRAME_TYPE}" \\`,
        '  --data-binary @- -sS -o /dev/null -w "%{http_code}\\n"',
      );
  }
}

function typescript(url: string, call: Call): string {
  const type = { none: null, query: "application/json", frame: FRAME_TYPE }[call.body];
  const body = {
    none: null,
    query: call.body === "query" ? `  body: JSON.stringify({ query: "${call.query}" }),` : null,
    frame: "  body: new Uint8Array(5), // an empty message, framed",
  }[call.body];
  return lines(
    `const response = await fetch("${url}", {`,
    type && '  method: "POST",',
    "  headers: {",
    '    "X-API-Key": process.env.SUIFTLY_KEY ?? "",',
    type && `    "Content-Type": "${type}",`,
    "  },",
    body,
    "});",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the snippet's own template
    "if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);",
    call.body === "frame"
      ? 'console.log(response.status, (await response.arrayBuffer()).byteLength, "bytes");'
      : "console.log(await response.json());",
  );
}

function rust(url: string, call: Call): string {
  const request = {
    none: null,
    query:
      call.body === "query"
        ? [
            '        .header("Content-Type", "application/json")',
            `        .body(r#"${JSON.stringify({ query: call.query })}"#)`,
          ].join("\n")
        : null,
    frame: [
      `        .header("Content-Type", "${FRAME_TYPE}")`,
      "        .body(vec![0u8; 5]) // an empty message, framed",
    ].join("\n"),
  }[call.body];
  return lines(
    "// cargo add reqwest; cargo add tokio --features full",
    "#[tokio::main]",
    "async fn main() -> Result<(), Box<dyn std::error::Error>> {",
    "    let response = reqwest::Client::new()",
    `        .${call.body === "none" ? "get" : "post"}("${url}")`,
    '        .header("X-API-Key", std::env::var("SUIFTLY_KEY")?)',
    request,
    "        .send()",
    "        .await?",
    "        .error_for_status()?;",
    call.body === "frame"
      ? '    println!("{} bytes", response.bytes().await?.len());'
      : '    println!("{}", response.text().await?);',
    "    Ok(())",
    "}",
  );
}

function lines(...all: readonly (string | null | false)[]): string {
  return all.filter((line) => typeof line === "string").join("\n");
}
