/// Finds what somebody probably meant.
public enum NearestName {
  /// The candidate closest to `name`, where it is close enough to be a slip of the pen: at most a third
  /// of its letters differ, and at most three; or where it only misses its end (`power` for `power_w`).
  public static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
    let length = name.count
    let allowed = min(3, max(1, length / 3))
    // Where lengths differ by more, so do letters; and a name may be as long as a file.
    let ranked = candidates.filter { ($0.count - length).magnitude <= allowed }
      .map { (distance(name.lowercased(), $0.lowercased()), $0) }.filter { $0.0 <= allowed }
    let longer = candidates.filter { name.count > 2 && $0.hasPrefix(name) }
    return ranked.min { $0 < $1 }?.1 ?? longer.min { ($0.count, $0) < ($1.count, $1) }
  }

  /// `: did you mean …?`, or nothing where no candidate is close.
  public static func hint(_ name: String, among candidates: some Sequence<String>) -> String {
    of(name, among: candidates).map { ": did you mean \($0)?" } ?? ""
  }

  /// Edits (insert, delete, replace, swap of neighbours) that turn one word into the other: the optimal
  /// string alignment distance.
  static func distance(_ first: String, _ second: String) -> Int {
    let a = Array(first)
    let b = Array(second)
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        let replaced = last[j] + (a[i] == b[j] ? 0 : 1)
        var best = min(replaced, last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
