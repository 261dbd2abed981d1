// swift-tools-version: 6.2
import PackageDescription

// The module walls of Holdfast. What each target may import is written in CONTRIBUTING.md and
// checked by Tests/TidyTests; a wall is moved there and here together, or not at all.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nio = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { Target.Dependency.product(name: $0, package: "swift-nio") }
let hummingbird = ["Hummingbird", "HummingbirdCore"].map { Target.Dependency.product(name: $0, package: "hummingbird") }

let package = Package(
  name: "holdfast",
  products: [
    .executable(name: "holdfast", targets: ["holdfast"]),
    .executable(name: "holdfast-sim", targets: ["holdfast-sim"]),
    .executable(name: "holdfast-receiver", targets: ["holdfast-receiver"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.5.0"),
  ],
  targets: [
    // System libraries: a module map and a shim, nothing else.
    .systemLibrary(name: "CModbus", pkgConfig: "libmodbus", providers: [.apt(["libmodbus-dev"])]),
    .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

    // Pure: no clock, no file, no device.
    module("EnergyModel"),
    module("Forecasting", ["EnergyModel"]),
    module("EnergyDispatch", ["EnergyModel", "Forecasting"]),
    module("DeviceProfile", ["EnergyModel"]),
    module("MQTTDevices", ["EnergyModel", "DeviceProfile"]),
    module("Commissioning", ["EnergyModel", "DeviceProfile"]),

    // Adapters: each wraps one outside thing; they never import each other.
    module("Threads", ["EnergyModel"]),
    module("SiteConfig", ["EnergyModel", "DeviceProfile", "EnergyDispatch", yams]),
    module("ModbusDevices", ["EnergyModel", "DeviceProfile", "Threads", "CModbus"]),
    module("MQTTLink", ["EnergyModel", "Threads", "CMosquitto"]),
    module("Journal", ["EnergyModel", "Threads", grdb, "CSQLite", "CZstd"]),
    module("Uplink", ["EnergyModel"]),
    module("Gateway", ["EnergyModel", "EnergyDispatch", "Forecasting", "Threads", lifecycle, logging]),
    module("LocalAPI", ["EnergyModel", lifecycle, logging] + hummingbird + nio),

    module("SiteClient", nio),

    // The composition root.
    program(
      "holdfast",
      [
        "EnergyModel", "Forecasting", "EnergyDispatch", "DeviceProfile", "MQTTDevices", "Threads", "SiteConfig",
        "ModbusDevices", "MQTTLink", "Journal", "Uplink", "Gateway", "LocalAPI", "SiteClient", "SiteSimulation",
        "Commissioning",
        "SiteSimulator", "CSystemd", arguments, logging, lifecycle, signals,
      ]),

    // The bundled test bench.
    module("SiteSimulator", ["EnergyModel", "DeviceProfile"], path: "simulators/SiteSimulator"),
    // Control in a closed loop with that physics.
    module("SiteSimulation", ["EnergyModel", "EnergyDispatch", "Forecasting", "SiteSimulator"]),
    program(
      "holdfast-sim",
      ["SiteSimulator", "EnergyModel", "DeviceProfile", "SiteConfig", "Threads", "CMosquitto", arguments],
      path: "simulators/holdfast-sim"),

    // The example of a receiver, for integrators.
    module("Receiver", ["EnergyModel", "Threads", grdb, "CZstd"], path: "simulators/Receiver"),
    program(
      "holdfast-receiver", ["Receiver", "EnergyModel", "Threads", "MQTTLink", arguments, signals],
      path: "simulators/holdfast-receiver"),

    module("SiteStage", ["SiteClient", "TestKit"], path: "simulators/SiteStage"),
    module(
      "DrivenStage", ["EnergyModel", "Journal", "MQTTLink", "Uplink", "TestKit"], path: "simulators/DrivenStage"),
    module(
      "BusStage", ["EnergyModel", "DeviceProfile", "ModbusDevices", "Threads", "TestKit"], path: "simulators/BusStage"),
    // What a fuzzer feeds; the tests feed it what a fuzzer found.
    module(
      "Fuzzing",
      [
        "EnergyModel", "EnergyDispatch", "DeviceProfile", "MQTTDevices", "SiteConfig", "ModbusDevices", "Uplink",
        "SiteSimulator",
      ], path: "simulators/Fuzzing"),
    program(
      "holdfast-demo", ["SiteStage", "SiteClient", "TestKit", arguments], path: "simulators/holdfast-demo"),

    program(
      "holdfast-bench",
      [
        "SiteStage", "SiteClient", "DrivenStage", "BusStage", "Receiver", "TestKit", "ModbusDevices", "DeviceProfile",
        "EnergyModel", "EnergyDispatch", "SiteSimulation", "Journal", "MQTTLink", "MQTTDevices", "Gateway", "Uplink",
        arguments,
      ],
      path: "simulators/holdfast-bench"),

    // Shared by the tests: manual clocks, free ports, a broker of their own.
    .target(
      name: "TestKit", dependencies: ["EnergyModel", "Threads", "CFaultDisk"], path: "Tests/TestKit",
      swiftSettings: strict),
    // A disk for SQLite that counts, fails and loses power.
    .target(name: "CFaultDisk", path: "Tests/CFaultDisk", linkerSettings: [.linkedLibrary("sqlite3")]),

    tests("EnergyModelTests", ["TestKit", "EnergyModel"]),
    tests("ForecastingTests", ["TestKit", "Forecasting", "EnergyModel"]),
    tests("EnergyDispatchTests", ["TestKit", "EnergyDispatch", "EnergyModel", "Forecasting"]),
    tests("DeviceProfileTests", ["TestKit", "DeviceProfile", "EnergyModel"]),
    tests(
      "SiteConfigTests", ["TestKit", "SiteConfig", "EnergyModel", "DeviceProfile", "EnergyDispatch"],
      resources: [.copy("Cases")]),
    tests(
      "CommissioningTests",
      ["TestKit", "Commissioning", "EnergyModel", "DeviceProfile", "SiteConfig", "SiteSimulator"]),
    tests("FuzzingTests", ["Fuzzing", "EnergyModel", "EnergyDispatch", "DeviceProfile", "SiteConfig"]),
    tests("ThreadsTests", ["TestKit", "Threads"]),
    tests("ModbusDevicesTests", ["TestKit", "ModbusDevices", "EnergyModel", "DeviceProfile", "Threads", "CModbus"]),
    tests("MQTTLinkTests", ["TestKit", "MQTTLink", "EnergyModel", "Threads"]),
    tests("MQTTDevicesTests", ["TestKit", "MQTTDevices", "EnergyModel", "DeviceProfile"]),
    tests("JournalTests", ["TestKit", "Journal", "EnergyModel", "Threads", grdb]),
    tests("UplinkTests", ["TestKit", "Uplink", "EnergyModel"]),
    tests(
      "GatewayTests",
      [
        "TestKit", "Gateway", "Journal", "MQTTLink", "Uplink", "EnergyModel", "EnergyDispatch", "Forecasting",
        "Threads",
        logging,
      ]),
    tests("LocalAPITests", ["TestKit", "LocalAPI", "SiteClient", "EnergyModel", lifecycle, logging]),
    tests(
      "SiteSimulatorTests",
      [
        "TestKit", "SiteSimulator", "EnergyModel", "DeviceProfile", "SiteConfig", "MQTTDevices", "CModbus",
        "holdfast-sim",
      ]),
    tests("SiteSimulationTests", ["SiteSimulation", "SiteSimulator", "EnergyModel", "EnergyDispatch"]),
    tests("SiteClientTests", ["TestKit", "SiteClient"]),
    tests("ReceiverTests", ["TestKit", "Receiver", "EnergyModel", "Uplink", "Journal", grdb, "holdfast-receiver"]),
    tests("BusStageTests", ["BusStage"]),
    tests("SiteStageTests", ["TestKit", "SiteStage"]),
    tests("DrivenStageTests", ["TestKit", "DrivenStage", "EnergyModel"]),
    tests(
      "CommandLineTests",
      [
        "TestKit", "Journal", "EnergyModel", "EnergyDispatch", "DeviceProfile", "SiteConfig", "ModbusDevices",
        "holdfast",
        "holdfast-sim",
      ]),
    tests(
      "ScenarioTests",
      [
        "TestKit", "SiteStage", "SiteClient", "DrivenStage", "Receiver", "EnergyModel", "Journal", "Uplink", "CZstd",
        grdb,
      ]),
    tests("TidyTests", []),
  ]
)

// libFuzzer brings the `main` of this one, so that only `make fuzz` builds it.
if Context.environment["HOLDFAST_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "holdfast-fuzz", dependencies: ["Fuzzing"],
      path: "simulators/holdfast-fuzz",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
}
