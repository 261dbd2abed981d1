import Testing

/// Whole sites of real processes. One after another: they measure time, and two cores are few.
@Suite(.serialized) struct Scenarios {}
