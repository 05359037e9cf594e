//! The ladder's filters: each takes a picture and gives another, in whole numbers.

use super::Gray;

/// Half of the size: each pixel the mean of four. A side of one pixel stays.
pub(super) fn half(picture: &Gray) -> Gray {
    let (width, height) = (picture.width(), picture.height());
    if width < 2 || height < 2 {
        return picture.clone();
    }
    let rows: Vec<&[u8]> = picture.rows().collect();
    let mut pixels = Vec::with_capacity(width / 2 * (height / 2));
    for pair in rows.chunks_exact(2) {
        let (above, _) = pair[0].as_chunks::<2>();
        let (below, _) = pair[1].as_chunks::<2>();
        pixels.extend(above.iter().zip(below).map(|([a, b], [c, d])| {
            let sum = u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d);
            narrow((sum + 2) / 4)
        }));
    }
    Gray::of(width / 2, pixels)
}

/// The mean of three by three pixels.
pub(super) fn blur(picture: &Gray) -> Gray {
    let across = three(picture, |a, b, c| {
        narrow((u16::from(a) + u16::from(b) + u16::from(c) + 1) / 3)
    });
    three_down(&across, |a, b, c| {
        narrow((u16::from(a) + u16::from(b) + u16::from(c) + 1) / 3)
    })
}

/// The darkest of three by three pixels.
pub(super) fn darkest(picture: &Gray) -> Gray {
    let least = |a: u8, b: u8, c: u8| a.min(b).min(c);
    three_down(&three(picture, least), least)
}

/// Light for dark.
pub(super) fn inverted(picture: &Gray) -> Gray {
    let pixels = picture.pixels().iter().map(|pixel| 255 - pixel);
    Gray::of(picture.width(), pixels.collect())
}

/// Each pixel from itself and its neighbours in the row; the borders count twice.
fn three(picture: &Gray, of: impl Fn(u8, u8, u8) -> u8) -> Gray {
    let mut pixels = Vec::with_capacity(picture.pixels().len());
    for row in picture.rows() {
        let (first, last) = (row[0], row[row.len() - 1]);
        let second = row.get(1).copied().unwrap_or(first);
        pixels.push(of(first, first, second));
        pixels.extend(row.windows(3).map(|w| of(w[0], w[1], w[2])));
        if let [.., before, _] = row {
            pixels.push(of(*before, last, last));
        }
    }
    Gray::of(picture.width(), pixels)
}

/// Each pixel from itself and its neighbours in the column; the borders count twice.
fn three_down(picture: &Gray, of: impl Fn(u8, u8, u8) -> u8) -> Gray {
    let rows: Vec<&[u8]> = picture.rows().collect();
    let mut pixels = Vec::with_capacity(picture.pixels().len());
    for (y, row) in rows.iter().enumerate() {
        let above = rows[y.saturating_sub(1)];
        let below = rows[(y + 1).min(rows.len() - 1)];
        let columns = above.iter().zip(*row).zip(below);
        pixels.extend(columns.map(|((a, b), c)| of(*a, *b, *c)));
    }
    Gray::of(picture.width(), pixels)
}

/// The local contrast made even: how far each pixel is from the mean around it, measured by how
/// far pixels there usually are. Undoes shadows, uneven light and fading.
pub(super) fn levelled(picture: &Gray) -> Gray {
    /// Below this mean deviation there is only noise, which is not amplified further.
    const DEVIATION_MIN: i32 = 3;
    let radius = (picture.width().min(picture.height()) / 24).clamp(7, 40);
    let means = local_means(picture.width(), picture.pixels(), radius);
    let pairs = picture.pixels().iter().zip(&means);
    let away: Vec<u8> = pairs.map(|(pixel, mean)| pixel.abs_diff(*mean)).collect();
    let deviations = local_means(picture.width(), &away, radius);
    let all = picture.pixels().iter().zip(&means).zip(&deviations);
    let pixels = all.map(|((pixel, mean), deviation)| {
        let away = i32::from(*pixel) - i32::from(*mean);
        let level = 128 + away * 80 / i32::from(*deviation).max(DEVIATION_MIN);
        u8::try_from(level.clamp(0, 255)).unwrap_or(255)
    });
    Gray::of(picture.width(), pixels.collect())
}

/// The mean of the square of this radius around each pixel, by running sums.
fn local_means(width: usize, pixels: &[u8], radius: usize) -> Vec<u8> {
    let height = pixels.len() / width;
    let row = |y: usize| &pixels[y * width..(y + 1) * width];
    let mut columns: Vec<u32> = vec![0; width];
    let mut out = Vec::with_capacity(pixels.len());
    for y in 0..radius.min(height) {
        add(&mut columns, row(y));
    }
    for y in 0..height {
        if y + radius < height {
            add(&mut columns, row(y + radius));
        }
        if y > radius {
            let leaving = columns.iter_mut().zip(row(y - radius - 1));
            leaving.for_each(|(sum, pixel)| *sum -= u32::from(*pixel));
        }
        let tall = (y + radius).min(height - 1) + 1 - y.saturating_sub(radius);
        push_row_means(&mut out, &columns, radius, tall);
    }
    out
}

fn add(columns: &mut [u32], row: &[u8]) {
    for (sum, pixel) in columns.iter_mut().zip(row) {
        *sum += u32::from(*pixel);
    }
}

fn push_row_means(out: &mut Vec<u8>, columns: &[u32], radius: usize, tall: usize) {
    let width = columns.len();
    let mut sum: u32 = columns.iter().take(radius).sum();
    for x in 0..width {
        sum += columns.get(x + radius).copied().unwrap_or(0);
        if x > radius {
            sum -= columns[x - radius - 1];
        }
        let wide = (x + radius).min(width - 1) + 1 - x.saturating_sub(radius);
        let count = u32::try_from(wide * tall).unwrap_or(u32::MAX);
        out.push(u8::try_from(sum / count).unwrap_or(u8::MAX));
    }
}

/// Twice the size, with the pixels in between interpolated.
pub(super) fn double(picture: &Gray) -> Gray {
    let wide = widened(picture);
    let rows: Vec<&[u8]> = wide.rows().collect();
    let mut pixels = Vec::with_capacity(wide.pixels().len() * 2);
    for (y, row) in rows.iter().enumerate() {
        let above = rows[y.saturating_sub(1)];
        let below = rows[(y + 1).min(rows.len() - 1)];
        pixels.extend(row.iter().zip(above).map(|(near, far)| nearer(*near, *far)));
        pixels.extend(row.iter().zip(below).map(|(near, far)| nearer(*near, *far)));
    }
    Gray::of(wide.width(), pixels)
}

fn widened(picture: &Gray) -> Gray {
    let mut pixels = Vec::with_capacity(picture.pixels().len() * 2);
    for row in picture.rows() {
        for (x, pixel) in row.iter().enumerate() {
            pixels.push(nearer(*pixel, row[x.saturating_sub(1)]));
            pixels.push(nearer(*pixel, row[(x + 1).min(row.len() - 1)]));
        }
    }
    Gray::of(picture.width() * 2, pixels)
}

/// A quarter of the way from one pixel's centre to the next.
fn nearer(near: u8, far: u8) -> u8 {
    narrow((3 * u16::from(near) + u16::from(far) + 2) / 4)
}

fn narrow(n: u16) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width: usize, pixels: &[u8]) -> Gray {
        Gray::of(width, pixels.to_vec())
    }

    #[test]
    fn half_is_the_mean_of_four_and_drops_an_odd_border() {
        let picture = gray(3, &[0, 4, 9, 8, 12, 9, 7, 7, 7]);
        assert_eq!(half(&picture), gray(1, &[6]));
        assert_eq!(half(&gray(1, &[5, 6])), gray(1, &[5, 6]));
    }

    #[test]
    fn the_darkest_spreads_by_one_pixel() {
        let picture = gray(3, &[9, 9, 9, 9, 9, 9, 9, 9, 0]);
        assert_eq!(darkest(&picture), gray(3, &[9, 9, 9, 9, 0, 0, 9, 0, 0]));
        assert_eq!(darkest(&gray(1, &[3, 1])), gray(1, &[1, 1]));
    }

    #[test]
    fn a_plain_picture_stays_plain_in_every_filter() {
        for (width, height) in [(1, 1), (1, 9), (9, 1), (50, 31)] {
            let picture = gray(width, &vec![70; width * height]);
            for filter in [half, blur, darkest, double] {
                assert!(filter(&picture).pixels().iter().all(|p| *p == 70));
            }
            assert!(levelled(&picture).pixels().iter().all(|p| *p == 128));
            let doubled = double(&picture);
            assert_eq!((doubled.width(), doubled.height()), (2 * width, 2 * height));
        }
    }

    #[test]
    fn levelling_makes_faint_and_strong_contrast_equal() {
        let pixel = |x: usize| {
            let (ground, depth) = if x < 100 { (200, 12) } else { (90, 60) };
            if (x / 4).is_multiple_of(2) {
                ground
            } else {
                ground - depth
            }
        };
        let picture = gray(
            200,
            &(0..200 * 60).map(|at| pixel(at % 200)).collect::<Vec<_>>(),
        );
        let level = levelled(&picture);
        let row = level.rows().nth(30).unwrap();
        let spread = |from: usize| {
            let part = &row[from..from + 40];
            i32::from(*part.iter().max().unwrap()) - i32::from(*part.iter().min().unwrap())
        };
        assert!(
            spread(30) > 120 && spread(130) > 120,
            "{} {}",
            spread(30),
            spread(130)
        );
    }
}
