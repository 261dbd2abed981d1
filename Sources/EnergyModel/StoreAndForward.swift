/// What goes first when the journal's budget is used up.
public enum WhenFull: String, Hashable, Sendable {
  /// Old segments become coarser averages before any is dropped.
  case thinOldest = "thin-oldest"
  case dropOldest = "drop-oldest"
}

/// Whose word releases data that was sent.
public enum Acknowledgement: String, Hashable, Sendable {
  /// The broker's PUBACK.
  case broker
  /// A message of the receiver on the topic `ack`.
  case receiver
}
