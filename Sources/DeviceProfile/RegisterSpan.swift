/// Registers (or coils) next to each other that belong together, at an absolute address.
struct RegisterSpan: Hashable, Sendable {
  var space: RegisterSpace
  var start: Int
  var count: Int
  /// Address of the SunSpec model they are part of.
  var model: Int?
  /// What is read at another pace is never in one request with it.
  var group = 0

  var end: Int { start + count }
}

/// Turns a profile's addresses into absolute ones.
struct RegisterLocator: Sendable {
  var map: SunSpecMap?
  /// Of the spans that are located.
  var group = 0

  /// Nil where the device has no such register: the model is absent, or shorter than the definition.
  func locate(_ address: RegisterAddress, count: Int) -> RegisterSpan? {
    switch address {
    case .absolute(let space, let start):
      guard start >= 0, count > 0, start + count <= 65536 else { return nil }
      return RegisterSpan(space: space, start: start, count: count, model: nil, group: group)
    case .sunSpec(let address):
      guard let place = map?.start(of: address, count: count) else { return nil }
      return RegisterSpan(
        space: .holding, start: place.start, count: count, model: place.model.address, group: group)
    }
  }
}
