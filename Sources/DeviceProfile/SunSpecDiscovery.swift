/// Finds the models of a SunSpec device (SunSpec Device Information Model, chain of ID and L) as a state
/// machine: ``action`` says what to read in holding space, the answer goes into ``received(_:)``,
/// ``refused()`` or ``timedOut()``.
public struct SunSpecDiscovery: Hashable, Sendable {
  public enum Action: Hashable, Sendable {
    case read(address: Int, count: Int)
    case found(SunSpecMap)
    /// The device answers, but not as SunSpec says. ``restart()`` begins anew.
    case failed(Failure)
  }

  public enum Failure: Error, Hashable, Sendable {
    /// "SunS" is at none of the addresses.
    case noMarker
    /// The first model is not the common model with L 65 or 66.
    case noCommonModel(id: Int, length: Int)
    case emptyModel(id: Int, address: Int)
    /// The chain leaves the address space.
    case beyondAddressSpace(id: Int, address: Int)
    case tooManyModels
  }

  /// Where the marker may be, in the order they are tried.
  public static let bases = [40000, 0, 50000]
  /// SunSpec defines 113 models; a longer chain is a loop of nonsense.
  public static let maximumModels = 128
  /// A register that answers nothing in so many walks in a row, while all before it answer, is not there: some devices
  /// are silent where the specification wants an end block.
  static let patience = 3

  private enum State: Hashable, Sendable {
    case marker
    /// ID and L of the next model.
    case header(address: Int)
    /// The ID alone: some devices do not answer for the L of the end block.
    case identifier(address: Int)
    /// The L alone, after the ID.
    case length(id: Int, address: Int)
    /// A register that counts repetitions, in `pending`.
    case count(Int)
    case found
    case failed(Failure)
  }

  /// By model id: offsets of the registers that count repeated groups.
  private let counting: [Int: Set<Int>]
  private var state = State.marker
  private var baseIndex = 0
  /// Bases in a row that answered without a marker.
  private var misses = 0
  private var models: [SunSpecModel] = []
  private var counts: [Int: Int] = [:]
  private var pending: [Int] = []
  /// How often in a row an address was silent.
  private var silences: [Int: Int] = [:]

  /// - Parameter counting: by model id, the offsets of the registers that count repeated groups, which are read as well.
  public init(counting: [Int: Set<Int>] = [:]) { self.counting = counting }

  private var base: Int { Self.bases[baseIndex] }

  public var action: Action {
    switch state {
    case .marker: .read(address: base, count: 2)
    case .header(let address): .read(address: address, count: 2)
    case .identifier(let address): .read(address: address, count: 1)
    case .length(_, let address): .read(address: address + 1, count: 1)
    case .count(let index): .read(address: pending[index], count: 1)
    case .found: .found(SunSpecMap(base: base, models: models, counts: counts))
    case .failed(let failure): .failed(failure)
    }
  }

  public mutating func restart() { self = SunSpecDiscovery(counting: counting) }

  /// The registers that ``action`` asked for.
  public mutating func received(_ registers: [UInt16]) {
    switch state {
    case .marker:
      if registers == [0x5375, 0x6E53] { approach(base + 2) } else { tryNextBase() }
    case .header(let address):
      guard registers.count == 2 else { return refused() }
      take(id: Int(registers[0]), length: Int(registers[1]), at: address)
    case .identifier(let address):
      guard registers.count == 1, registers[0] != 0xFFFF, address < 65535 else { return endChain() }
      state = .length(id: Int(registers[0]), address: address)
    case .length(let id, let address):
      guard registers.count == 1 else { return refused() }
      take(id: id, length: Int(registers[0]), at: address)
    case .count(let index):
      silences[pending[index]] = nil
      // The pattern for "not implemented" is no number.
      if registers.count == 1, registers[0] != 0xFFFF { counts[pending[index]] = Int(registers[0]) }
      nextCount(after: index)
    case .found, .failed: break
    }
  }

  /// The device answered with an exception.
  public mutating func refused() {
    switch state {
    case .marker: tryNextBase()
    case .header(let address): state = .identifier(address: address)
    // A model without an L cannot be skipped.
    case .identifier, .length: endChain()
    case .count(let index): nextCount(after: index)
    case .found, .failed: break
    }
  }

  /// Nobody answered: the chain is walked again from its base, and a base that never answers is left
  /// for the next one, so that one attempt costs one timeout.
  public mutating func timedOut() {
    switch state {
    case .found, .failed: return
    case .marker:
      baseIndex = (baseIndex + 1) % Self.bases.count
      misses = 0
    case .header(let address), .identifier(let address), .length(_, let address): silences[address, default: 0] += 1
    case .count(let index): silences[pending[index], default: 0] += 1
    }
    models = []
    counts = [:]
    state = .marker
  }

  private mutating func tryNextBase() {
    misses += 1
    if misses == Self.bases.count {
      state = .failed(.noMarker)
    } else {
      baseIndex = (baseIndex + 1) % Self.bases.count
    }
  }

  /// Goes on with the model at an address, carefully where that was silent before.
  private mutating func approach(_ address: Int) {
    if address > 65535 { return endChain() }
    let times = silences[address] ?? 0
    if times >= Self.patience { return endChain() }
    state = times > 0 || address == 65535 ? .identifier(address: address) : .header(address: address)
  }

  private mutating func take(id: Int, length: Int, at address: Int) {
    silences[address] = nil
    if id == 0xFFFF { return endChain() }
    if models.isEmpty, id != 1 || !(65...66).contains(length) {
      state = .failed(.noCommonModel(id: id, length: length))
    } else if length == 0 {
      state = .failed(.emptyModel(id: id, address: address))
    } else if address + 2 + length > 65536 {
      state = .failed(.beyondAddressSpace(id: id, address: address))
    } else if models.count == Self.maximumModels {
      state = .failed(.tooManyModels)
    } else {
      models.append(SunSpecModel(id: id, address: address, length: length))
      approach(address + 2 + length)
    }
  }

  private mutating func endChain() {
    guard !models.isEmpty else { return state = .failed(.noCommonModel(id: 0xFFFF, length: 0)) }
    pending = models.flatMap { model in
      (counting[model.id] ?? []).filter { (0..<model.length + 2).contains($0) }.sorted().map { model.address + $0 }
    }
    nextCount(after: -1)
  }

  private mutating func nextCount(after index: Int) {
    let next = pending.indices.first { $0 > index && (silences[pending[$0]] ?? 0) < Self.patience }
    state = next.map { .count($0) } ?? .found
  }
}

extension SunSpecDiscovery.Failure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noMarker: "no SunSpec marker at 40000, 0 or 50000"
    case .noCommonModel(let id, let length): "the SunSpec chain begins with model \(id) of length \(length)"
    case .emptyModel(let id, let address): "SunSpec model \(id) at \(address) has length 0"
    case .beyondAddressSpace(let id, let address): "SunSpec model \(id) at \(address) leaves the address space"
    case .tooManyModels: "the SunSpec chain has more than \(SunSpecDiscovery.maximumModels) models"
    }
  }
}
