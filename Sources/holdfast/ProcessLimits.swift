import Glibc

enum ProcessLimits {
  /// Whoever reads our log may go away; writing to a closed pipe must then fail and not end the agent.
  static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// libmodbus aborts the process on a file descriptor of 1024 or more (it uses `select`), so the soft
  /// limit makes such a descriptor impossible: `connect` then fails, and is tried again.
  static func limitDescriptors() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur > 1024 else { return }
    limit.rlim_cur = 1024
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
