extension DeviceProfile {
  /// Every register that the profile names.
  var addresses: [RegisterAddress] {
    let writes = commands.flatMap(\.writes)
    let beat = [heartbeat?.field].compactMap(\.self)
    var fields = points.flatMap(\.terms).flatMap(\.fields) + beat + writes.compactMap(\.unless?.field)
    for write in writes {
      if case .field(let shown) = write.readBack { fields.append(shown) }
      for case .parameter(_, let field, let percentOf, let atMost) in write.values {
        // The field's own address is ignored: its place follows from the write.
        fields += [percentOf, atMost].compactMap(\.self)
        if case .factor(let factor, _) = field.scale { fields.append(RegisterField(address: factor, type: .int16)) }
      }
    }
    let factors = fields.compactMap { field in
      if case .factor(let address, _) = field.scale { address } else { nil }
    }
    return fields.map(\.address) + factors + writes.map(\.start) + [serial?.address].compactMap(\.self)
  }
}

extension RegisterAddress {
  var sunSpecModels: [Int] { if case .sunSpec(let address) = self { address.models } else { [] } }
}
