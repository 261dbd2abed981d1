public import DeviceProfile

/// From files to a validated configuration, or to everything that is wrong with it. Nothing is half applied.
public enum ConfigurationLoader {
  /// Reads a site's configuration and the device profiles it names.
  ///
  /// Relative names of password files and certificates count from the configuration's folder.
  ///
  /// - Parameters:
  ///   - file: the path as people know it; problems repeat it.
  ///   - profileFolders: where profiles are looked for as `NAME.yaml`; an earlier folder wins.
  public static func load(
    file: String, profileFolders: [String]
  ) -> Result<SiteConfiguration, ConfigurationProblems> {
    let problems = ProblemList(file: file)
    guard let text = TextFile.read(file, problems: problems) else {
      return .failure(ConfigurationProblems(problems.sorted))
    }
    return load(text: text, name: file, profileFolders: profileFolders)
  }

  /// The same from a text.
  ///
  /// - Parameter name: stands for the file in problems, and its folder is where relative names count from.
  public static func load(
    text: String, name: String, profileFolders: [String]
  ) -> Result<SiteConfiguration, ConfigurationProblems> {
    load(text: text, name: name, library: ProfileLibrary(folders: profileFolders))
  }

  /// The same with profiles that were read before, and no others.
  public static func load(
    text: String, name: String, profiles: [DeviceProfile], mqttProfiles: [MQTTProfile]
  ) -> Result<SiteConfiguration, ConfigurationProblems> {
    load(text: text, name: name, library: ProfileLibrary(profiles, mqttProfiles))
  }

  private static func load(
    text: String, name: String, library: ProfileLibrary
  ) -> Result<SiteConfiguration, ConfigurationProblems> {
    let problems = ProblemList(file: name)
    let configuration = SiteReader.read(text, folder: folder(of: name), library: library, problems: problems)
    let found = problems.sorted + library.problems
    guard found.isEmpty, let configuration else { return .failure(ConfigurationProblems(found)) }
    return .success(configuration)
  }

  /// Where profiles are looked for unless somebody says otherwise: beside the configuration, then where
  /// the package installs its own.
  public static func defaultProfileFolders(for file: String) -> [String] {
    [folder(of: file) + "/devices", "/usr/share/holdfast/devices"]
  }

  /// One device profile.
  public static func loadProfile(file: String) -> Result<DeviceProfile, ConfigurationProblems> {
    result(ProfileLibrary.load(file))
  }

  /// The same from a text.
  ///
  /// - Parameter name: which the profile has to repeat, and by which problems call it.
  public static func loadProfile(text: String, name: String) -> Result<DeviceProfile, ConfigurationProblems> {
    result(ProfileLibrary.profile(text, name, ProblemList(file: name)))
  }

  private static func result<Profile>(
    _ read: (profile: Profile?, problems: [ConfigurationProblem])
  ) -> Result<Profile, ConfigurationProblems> {
    read.profile.map { .success($0) } ?? .failure(ConfigurationProblems(read.problems))
  }

  /// Every device profile in the folders, by name; an earlier folder wins. Those with something wrong are left out, and
  /// what it is told.
  public static func loadProfiles(folders: [String]) -> (profiles: [DeviceProfile], problems: [ConfigurationProblem]) {
    let library = ProfileLibrary(folders: folders)
    let profiles = library.names.compactMap { name in
      if case .found(let profile) = library.profile(name) { profile } else { nil }
    }
    return (profiles, library.problems)
  }

  /// The same of devices on MQTT.
  public static func loadMQTTProfiles(folders: [String]) -> (profiles: [MQTTProfile], problems: [ConfigurationProblem])
  {
    let library = ProfileLibrary(folders: folders)
    let profiles = library.mqttNames.compactMap { name in
      if case .found(let profile) = library.mqttProfile(name) { profile } else { nil }
    }
    return (profiles, library.problems)
  }

  /// One profile of a device on MQTT.
  public static func loadMQTTProfile(file: String) -> Result<MQTTProfile, ConfigurationProblems> {
    result(ProfileLibrary.loadMQTT(file))
  }

  /// The same from a text, as ``loadProfile(text:name:)``.
  public static func loadMQTTProfile(text: String, name: String) -> Result<MQTTProfile, ConfigurationProblems> {
    result(ProfileLibrary.mqttProfile(text, name, ProblemList(file: name)))
  }

  /// Whether a file holds a profile of a device on MQTT: those lie in a folder `mqtt`.
  public static func isMQTTProfile(file: String) -> Bool { ProfileLibrary.isMQTT(file) }

  private static func folder(of file: String) -> String {
    guard let slash = file.lastIndex(of: "/") else { return "." }
    return slash == file.startIndex ? "/" : String(file[..<slash])
  }
}
