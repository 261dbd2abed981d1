import Foundation

/// What a process has cost so far.
struct ProcessCost {
  /// User and system time, s.
  let cpu: Double
  /// Resident, MB.
  let memory: Double

  /// Nil where there is no such process.
  init?(of pid: Int32) {
    // Fields 14 and 15 of /proc/PID/stat, in clock ticks, and VmRSS of /proc/PID/status.
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let end = stat.lastIndex(of: ")"),
      let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return nil }
    let fields = stat[end...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return nil }
    cpu = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    memory = kilobytes / 1024
  }
}
