//! Paper to meaning and back: floor 2.
