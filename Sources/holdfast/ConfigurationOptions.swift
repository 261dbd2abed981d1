import ArgumentParser
import Foundation
import SiteConfig

/// Where the configuration and the device profiles are; shared by the commands that read them.
struct ConfigurationOptions: ParsableArguments {
  @Argument(help: "The site's configuration.")
  var file = "/etc/holdfast/site.yaml"

  @Option(
    name: .customLong("profiles"),
    help: "A folder with device profiles; may be given several times. Searched before the usual places.")
  var folders: [String] = []

  /// Given folders first, then `devices` beside the configuration, then the packaged ones.
  var profileFolders: [String] { folders + ConfigurationLoader.defaultProfileFolders(for: file) }

  /// The configuration, or every problem on standard error and exit code 78 (EX_CONFIG).
  func load() throws -> SiteConfiguration {
    switch ConfigurationLoader.load(file: file, profileFolders: profileFolders) {
    case .success(let configuration): return configuration
    case .failure(let failure):
      complain(failure.description)
      throw ExitCode(78)
    }
  }
}

/// A line on standard error.
func complain(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8)) }
