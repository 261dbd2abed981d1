import EnergyModel
import Foundation
import Glibc

/// Files that could not be used any more. They are kept for whoever wants to look into it, outside of the budget,
/// and are the first to go where the disk has no room.
extension JournalFile {
  private static let suffixes = ["", "-wal", "-shm"]

  /// Renames the damaged file with all that belongs to it to `….damaged-N`. Only the two newest are kept.
  /// Returns the new name.
  static func setAside(folder: String, number: Int) throws -> String {
    for old in copies(folder: folder).dropLast() { remove(folder, old) }
    for suffix in suffixes {
      let path = folder + "/" + name + suffix
      guard fileExists(path) else { continue }
      guard rename(path, "\(folder)/\(copyName(number))\(suffix)") == 0 else {
        throw JournalError.file(operation: "rename", path: path, code: errno)
      }
    }
    return copyName(number)
  }

  /// The numbers of the files that were set aside and are still there, oldest first.
  static func copies(folder: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let prefix = copyName(nil)
    return names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }.sorted()
  }

  /// Deletes the oldest file that was set aside. Returns its name; nil where there is none.
  static func removeOldestCopy(folder: String) -> String? {
    guard let oldest = copies(folder: folder).first else { return nil }
    remove(folder, oldest)
    // One that cannot be deleted must not be tried for ever.
    return fileExists("\(folder)/\(copyName(oldest))") ? nil : copyName(oldest)
  }

  private static func remove(_ folder: String, _ number: Int) {
    for suffix in suffixes { unlink("\(folder)/\(copyName(number))\(suffix)") }
  }

  fileprivate static func copyName(_ number: Int?) -> String { "\(name).damaged-\(number.map(String.init) ?? "")" }
}

extension Journal {
  /// The alarms of files that were set aside by a process which died before it could tell. A new file has no other
  /// record of them.
  func forgottenAlarms(_ found: HighWaterMark.Found) -> [Event] {
    let told = untold.compactMap { $0.data["set_aside"] }
    return JournalFile.copies(folder: settings.folder).filter { $0 > found.mark?.filesAside ?? 0 }
      .map(JournalFile.copyName).filter { !told.contains(.text($0)) }.map { name in
        Event(
          at: time.now(), name: "journal-damaged", severity: .alarm,
          text: "the journal could not be used and was set aside before this start; a new one begins",
          data: ["set_aside": .text(name)])
      }
  }

  /// Makes room on the disk by deleting a file that was set aside; nil where there is none.
  func letCopyGo() -> Event? {
    guard let name = JournalFile.removeOldestCopy(folder: settings.folder) else { return nil }
    return Event(
      at: time.now(), name: "journal-copy-deleted", severity: .info,
      text: "the disk is full; a damaged file that had been set aside was deleted", data: ["file": .text(name)])
  }
}
