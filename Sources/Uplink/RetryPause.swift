/// How long to leave a failing store alone: 1 s, doubled with every failure, at most 30 s.
struct RetryPause: Sendable {
  private var failures = 0

  mutating func failed() -> Duration {
    failures += 1
    return min(.seconds(30), .seconds(1) * (1 << min(failures - 1, 5)))
  }

  mutating func succeeded() { failures = 0 }
}
