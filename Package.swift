// swift-tools-version: 6.2
import PackageDescription

// CI sets VABUF_STRICT=1: warnings are errors there, while a program that depends on vabuf with a newer compiler
// is not broken by a new warning.
let strict = Context.environment["VABUF_STRICT"] == "1"

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let package = Package(
  name: "vabuf",
  products: [
    .library(name: "VABuf", targets: ["VABuf"]),
    .executable(name: "vabuf", targets: ["VABufCLI"]),
  ],
  traits: [
    .trait(name: "Player", description: "The window of `vabuf play`: needs SDL 2 and libplacebo."),
    .default(enabledTraits: ["Player"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // C libraries of the system. Only the owners above them (VAAPI, FFmpegMedia) import these.
    .systemLibrary(name: "CVA", path: "Modules/CVA", pkgConfig: "libva-drm", providers: [.apt(["libva-dev"])]),
    .systemLibrary(name: "CDRM", path: "Modules/CDRM", pkgConfig: "libdrm", providers: [.apt(["libdrm-dev"])]),
    .systemLibrary(
      name: "CAVUtil", path: "Modules/CAVUtil", pkgConfig: "libavutil", providers: [.apt(["libavutil-dev"])]),
    .systemLibrary(
      name: "CAVCodec", path: "Modules/CAVCodec", pkgConfig: "libavcodec", providers: [.apt(["libavcodec-dev"])]),
    .systemLibrary(
      name: "CAVFormat", path: "Modules/CAVFormat", pkgConfig: "libavformat", providers: [.apt(["libavformat-dev"])]),
    .systemLibrary(
      name: "CSWScale", path: "Modules/CSWScale", pkgConfig: "libswscale", providers: [.apt(["libswscale-dev"])]),
    .systemLibrary(name: "CSDL2", path: "Modules/CSDL2", providers: [.apt(["libsdl2-dev"])]),
    .systemLibrary(name: "CPlacebo", path: "Modules/CPlacebo", providers: [.apt(["libplacebo-dev"])]),
    .systemLibrary(name: "CEGL", path: "Modules/CEGL", pkgConfig: "egl", providers: [.apt(["libegl-dev"])]),
    .target(name: "CVABufShims", dependencies: ["CAVUtil", "CAVCodec", "CAVFormat"]),

    // Values.
    .target(name: "FrameModel", swiftSettings: settings),

    // Pure state machines: no C, no lock, no clock, no IO.
    .target(
      name: "BufferPolicy",
      dependencies: ["FrameModel", .product(name: "Collections", package: "swift-collections")],
      swiftSettings: settings),

    // Owners of C objects.
    .target(name: "VAAPI", dependencies: ["FrameModel", "CVA", "CDRM", "CVABufShims"], swiftSettings: settings),
    .target(
      name: "FFmpegMedia",
      dependencies: ["FrameModel", "CAVUtil", "CAVCodec", "CAVFormat", "CSWScale", "CVABufShims"],
      swiftSettings: settings),

    // The only place that joins VA-API and FFmpeg.
    .target(
      name: "Decoding",
      dependencies: [
        "FrameModel", "BufferPolicy", "FFmpegMedia", "VAAPI", "CVABufShims",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),

    // What users import.
    .target(
      name: "VABuf",
      dependencies: [
        "FrameModel", "BufferPolicy", "Decoding",
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "Collections", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),

    // The player: its rules, without C and without a clock; then the window, which only the trait `Player` builds.
    .target(name: "PlayerPolicy", dependencies: ["FrameModel"], swiftSettings: settings),
    .target(
      name: "VABufPlayer",
      dependencies: [
        "VABuf", "FrameModel", "PlayerPolicy", "CSDL2", "CPlacebo", "CEGL",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "VABufCLI",
      dependencies: [
        "VABuf", "PlayerPolicy",
        .target(name: "VABufPlayer", condition: .when(traits: ["Player"])),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),

    // Programs to read; they are no products.
    .executableTarget(
      name: "ProgramDecoder", dependencies: ["VABuf"], path: "Examples/ProgramDecoder", swiftSettings: settings),

    .executableTarget(
      name: "SharedSurfaces", dependencies: ["VABuf"], path: "Examples/SharedSurfaces", swiftSettings: settings),

    // Tests, and what they share. No product imports it.
    .target(name: "CTestProcess", path: "hwtests/TestProcess"),
    .target(
      name: "VABufTestKit",
      dependencies: [
        "FrameModel", "BufferPolicy", "FFmpegMedia", "VAAPI", "Decoding", "VABuf", "CTestProcess",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .testTarget(name: "FrameModelTests", dependencies: ["FrameModel"], swiftSettings: settings),
    .testTarget(
      name: "BufferPolicyTests", dependencies: ["BufferPolicy", "FrameModel", "VABufTestKit"], swiftSettings: settings),
    .testTarget(
      name: "FFmpegMediaTests", dependencies: ["FFmpegMedia", "FrameModel", "VABufTestKit"], swiftSettings: settings),
    .testTarget(
      name: "VAAPITests", dependencies: ["VAAPI", "FFmpegMedia", "FrameModel", "VABufTestKit", "CAVUtil"],
      swiftSettings: settings),
    .testTarget(
      name: "DecodingTests",
      dependencies: [
        "Decoding", "FFmpegMedia", "FrameModel", "VAAPI", "VABufTestKit",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .testTarget(name: "PlayerPolicyTests", dependencies: ["PlayerPolicy", "FrameModel"], swiftSettings: settings),
    .testTarget(name: "VABufTestKitTests", dependencies: ["VABufTestKit"], swiftSettings: settings),
    .testTarget(
      name: "VABufTests",
      dependencies: [
        "VABuf", "BufferPolicy", "FrameModel", "VABufTestKit", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "HWConformanceTests",
      dependencies: [
        "VABuf", "Decoding", "FFmpegMedia", "FrameModel", "VABufTestKit",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "hwtests/HWConformanceTests", swiftSettings: settings),
    .testTarget(
      name: "VABufCLITests", dependencies: ["VABufCLI", "VABuf", "VABufTestKit"], swiftSettings: settings),
  ]
)
