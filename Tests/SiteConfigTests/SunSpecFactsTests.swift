import DeviceProfile
import EnergyModel
import Foundation
import SiteConfig
import Testing

/// Every SunSpec register that a shipped profile uses agrees with the SunSpec Alliance's own definitions,
/// where a copy of these is at hand (`SUNSPEC_MODELS`, or `shared/devices/sunspec/json` beside the repository).
@Suite(.enabled(if: SunSpecModels.folder != nil, "the SunSpec model definitions are not on this machine"))
struct SunSpecFactsTests {}
