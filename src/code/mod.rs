//! The sealed code to meaning and back: floor 2.
