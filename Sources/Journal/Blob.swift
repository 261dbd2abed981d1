import EnergyModel
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

// GRDB's own subscripts trap on a value of another type, which a damaged file may hold.
extension Row {
  func bytes(_ column: String) throws -> [UInt8] { [UInt8](try value(column, as: Data.self)) }

  func integer(_ column: String) throws -> Int64 { try value(column, as: Int64.self) }

  func text(_ column: String) throws -> String { try value(column, as: String.self) }

  /// A sequence number or a count: not negative, and far from the end of the integers.
  func number(_ column: String) throws -> UInt64 {
    try sequenceNumber(try integer(column), column)
  }

  /// The columns `first` and `last`.
  func range() throws -> SequenceRange {
    try sequenceRange(try number("first"), try number("last"))
  }

  private func sequenceNumber(_ number: Int64, _ column: @autoclosure () -> String) throws -> UInt64 {
    guard (0..<1 << 62).contains(number) else { throw JournalError.damaged("\(column()) is \(number)") }
    return UInt64(number)
  }

  private func sequenceRange(_ first: UInt64, _ last: UInt64) throws -> SequenceRange {
    guard 1 <= first, first <= last else { throw JournalError.damaged("a range from \(first) to \(last)") }
    return SequenceRange(first, last)
  }

  // By place, where many rows are read: looking for a column's name takes longer than reading it.

  func integer(at index: Int) throws -> Int64 {
    guard let found = Int64.fromDatabaseValue(self[index] as DatabaseValue) else {
      throw JournalError.damaged("column \(index) is no integer")
    }
    return found
  }

  func number(at index: Int) throws -> UInt64 { try sequenceNumber(try integer(at: index), "column \(index)") }

  func range(at first: Int, _ last: Int) throws -> SequenceRange {
    try sequenceRange(try number(at: first), try number(at: last))
  }

  func bytes(at index: Int) throws -> [UInt8] {
    guard let found = Data.fromDatabaseValue(self[index] as DatabaseValue) else {
      throw JournalError.damaged("column \(index) is no blob")
    }
    return [UInt8](found)
  }

  private func value<Value: DatabaseValueConvertible>(_ column: String, as type: Value.Type) throws -> Value {
    guard let found = Value.fromDatabaseValue(self[column] as DatabaseValue) else {
      throw JournalError.damaged("\(column) is no \(type)")
    }
    return found
  }
}

/// The same 64 bits as SQLite can keep them.
func signed(_ number: UInt64) -> Int64 { Int64(bitPattern: number) }
