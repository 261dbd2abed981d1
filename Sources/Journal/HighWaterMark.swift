import EnergyModel
import Glibc

/// How far the logs were when the last commit returned, in a small file beside the database. A database that knows
/// less has lost commits: its write-ahead log was damaged, or an older copy took its place. Going on with it
/// would give the same seqs a second time.
///
/// It is written over in place after each commit, without waiting for the disk: the commit it speaks of is on the disk
/// before, so it never says more than the truth. After a power cut it may say less.
struct HighWaterMark: Hashable, Sendable {
  static let name = "journal.mark"

  /// How often the installation has started.
  var boot: Int
  /// Files that were set aside before the one it speaks of.
  var filesAside: Int
  /// The seq that the next record of each log gets.
  var next: [Epoch: UInt64]

  init(boot: Int, filesAside: Int, next: [Epoch: UInt64] = [:]) {
    self.boot = boot
    self.filesAside = filesAside
    self.next = next
  }

  init(boot: Int, filesAside: Int, _ ledger: Ledger) {
    self.init(boot: boot, filesAside: filesAside)
    for log in ledger.logs { next[log.epoch] = log.next }
  }

  /// What was committed and is not in a database of this ledger, whose newest start has the number `boot`, by epoch
  /// and in order. Nil where nothing is missing, empty where only a start is.
  func missing(in ledger: Ledger, boot: Int) -> [(epoch: Epoch, range: SequenceRange)]? {
    var missing: [(epoch: Epoch, range: SequenceRange)] = []
    for log in ledger.logs {
      guard let next = next[log.epoch], next > log.next else { continue }
      missing.append((log.epoch, SequenceRange(log.next, next - 1)))
    }
    // A log that the database does not know was let go, unless it is the database that is too old.
    guard boot < self.boot || !missing.isEmpty else { return nil }
    guard boot < self.boot else { return missing }
    for (epoch, next) in next.sorted(by: { $0.key < $1.key })
    where next > 1 && !ledger.logs.contains(where: { $0.epoch == epoch }) {
      missing.append((epoch, SequenceRange(1, next - 1)))
    }
    return missing
  }
}

extension HighWaterMark {
  private static let title = "holdfast journal mark 1"

  /// Lines of words, the last one a checksum of those before it.
  var text: String {
    var text = "\(Self.title)\nboot \(boot)\naside \(filesAside)\n"
    for (epoch, next) in next.sorted(by: { $0.key < $1.key }) { text += "log \(epoch) \(next)\n" }
    return text + "end \(Self.checksum(text))\n"
  }

  /// Nil for anything that was not written by ``text``. What follows the last line is left over from a longer one.
  init?(_ text: some StringProtocol) {
    self.init(boot: 0, filesAside: 0)
    var before = ""
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.split(separator: " ")
      switch words.first {
      case "end":
        guard words.count == 2, words[1] == Self.checksum(before), before.hasPrefix(Self.title) else { return nil }
        return
      case "boot" where words.count == 2: boot = Int(words[1]) ?? 0
      case "aside" where words.count == 2: filesAside = Int(words[1]) ?? 0
      case "log" where words.count == 3:
        guard let epoch = Epoch(String(words[1])), let number = UInt64(words[2]) else { return nil }
        next[epoch] = number
      default: guard line == Self.title else { return nil }
      }
      before += "\(line)\n"
    }
    return nil
  }

  /// FNV-1a, 64 bits: against torn and flipped bytes, not against people.
  private static func checksum(_ text: String) -> String {
    let sum = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return Epoch(number: sum).description
  }
}

extension HighWaterMark {
  enum Found: Hashable, Sendable {
    case mark(HighWaterMark)
    case missing, unreadable

    var mark: HighWaterMark? { if case .mark(let mark) = self { mark } else { nil } }
  }

  static func read(folder: String) -> Found {
    let file = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return errno == ENOENT ? .missing : .unreadable }
    defer { close(file) }
    // A line for each log: a few hundred bytes.
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = Glibc.read(file, &bytes, bytes.count)
    guard count >= 0, let mark = HighWaterMark(String(decoding: bytes.prefix(count), as: UTF8.self)) else {
      return .unreadable
    }
    return .mark(mark)
  }

  /// A failure leaves an older mark, which promises less, or none that can be read: the next commit tries again.
  func write(folder: String) {
    let file = open("\(folder)/\(Self.name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
    guard file >= 0 else { return }
    defer { close(file) }
    // In one piece and in place: another file each time would cost the flash far more than these bytes.
    let bytes = Array(text.utf8)
    _ = Glibc.write(file, bytes, bytes.count)
  }
}
