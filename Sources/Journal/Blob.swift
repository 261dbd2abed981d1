import Foundation
import GRDB

// GRDB speaks of bytes as Foundation's Data; the rest of the journal does not need to.

extension Database {
  /// Runs a statement that is prepared once.
  func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}

func blob(_ bytes: [UInt8]) -> DatabaseValue { Data(bytes).databaseValue }

extension Row {
  func bytes(_ column: String) -> [UInt8] { [UInt8](self[column] as Data) }

  func unsigned(_ column: String) -> UInt64 { UInt64(bitPattern: self[column] as Int64) }
}

/// The same 64 bits as SQLite can keep them.
func signed(_ number: UInt64) -> Int64 { Int64(bitPattern: number) }
