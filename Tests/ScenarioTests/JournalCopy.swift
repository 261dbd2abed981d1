import Foundation
import GRDB
import SiteStage

/// A copy of the journal's files, as a power cut would leave them, so that the agent's own are not touched.
final class JournalCopy {
  let database: DatabaseQueue
  private let folder: URL

  init(_ stage: SiteStage) throws {
    folder = stage.folder.appendingPathComponent("copy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let copy = folder.appendingPathComponent("j").path
    for suffix in ["", "-wal"] {
      let source = stage.database.path + suffix
      guard FileManager.default.fileExists(atPath: source) else { continue }
      try FileManager.default.copyItem(atPath: source, toPath: copy + suffix)
    }
    database = try DatabaseQueue(path: copy)
  }

  deinit {
    try? database.close()
    try? FileManager.default.removeItem(at: folder)
  }
}
