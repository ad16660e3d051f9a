// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that programs that use vabuf do not resolve the benchmark library.
// It sees what they see: the public API.
let package = Package(
  name: "vabuf-benchmarks",
  dependencies: [
    .package(name: "vabuf", path: ".."),
    // No traits: its malloc counts need jemalloc. AllocationCounter counts instead.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .target(name: "AllocationCounter", path: "AllocationCounter"),
    .executableTarget(
      name: "ValueBenchmarks",
      dependencies: [
        .product(name: "VABuf", package: "vabuf"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/ValueBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    .executableTarget(
      name: "BufferBenchmarks",
      dependencies: [
        "AllocationCounter",
        .product(name: "VABuf", package: "vabuf"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/BufferBenchmarks",
      swiftSettings: [.swiftLanguageMode(.v6)],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ]
)
