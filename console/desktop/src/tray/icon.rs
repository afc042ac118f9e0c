//! The tray's pictures, drawn here: a shape for each level, so that colour is not the only sign.

use super::Level;

/// Width and height of the pictures offered; the desktop takes the one that fits.
pub(super) const SIZES: [u8; 3] = [16, 24, 48];
/// Samples along each side of a pixel.
const SAMPLES: u8 = 4;

/// A picture as the Status Notifier wants it: width, height, and the pixels as ARGB, most significant byte first.
pub(super) type Pixmap = (i32, i32, Vec<u8>);

/// The pictures of a level, one of each size.
pub(super) fn pixmaps(level: Level) -> Vec<Pixmap> {
    SIZES.iter().map(|&size| (i32::from(size), i32::from(size), draw(level, size))).collect()
}

fn draw(level: Level, size: u8) -> Vec<u8> {
    let [red, green, blue] = colour(level);
    let mut pixels = Vec::with_capacity(usize::from(size) * usize::from(size) * 4);
    for y in 0..size {
        for x in 0..size {
            pixels.extend([coverage(level, size, x, y), red, green, blue]);
        }
    }
    pixels
}

/// How much of the pixel the shape covers, 0 to 255.
fn coverage(level: Level, size: u8, x: u8, y: u8) -> u8 {
    let at = |pixel: u8, sample: u8| {
        let place = f32::from(pixel) + (f32::from(sample) + 0.5) / f32::from(SAMPLES);
        // The middle is 0, the edge 1.
        place / f32::from(size) * 2.0 - 1.0
    };
    let all = u16::from(SAMPLES * SAMPLES);
    let inside = (0..SAMPLES).flat_map(|across| (0..SAMPLES).map(move |down| (across, down)));
    let hits = inside.filter(|&(across, down)| is_inside(level, at(x, across), at(y, down))).count();
    u8::try_from(u16::try_from(hits).unwrap_or(all) * 255 / all).unwrap_or(u8::MAX)
}

/// A disc, a triangle, a square on its corner, a ring.
fn is_inside(level: Level, x: f32, y: f32) -> bool {
    let distance = x.hypot(y);
    match level {
        Level::Ok => distance < 0.8,
        Level::Warn => y < 0.8 && x.abs() * 2.0 < y + 0.9,
        Level::Bad => x.abs() + y.abs() < 0.95,
        Level::Unknown => (0.5..0.8).contains(&distance),
    }
}

const fn colour(level: Level) -> [u8; 3] {
    match level {
        Level::Ok => [0x3f, 0xb9, 0x7f],
        Level::Warn => [0xe0, 0xa0, 0x30],
        Level::Bad => [0xe5, 0x53, 0x4b],
        Level::Unknown => [0x8b, 0x94, 0x9e],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [Level; 4] = [Level::Ok, Level::Warn, Level::Bad, Level::Unknown];

    #[test]
    fn each_level_has_its_own_shape_in_each_size() {
        for size in SIZES {
            let shape = |level| draw(level, size).into_iter().step_by(4).collect::<Vec<_>>();
            let shapes = LEVELS.map(shape);
            for (index, shape) in shapes.iter().enumerate() {
                assert_eq!(shape.len(), usize::from(size) * usize::from(size));
                assert_eq!(shape[0], 0, "the corner is clear");
                assert!(shape.contains(&255), "something is drawn");
                assert!(shapes[..index].iter().all(|other| other != shape), "{size}: shape {index} is another's");
            }
        }
    }

    #[test]
    fn the_middle_of_the_ring_is_clear() {
        assert_eq!(coverage(Level::Unknown, 24, 12, 12), 0);
        assert_eq!(coverage(Level::Ok, 24, 12, 12), 255);
    }
}
