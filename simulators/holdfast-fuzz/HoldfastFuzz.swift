import Foundation
import Fuzzing

/// libFuzzer as a library (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ feed: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Which target this run feeds, from the environment because the fuzzer takes all arguments.
private let target: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let target = FuzzTarget(rawValue: name) else { fatalError("FUZZ_TARGET is none: \(name)") }
  return target
}()

private let ground: FuzzGround = {
  do { return try FuzzGround(root: ProcessInfo.processInfo.environment["FUZZ_ROOT"] ?? ".") } catch {
    fatalError("\(error)")
  }
}()

@main
struct HoldfastFuzz {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      runFuzzer(&count, &arguments) { bytes, count in
        do {
          try target.feed(Array(UnsafeBufferPointer(start: bytes, count: count)), on: ground)
        } catch { fatalError("\(error)") }
        return 0
      })
  }
}
