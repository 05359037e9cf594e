# One spelling for people and for CI.
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo test
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

snap:
    cargo insta test --review

sim seeds="1..=1000":
    cargo run --release -- run scenarios --seeds {{seeds}}

bench:
    cargo bench

demo:
    cargo run --release -- demo
