extension Bench {
  /// What became of an order, and what is wrong with the devices now.
  public struct OrderAnswer: Hashable, Sendable {
    public var order: String
    /// Nil where it was taken.
    public var refusal: String?
    public var active: [String]
  }

  /// Faults by time.
  public mutating func follow(_ script: FaultScript) throws(FaultScript.Malformed) {
    for line in script.lines {
      do throws(FaultOrder.Refusal) {
        self.script.append((line.second, try read(line.order), line.order))
      } catch {
        throw FaultScript.Malformed(line: line.number, reason: error.reason)
      }
    }
  }

  /// Carries out an order in words, or refuses it in words.
  public mutating func order(_ text: String) -> OrderAnswer {
    var answer = OrderAnswer(order: text, active: [])
    do throws(FaultOrder.Refusal) {
      carryOut(try read(text), text)
    } catch {
      answer.refusal = error.reason
    }
    answer.active = activeFaults
    return answer
  }

  /// The orders in force, in the order they came.
  public var activeFaults: [String] {
    units.values.flatMap { $0.faulty.faults }.sorted { $0.number < $1.number }.map(\.text)
  }

  func place(of name: String) -> Place? { units.first { $0.value.name == name }?.key }

  private func read(_ text: String) throws(FaultOrder.Refusal) -> FaultOrder {
    let order = try FaultOrder(text) { device, point in
      guard let place = place(of: device), let unit = units[place] else { return nil }
      return image(of: unit, number: place.unit).register(of: point)
    }
    guard place(of: order.device) != nil else {
      throw FaultOrder.Refusal("there is no device '\(order.device)'; there are \(names.joined(separator: ", "))")
    }
    let isMQTT = place(of: order.device)?.bus == Self.broker
    if let fault = order.fault, isMQTT ? !fault.isForMQTT : fault == .nonsense {
      throw FaultOrder.Refusal("\(order.device) is \(isMQTT ? "on MQTT" : "on Modbus"), where there is no such fault")
    }
    return order
  }

  mutating func carryOut(_ order: FaultOrder, _ text: String) {
    guard let place = place(of: order.device) else { return }
    guard let fault = order.fault else {
      units[place]?.faulty.heal()
      return
    }
    ordersTaken += 1
    let (seed, number) = (seed, ordersTaken)
    withImage(at: place) { image, faulty, now in
      faulty.add(ActiveFault(fault, order, text: text, before: image, now: now, seed: seed, number: number))
    }
  }
}
