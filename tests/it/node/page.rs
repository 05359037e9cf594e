//! The landing page as a phone's browser shows it: 390 by 844, light and dark.

use super::http::server_that_knows_all;
use crate::gate;
use std::path::Path;
use std::process::{Command, Stdio};

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=390,844",
];

/// Chromium with these arguments, in a profile of its own: what it wrote.
async fn chromium(args: &[String]) -> Option<Vec<u8>> {
    let there = Command::new("chromium").arg("--version").output();
    if !there.is_ok_and(|said| said.status.success()) {
        assert!(!gate::demands_all(), "needs chromium");
        println!("skipped: needs chromium");
        return None;
    }
    let profile = tempfile::tempdir().unwrap();
    let mut browser = Command::new("chromium");
    browser.args(FLAGS).args(args).stderr(Stdio::null());
    browser.arg(format!("--user-data-dir={}", profile.path().display()));
    let run = move || browser.output().unwrap().stdout;
    let written = tokio::task::spawn_blocking(run).await.unwrap();
    drop(profile);
    Some(written)
}

/// The page's text after its script.
async fn page(url: &str) -> Option<String> {
    let written = chromium(&["--dump-dom".to_owned(), url.to_owned()]).await?;
    Some(String::from_utf8(written).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_hands_the_code_to_the_banks_own_link_and_nothing_else() {
    let run = server_that_knows_all().await;
    let url = format!("http://{}/1#00042", run.endpoint().authority());
    let Some(handed) = page(&url).await else {
        return;
    };
    assert!(handed.contains("/1/river#00042\""), "{handed}");
    let odd = page(&url.replace("#00042", "#1\"><b>x")).await;
    assert!(odd.unwrap().contains("href=\"/1/river\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_light_by_day_and_dark_by_night_and_fits_a_phone() {
    let run = server_that_knows_all().await;
    let url = format!("http://{}/1", run.endpoint().authority());
    let folder = tempfile::tempdir().unwrap();
    for (scheme, ground) in [(1, [0xF4, 0xF1, 0xEA]), (0, [0x12, 0x14, 0x11])] {
        let file = folder.path().join(format!("{scheme}.png"));
        let args = [
            format!("--blink-settings=preferredColorScheme={scheme}"),
            format!("--screenshot={}", file.display()),
            url.clone(),
        ];
        if chromium(&args).await.is_none() {
            return;
        }
        let (width, pixels) = pixels(&file);
        assert_eq!((width, pixels.len()), (390, 390 * 844));
        let row = |y: usize| &pixels[y * width..][..width];
        // Nothing touches the edges, and the page is not empty.
        for y in 0..844 {
            let (left, right) = (row(y)[1], row(y)[width - 2]);
            assert_eq!((left, right), (ground, ground), "row {y}");
        }
        let inked = pixels.iter().filter(|pixel| **pixel != ground).count();
        assert!((20_000..200_000).contains(&inked), "{inked}");
    }
}

/// Width, and red, green and blue of each pixel.
fn pixels(file: &Path) -> (usize, Vec<[u8; 3]>) {
    let file = std::io::BufReader::new(std::fs::File::open(file).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    let pixel = frame.color_type.samples();
    let pixels = bytes[..frame.buffer_size()].chunks(pixel);
    let rgb = pixels.map(|p| [p[0], p[1], p[2]]).collect();
    (usize::try_from(frame.width).unwrap(), rgb)
}
