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

  private enum State: Hashable, Sendable {
    case marker
    /// ID and L of the next model.
    case header(address: Int)
    /// The ID alone: some devices do not answer for the L of the end block.
    case identifier(address: Int)
    case found
    case failed(Failure)
  }

  private var state = State.marker
  private var baseIndex = 0
  /// Bases in a row that answered without a marker.
  private var misses = 0
  private var models: [SunSpecModel] = []

  public init() {}

  private var base: Int { Self.bases[baseIndex] }

  public var action: Action {
    switch state {
    case .marker: .read(address: base, count: 2)
    case .header(let address): .read(address: address, count: 2)
    case .identifier(let address): .read(address: address, count: 1)
    case .found: .found(SunSpecMap(base: base, models: models))
    case .failed(let failure): .failed(failure)
    }
  }

  public mutating func restart() { self = SunSpecDiscovery() }

  /// The registers that ``action`` asked for.
  public mutating func received(_ registers: [UInt16]) {
    switch state {
    case .marker:
      if registers == [0x5375, 0x6E53] { state = .header(address: base + 2) } else { tryNextBase() }
    case .header(let address):
      guard registers.count == 2 else { return refused() }
      take(id: Int(registers[0]), length: Int(registers[1]), at: address)
    case .identifier:
      // Anything else than the end marker without an L cannot be skipped: the chain ends here too.
      endChain()
    case .found, .failed: break
    }
  }

  /// The device answered with an exception.
  public mutating func refused() {
    switch state {
    case .marker: tryNextBase()
    case .header(let address): state = .identifier(address: address)
    case .identifier: endChain()
    case .found, .failed: break
    }
  }

  /// Nobody answered: the chain is walked again from its base, and a base that never answers is left
  /// for the next one, so that one attempt costs one timeout.
  public mutating func timedOut() {
    models = []
    if state == .marker {
      baseIndex = (baseIndex + 1) % Self.bases.count
      misses = 0
    } else {
      state = .marker
    }
  }

  private mutating func tryNextBase() {
    misses += 1
    if misses == Self.bases.count {
      state = .failed(.noMarker)
    } else {
      baseIndex = (baseIndex + 1) % Self.bases.count
    }
  }

  private mutating func take(id: Int, length: Int, at address: Int) {
    if id == 0xFFFF { return endChain() }
    if models.isEmpty, id != 1 || !(65...66).contains(length) {
      state = .failed(.noCommonModel(id: id, length: length))
    } else if length == 0 {
      state = .failed(.emptyModel(id: id, address: address))
    } else if address + 2 + length > 65535 {
      state = .failed(.beyondAddressSpace(id: id, address: address))
    } else if models.count == Self.maximumModels {
      state = .failed(.tooManyModels)
    } else {
      models.append(SunSpecModel(id: id, address: address, length: length))
      state = .header(address: address + 2 + length)
    }
  }

  private mutating func endChain() {
    state = models.isEmpty ? .failed(.noCommonModel(id: 0xFFFF, length: 0)) : .found
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
