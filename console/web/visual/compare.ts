// Holds a picture against its baseline. Both are halved first, which evens out how fonts are smoothed; then a picture
// differs where a whole tile does, however small its part of the page.
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

const TILE = 16;
/** Of a tile's pixels. */
const TILE_PART = 0.3;
/** Of all pixels. */
const WHOLE_PART = 0.003;
const THRESHOLD = 0.2;

export interface Verdict {
  readonly same: boolean;
  readonly why: string;
  /** What differs, in red; null where the sizes do. */
  readonly difference: Buffer | null;
}

/** Half as wide and high, each pixel the mean of four. */
export function halve(bytes: Buffer): Buffer {
  const whole = PNG.sync.read(bytes);
  const half = new PNG({ width: whole.width >> 1, height: whole.height >> 1 });
  for (let y = 0; y < half.height; y += 1) {
    for (let x = 0; x < half.width; x += 1) {
      for (let channel = 0; channel < 4; channel += 1) {
        const at = (dx: number, dy: number) =>
          whole.data[((2 * y + dy) * whole.width + 2 * x + dx) * 4 + channel] ?? 0;
        const mean = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4;
        half.data[(y * half.width + x) * 4 + channel] = Math.round(mean);
      }
    }
  }
  return PNG.sync.write(half, { deflateLevel: 9 });
}

export function compare(taken: Buffer, baseline: Buffer): Verdict {
  const [a, b] = [PNG.sync.read(taken), PNG.sync.read(baseline)];
  if (a.width !== b.width || a.height !== b.height) {
    const why = `it is ${a.width} × ${a.height}, the baseline ${b.width} × ${b.height}`;
    return { same: false, why, difference: null };
  }
  const { width, height } = a;
  const marks = new PNG({ width, height });
  const options = { threshold: THRESHOLD, diffMask: true };
  const count = pixelmatch(a.data, b.data, marks.data, width, height, options);
  const worst = worstTile(marks);
  const same = count <= width * height * WHOLE_PART && worst.part <= TILE_PART;
  const where = `most around ${2 * worst.x}, ${2 * worst.y}`;
  const why = `${((count / (width * height)) * 100).toFixed(2)} % of it differs, ${where}`;
  return { same, why, difference: PNG.sync.write(marks) };
}

interface Tile {
  readonly x: number;
  readonly y: number;
  readonly part: number;
}

function worstTile({ width, height, data }: PNG): Tile {
  let worst: Tile = { x: 0, y: 0, part: 0 };
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      const [right, bottom] = [Math.min(x + TILE, width), Math.min(y + TILE, height)];
      let marked = 0;
      for (let py = y; py < bottom; py += 1) {
        for (let px = x; px < right; px += 1) marked += data[(py * width + px) * 4 + 3] ? 1 : 0;
      }
      const part = marked / ((right - x) * (bottom - y));
      if (part > worst.part) worst = { x, y, part };
    }
  }
  return worst;
}
