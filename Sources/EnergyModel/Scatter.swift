/// Spreads small numbers over the buckets of a dictionary.
@usableFromInline enum Scatter {
  /// Multiplied with 2⁶⁴ / φ (Knuth, The Art of Computer Programming 3, 6.4), whose upper bits depend on all of `number`.
  @inlinable static func mix(_ number: Int, seed: Int) -> Int {
    let product = UInt64(bitPattern: Int64(number ^ seed)) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: product ^ (product >> 32))
  }
}
