@main struct HoldfastSim { static func main() {} }
