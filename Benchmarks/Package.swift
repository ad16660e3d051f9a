// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that programs that use vabuf do not resolve the benchmark library.
// It sees what they see: the public API.
let package = Package(
  name: "vabuf-benchmarks",
  dependencies: [
    .package(name: "vabuf", path: ".."),
    // No traits: its malloc counts need jemalloc.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "ValueBenchmarks",
      dependencies: [
        .product(name: "VABuf", package: "vabuf"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/ValueBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
