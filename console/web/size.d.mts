export interface Chunk {
  readonly file: string;
  readonly gzip: number;
  readonly packages: readonly string[];
}
export const BAR_BYTES: number;
export function firstLoad(
  manifest: Record<string, { readonly file: string; readonly imports?: readonly string[] }>,
): string[];
export function wrong(chunks: readonly Chunk[]): string[];
