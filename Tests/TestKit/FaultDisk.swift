import CFaultDisk

/// A folder on a disk that counts what SQLite does to it, fails when it is told to, and loses power. How bad a
/// power cut may be is written in `CFaultDisk.h`.
///
/// A database in the folder is opened with ``query`` after the `?` of its `file:` address. Remove nothing while
/// a database is open.
public final class FaultDisk: Sendable {
  /// What a file is to SQLite; rollback journals are `other`.
  public enum File: UInt32, CaseIterable, Sendable { case database, log, other }

  public enum Operation: UInt32, CaseIterable, Sendable { case open, read, write, sync, truncate, delete }

  /// Where the power went.
  public struct Cut: Sendable {
    public var operation: Operation
    public var file: File
  }

  public static let query = "vfs=\(FAULT_DISK_VFS)"

  public let folder: String
  // Used from any thread: the other side has a lock of its own.
  private nonisolated(unsafe) let disk: OpaquePointer

  /// - Parameters:
  ///   - folder: exists; what it holds now is durable.
  ///   - remembersChanges: needed for power cuts; without, counting and faults take less memory.
  public init(folder: String, remembersChanges: Bool = true, seed: UInt64 = 0) {
    precondition(fault_disk_install(), "SQLite refuses another VFS")
    self.folder = folder
    disk = fault_disk_add(folder, remembersChanges, seed)
  }

  deinit { fault_disk_remove(disk) }

  /// How often, since the last reset. What was made to fail does not count.
  public func count(_ operation: Operation, _ file: File) -> UInt64 {
    fault_disk_count(disk, fault_disk_operation(operation.rawValue), fault_disk_file(file.rawValue))
  }

  /// Over all files, and for syncs the folder too.
  public func count(_ operation: Operation) -> UInt64 {
    let files = File.allCases.reduce(0) { $0 + count(operation, $1) }
    return operation == .sync ? files + fault_disk_folder_syncs(disk) : files
  }

  /// Bytes written.
  public func bytes(_ file: File) -> UInt64 { fault_disk_bytes(disk, fault_disk_file(file.rawValue)) }

  /// Operations that were made to fail, power cuts aside.
  public func faults(_ operation: Operation) -> UInt64 {
    fault_disk_faults(disk, fault_disk_operation(operation.rawValue))
  }

  public var faults: UInt64 { Operation.allCases.reduce(0) { $0 + faults($1) } }

  public func resetCounters() { fault_disk_reset_counters(disk) }

  /// Shows a plain file, at most 4 kB of it, in the image of a power cut.
  public func watch(_ name: String) { fault_disk_watch(disk, name) }

  /// Cuts the power at the `after`-th operation from now that changes something, 0 being at once, and writes
  /// into the folder `image`, which exists, what the disk may hold. From then on every operation fails.
  public func cutPower(after: Int = 0, image: String) { fault_disk_cut_power(disk, UInt64(after), image) }

  /// Takes back a cut that has not come yet.
  public func cancelCut() { fault_disk_cancel_cut(disk) }

  public var cut: Cut? {
    let cut = fault_disk_how_cut(disk)
    guard cut.is_cut, let operation = Operation(rawValue: cut.operation.rawValue),
      let file = File(rawValue: cut.file.rawValue)
    else { return nil }
    return Cut(operation: operation, file: file)
  }

  /// Lets operations fail.
  /// - Parameters:
  ///   - after: so many go well before.
  ///   - times: so many fail; nil means until ``heal()``.
  ///   - code: the result code of SQLite; nil takes the I/O error of the operation.
  public func fail(_ operations: Set<Operation>, after: Int = 0, times: Int? = nil, code: Int32? = nil) {
    let bits = operations.reduce(UInt32(0)) { $0 | 1 << $1.rawValue }
    fault_disk_fail(
      disk, fault_disk_fault(operations: bits, after: UInt64(after), times: UInt64(times ?? 0), code: code ?? 0))
  }

  public func heal() { fault_disk_heal(disk) }

  /// Breaks the disk's word, to show that a test notices: a sync leaves out one sector in eight.
  public func tearSyncs(_ tears: Bool = true) { fault_disk_tear_syncs(disk, tears) }
}
