public import DeviceProfile
import Foundation
import SiteConfig

/// What the project ships, which inputs are made of: a byte chooses among them, so their order matters.
public struct FuzzGround: Sendable {
  public struct Failure: Error, Hashable, Sendable {
    public let description: String
  }

  struct Text: Hashable, Sendable {
    /// Of the file, without its ending.
    var name: String
    var text: String
  }

  public let profiles: [DeviceProfile]
  let mqttProfiles: [MQTTProfile]
  let profileTexts: [Text]
  let mqttTexts: [Text]
  let siteTexts: [Text]

  /// - Parameter root: the folder of the project.
  public init(root: String) throws {
    let devices = root + "/config/devices"
    let (profiles, problems) = ConfigurationLoader.loadProfiles(folders: [devices])
    let (mqttProfiles, mqttProblems) = ConfigurationLoader.loadMQTTProfiles(folders: [devices])
    guard problems.isEmpty, mqttProblems.isEmpty, !profiles.isEmpty, !mqttProfiles.isEmpty else {
      throw Failure(description: "profiles in \(devices): \(problems + mqttProblems)")
    }
    self.profiles = profiles
    self.mqttProfiles = mqttProfiles
    func text(_ folder: String, _ name: String) throws -> Text {
      Text(name: name, text: try String(contentsOfFile: "\(folder)/\(name).yaml", encoding: .utf8))
    }
    profileTexts = try profiles.map { try text(devices, $0.name) }
    mqttTexts = try mqttProfiles.map { try text(devices + "/mqtt", $0.name) }
    siteTexts = [try text(root + "/config", "demo"), try text(root + "/Tests/Fuzz", "site")]
  }
}
