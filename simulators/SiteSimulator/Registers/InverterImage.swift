/// The holding registers of the inverter: marker, models, end block. Points and offsets by the SunSpec
/// model definitions (github.com/sunspec/models, commit 7abdf898); what is not implemented carries its sentinel.
public struct InverterImage: Sendable {
  let identity: InverterIdentity
  let parameters: WorldParameters
  let truth: Truth
  let settings: InverterSettings

  public init(identity: InverterIdentity, parameters: WorldParameters, truth: Truth, settings: InverterSettings) {
    self.identity = identity
    self.parameters = parameters
    self.truth = truth
    self.settings = settings
  }

  /// From ``SunSpecChain/base`` on.
  public var registers: [UInt16] {
    var writer = RegisterWriter(capacity: SunSpecChain.length)
    writer.raw(0x5375, 0x6E53)
    for (id, length) in SunSpecChain.models {
      let end = writer.registers.count + 2 + length
      writer.raw(UInt16(id), UInt16(length))
      write(model: id, to: &writer)
      precondition(writer.registers.count == end, "model \(id) does not have its length")
    }
    writer.raw(0xFFFF, 0)
    return writer.registers
  }

  private func write(model: Int, to writer: inout RegisterWriter) {
    switch model {
    case 1: writeCommon(to: &writer)
    case 103: writeInverter(to: &writer)
    case 120: writeNameplate(to: &writer)
    case 121: writeBasicSettings(to: &writer)
    case 123: writeControls(to: &writer)
    case 124: writeStorage(to: &writer)
    case 160: writeTrackers(to: &writer)
    default: writeBattery(to: &writer)
    }
  }

  private func writeCommon(to writer: inout RegisterWriter) {
    writer.text(identity.maker, registers: 16)
    writer.text(identity.model, registers: 16)
    writer.text("", registers: 8)
    writer.text(identity.version, registers: 8)
    writer.text(identity.serial, registers: 16)
    writer.raw(1)
  }

  /// Powers are int16: above 32 kW they are told in tens of watts.
  var powerFactor: Int { max(parameters.inverter.rating, parameters.peak) > 32_000 ? 1 : 0 }
}
