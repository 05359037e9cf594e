//! Laws of codes, links, pictures, papers of trust and the chip's words.

use quittance::code::bundle::{Bundle, SignedBundle};
use quittance::code::issuer::Register;
use quittance::code::link;
use quittance::code::scan::{Gray, pictures_of_text, scan as climb, steps};
use quittance::code::sealed::{Accept, Blob, Certificate, Code};
use quittance::code::{explain, symbol::Symbol};
use quittance::roles::chip::apdu::{Answer, Command};
use quittance::roles::chip::{ChipStatus, Identity, SealRequest, Sealed};

/// The largest picture that is climbed: the rest is time.
const PIXELS_SCANNED_MAX: usize = 64 * 1024;

/// A code that is read is the bytes it was read from, and its parts are all of them.
pub(crate) fn sealed(data: &[u8]) {
    let Ok(code) = Code::parse(&Blob::from(data), Accept::SIMULATION) else {
        return;
    };
    assert_eq!(code.blob().bytes(), data);
    explain::parts(&code, None);
    let text = link::to_link("q.example.com", None, code.blob());
    let read = link::parse(&text, |_| true).expect("a link that was just written");
    assert_eq!(read.blob.bytes(), data);
    drop(Symbol::encode(&text));
}

/// An order has one encoding.
pub(crate) fn order(data: &[u8]) {
    if let Some(request) = SealRequest::parse(data) {
        let again = request.to_bytes().expect("it was read");
        assert_eq!(again, data);
    }
}

/// A certificate has one encoding.
pub(crate) fn certificate(data: &[u8]) {
    for simulated in [false, true] {
        if let Ok(certificate) = Certificate::parse(data, simulated) {
            assert_eq!(certificate.encode(), data);
        }
    }
}

/// A bundle that is read is written and read again as the same.
pub(crate) fn bundle(data: &[u8]) {
    drop(serde_json::from_slice::<SignedBundle>(data));
    if let Ok(bundle) = serde_json::from_slice::<Bundle>(data) {
        let text = serde_json::to_string(&bundle).expect("a bundle is written");
        let again: Bundle = serde_json::from_str(&text).expect("a bundle that was just written");
        assert_eq!(again, bundle);
    }
}

/// Any text is a log or none.
pub(crate) fn issuer_log(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        drop(Register::read(text));
    }
}

/// A link that is taken is the only one of its code, up to the case of scheme and host.
pub(crate) fn link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(read) = link::parse(text, |_| true) else {
        return;
    };
    let again = link::to_link(&read.host, read.bank.as_ref(), &read.blob);
    assert!(
        again.eq_ignore_ascii_case(text),
        "{text} was read as {again}"
    );
}

/// Any file is a picture of as many pixels as it says, or none.
pub(crate) fn picture(data: &[u8]) {
    if let Ok(picture) = Gray::decode(data) {
        let count = picture.width() * picture.height();
        assert_eq!(picture.pixels().len(), count);
        if count <= PIXELS_SCANNED_MAX {
            climb(&picture, |_| true, steps(1));
        }
    }
}

/// Any pixels are scanned to an end.
pub(crate) fn scan(data: &[u8]) {
    let Some((&width, pixels)) = data.split_first() else {
        return;
    };
    let width = usize::from(width) + 1;
    let height = pixels.len() / width;
    let pixels = pixels.get(..width * height).unwrap_or_default().to_vec();
    if let Ok(picture) = Gray::new(width, height, pixels) {
        climb(&picture, |_| true, steps(3));
    }
}

/// Any text has pictures in it or none.
pub(crate) fn blocks(data: &[u8]) {
    pictures_of_text(&String::from_utf8_lossy(data));
}

/// What a chip or a module reads is written and read again as the same.
pub(crate) fn apdu(data: &[u8]) {
    if let Ok(command) = Command::parse(data) {
        let again = Command::parse(&command.to_bytes()).expect("a command that was just written");
        assert_eq!(
            (again.header.bytes(), &again.data),
            (command.header.bytes(), &command.data)
        );
    }
    if let Some(answer) = Answer::parse(data) {
        assert_eq!(answer.to_bytes(), data);
    }
    if let Some(status) = ChipStatus::parse(data) {
        assert_eq!(status.to_bytes(), data);
    }
    if let Some(identity) = Identity::parse(data, true) {
        assert_eq!(identity.to_bytes(), data);
    }
    if let Some(sealed) = Sealed::parse(data) {
        assert_eq!(sealed.to_bytes(), data);
    }
}
