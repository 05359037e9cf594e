//! Scenarios: schema, expectations, invariants and report, all pure: floor 5.
