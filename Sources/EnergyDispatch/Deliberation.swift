import EnergyModel

/// What one control cycle came to, from which its decision can be told in words. Control runs far more often
/// than people look, so the words are put together only when somebody reads them. An object, because whoever hands an outcome
/// on would copy some dozens of references otherwise.
final class Deliberation: Sendable {
  /// The parameters in a box of their own: one reference instead of a dozen.
  final class Premises: Sendable {
    let site: SiteParameters
    init(_ site: SiteParameters) { self.site = site }
  }

  let premises: Premises
  let view: SiteView
  let resolutions: [Resolution]
  let wanted: [WantedLease]
  let isSafeState: Bool
  let isStarting: Bool
  let running: RunningLimits

  init(
    premises: Premises, view: SiteView, resolutions: [Resolution], wanted: [WantedLease], isSafeState: Bool,
    isStarting: Bool, running: RunningLimits
  ) {
    self.premises = premises
    self.view = view
    self.resolutions = resolutions
    self.wanted = wanted
    self.isSafeState = isSafeState
    self.isStarting = isStarting
    self.running = running
  }

  var decision: Decision {
    let winner = explanation.winner
    return Decision(
      at: view.now, sentence: explanation.sentence, wish: winner?.wish.purpose.description, rule: winner?.rule,
      bounds: explanation.bounds,
      setpoints: wanted.filter { !$0.isOpen }.flatMap { $0.setpoints(at: view.now.monotonic) },
      isSafeState: isSafeState)
  }

  var sentence: String { explanation.sentence }

  private var explanation: Explanation {
    Explanation(
      site: premises.site, view: view, resolutions: resolutions, isSafeState: isSafeState, isStarting: isStarting)
  }
}
