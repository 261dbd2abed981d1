import EnergyModel

/// Registers that tell whether a SunSpec device is still laid out as it was found: ID and L of a model, or a number of
/// repetitions. They are read along with what is read of the model. A device whose models move while the connection
/// stands (some change them when their owner chooses another format) is neither believed nor written.
struct SunSpecLandmark: Hashable, Sendable {
  var span: RegisterSpan
  var model: SunSpecModel
  var expected: [UInt16]

  /// Of all models that the spans are in, for each pace at which these are read.
  static func all(of spans: [RegisterSpan], _ map: SunSpecMap?) -> [SunSpecLandmark] {
    guard let map else { return [] }
    let places = Set(spans.filter { $0.model != nil }.map { Place(model: $0.model, group: $0.group) })
    return places.flatMap { place in
      guard let model = map.models.first(where: { $0.address == place.model }) else { return [SunSpecLandmark]() }
      func landmark(_ start: Int, _ expected: [Int]) -> SunSpecLandmark {
        let span = RegisterSpan(
          space: .holding, start: start, count: expected.count, model: model.address, group: place.group)
        return SunSpecLandmark(
          span: span, model: model, expected: expected.map { UInt16(truncatingIfNeeded: $0) })
      }
      let counts = map.counts.filter { model.registers.contains($0.key) }
      return [landmark(model.address, [model.id, model.length])] + counts.map { landmark($0.key, [$0.value]) }
    }
  }

  private struct Place: Hashable {
    var model: Int?
    var group: Int
  }

  /// Nil where it could not be read.
  func stands(_ image: RegisterImage, _ position: BlockLayout.Position) -> Bool? {
    guard image.blocks[position.block] == .good else { return nil }
    return image.registers[position.offset..<position.offset + expected.count].elementsEqual(expected)
  }
}

/// Landmarks with their places in an image.
struct SunSpecLandmarks: Hashable, Sendable {
  private struct Located: Hashable, Sendable {
    var landmark: SunSpecLandmark
    var position: BlockLayout.Position
  }

  private let all: [Located]

  init(_ landmarks: [SunSpecLandmark], _ layout: BlockLayout) {
    all = landmarks.compactMap { landmark in
      layout.position(of: landmark.span).map { Located(landmark: landmark, position: $0) }
    }
  }

  /// The first that is known to have changed.
  func moved(in image: RegisterImage) -> SunSpecModel? {
    all.first { $0.landmark.stands(image, $0.position) == false }?.landmark.model
  }

  /// The first that is not known to stand.
  func unconfirmed(in image: RegisterImage) -> SunSpecModel? {
    all.first { $0.landmark.stands(image, $0.position) != true }?.landmark.model
  }
}

extension SunSpecModel {
  /// From ID on.
  var registers: Range<Int> { address..<address + 2 + length }
}
